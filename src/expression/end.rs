//! The ends of the range that batches run over.

use super::arguments::{column, integer, no_placeholder};
use super::error::ExpressionError;
use super::lex::{Kind, Token};
use super::parse::{Parsed, Reader};
use super::pieces::{parted, pieces, span_of};
use super::tree::End;
use crate::relation::{Query, Relation, RelationError};

/// A whole number, `minimum(table, column)`, or a query, in brackets or not.
pub(super) fn end(reader: Reader<'_>, tokens: &[Token]) -> Parsed<End> {
    let (text, span) = (reader.text_of(tokens), span_of(tokens));
    if let Ok(integer) = integer(text, &span) {
        return Ok(End::Integer(integer));
    }
    let first = tokens.first().map(|token| token.kind);
    match (first, text) {
        (Some(Kind::Symbol('(')), _) if parted_brackets(tokens) => {
            let inside = tokens.get(1..tokens.len() - 1).unwrap_or_default();
            if inside.is_empty() {
                return Err(ExpressionError::new(span, "a query is missing"));
            }
            reader.query(inside).map(End::Query)
        }
        (Some(Kind::Word), text) if text.starts_with("minimum") => extreme(reader, tokens, "MIN"),
        (Some(Kind::Word), text) if text.starts_with("maximum") => extreme(reader, tokens, "MAX"),
        (Some(Kind::Word), text) if text.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select")) => {
            reader.query(tokens).map(End::Query)
        }
        _ => Err(ExpressionError::new(span, "an end of the range is expected")
            .help("write a whole number, `minimum(users, id)`, `maximum(users, id)` or `(SELECT …)`")),
    }
}

/// Whether one pair of brackets stands around all tokens.
fn parted_brackets(tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    let closes = tokens.iter().position(|token| {
        match token.kind {
            Kind::Symbol('(' | '[' | '{') => depth += 1,
            Kind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    closes.is_some_and(|at| at + 1 == tokens.len())
}

/// `minimum(users)`, as GitLab's `User.minimum(:id)`.
fn extreme(reader: Reader<'_>, tokens: &[Token], function: &str) -> Parsed<End> {
    let (name, inside, after) = parted(tokens);
    let parts = pieces(inside);
    let known = ["minimum", "maximum"].contains(&reader.text_of(name)) && after.is_empty() && !inside.is_empty();
    if !known || parts.len() > 2 || parts.iter().any(|piece| piece.tokens.is_empty()) {
        let error = ExpressionError::new(span_of(tokens), "this is no end of a range");
        return Err(error.help("write `minimum(users)` or `maximum(users, id)`"));
    }
    let [table, columns @ ..] = parts.as_slice() else {
        return Err(ExpressionError::new(span_of(tokens), "a table is missing"));
    };
    let text = reader.text_of(table.tokens);
    let sql_error = |error: RelationError| ExpressionError::of_sql(error, table.place.clone(), 0);
    let relation = Relation::parse(text).map_err(sql_error)?;
    no_placeholder(&relation.placeholders(), text, &table.place)?;
    let name = match columns.first() {
        Some(piece) => column(&relation, reader.text_of(piece.tokens), &piece.place)?,
        None => "id".to_owned(),
    };
    let sql = format!("SELECT {function}({name}) FROM {text}");
    Query::parse(&sql).map_err(sql_error)?;
    Ok(End::Query(sql))
}
