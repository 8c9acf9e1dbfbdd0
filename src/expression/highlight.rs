//! What the parts of a line are, for colours.

use std::ops::Range;

use super::STATEMENTS;
use super::lex::{self, Kind};
use super::tree::Operator;

/// What a part of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A word of this language or of SQL.
    Keyword,
    Text,
    Number,
    Comment,
    Plain,
}

/// SQL's words that relations and queries are written with.
pub(super) const SQL: [&str; 33] = [
    "WHERE", "GROUP", "BY", "JOIN", "LEFT", "INNER", "OUTER", "CROSS", "ON", "USING", "AND", "OR", "NOT", "IN", "IS",
    "NULL", "LIKE", "ILIKE", "BETWEEN", "EXISTS", "CASE", "WHEN", "THEN", "ELSE", "END", "AS", "DISTINCT", "TRUE",
    "FALSE", "SELECT", "FROM", "WITH", "INTERVAL",
];

/// A line in parts, which cover all of it.
pub fn highlight(text: &str) -> Vec<(Range<usize>, Style)> {
    let style = |kind: Kind, word: &str| match kind {
        Kind::Word if is_keyword(word) => Style::Keyword,
        Kind::Text => Style::Text,
        Kind::Number => Style::Number,
        Kind::Comment => Style::Comment,
        _ => Style::Plain,
    };
    let tokens = lex::tokens(text).tokens.into_iter();
    tokens
        .map(|token| {
            let word = text.get(token.span.clone()).unwrap_or_default();
            (token.span.clone(), style(token.kind, word))
        })
        .collect()
}

fn is_keyword(word: &str) -> bool {
    let own =
        Operator::of(word).is_some() || STATEMENTS.contains(&word) || ["add", "minimum", "maximum"].contains(&word);
    own || SQL.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}
