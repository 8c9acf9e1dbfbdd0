//! What may stand where the cursor is.

use super::highlight::SQL;
use super::lex::{self, Kind, Token};
use super::pieces::{Piece, pieces};
use super::tree::Operator;
use super::{ARGUMENTS, STATEMENTS, TOPICS};

/// A kind of name that the language itself does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Key paths, classes, bound names.
    Metric,
    Event,
    Table,
    /// Columns of the tables that the line names.
    Column,
}

/// What completes a line at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins that is being typed.
    pub start: usize,
    /// Words of the language that fit.
    pub words: Vec<String>,
    /// Other names that fit.
    pub wanted: Vec<Wanted>,
}

/// What may complete the word that ends at `position`.
pub fn completion(text: &str, position: usize) -> Completion {
    let before = text.get(..position).unwrap_or(text);
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let start = before
        .rfind(|c: char| !belongs(c))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let typed = &before[start..];
    let lexed = lex::tokens(&before[..start]);
    let none = Completion {
        start,
        words: Vec::new(),
        wanted: Vec::new(),
    };
    if lexed.unclosed.is_some() {
        return none;
    }
    let tokens: Vec<Token> = lexed
        .tokens
        .into_iter()
        .filter(|token| !matches!(token.kind, Kind::Space | Kind::Comment))
        .collect();
    let (words, wanted) = Place { text, tokens: &tokens }.fits();
    let fits = |word: &String| word.len() > typed.len() && word.to_lowercase().starts_with(&typed.to_lowercase());
    Completion {
        words: words.into_iter().filter(fits).collect(),
        wanted,
        ..none
    }
}

type Fits = (Vec<String>, Vec<Wanted>);

/// The tokens before the word that is being typed.
struct Place<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl Place<'_> {
    fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| self.text_of(token))
    }

    fn text_of(&self, token: &Token) -> &str {
        self.text.get(token.span.clone()).unwrap_or_default()
    }

    fn fits(&self) -> Fits {
        if let Some(open) = self.innermost() {
            return self.in_brackets(open);
        }
        let first = self.word(0);
        match (self.tokens.len(), first) {
            (0, _) => expression(STATEMENTS.iter().map(|word| format!("{word} "))),
            (1, "metric") => (Vec::new(), vec![Wanted::Metric]),
            (1, "columns") => (Vec::new(), vec![Wanted::Table]),
            (1, "help") => (TOPICS.map(str::to_owned).to_vec(), Vec::new()),
            (1, "sql" | "explain") => expression(["SELECT ".to_owned()].into_iter()),
            (1, "track") | (_, "unique_events") => (Vec::new(), vec![Wanted::Event]),
            (_, "metric") => (vec!["time_frame: ".to_owned()], Vec::new()),
            (2, _) if self.word(1) == "=" => expression(std::iter::empty()),
            _ if self.is_query() => self.in_sql(),
            _ => (Vec::new(), Vec::new()),
        }
    }

    fn is_query(&self) -> bool {
        let select = |word: &str| word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with");
        select(self.word(0)) || select(self.word(1))
    }

    /// The bracket that the cursor is in.
    fn innermost(&self) -> Option<usize> {
        let mut open = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            match token.kind {
                Kind::Symbol('(' | '[' | '{') => open.push(index),
                Kind::Symbol(')' | ']' | '}') => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.pop()
    }

    fn in_brackets(&self, open: usize) -> Fits {
        let name = open.checked_sub(1).map_or("", |before| self.word(before));
        let inside = self.tokens.get(open + 1..).unwrap_or_default();
        let pieces = pieces(inside);
        let typed = pieces.last().map(|piece: &Piece<'_>| piece.tokens).unwrap_or_default();
        match (name, pieces.len(), typed.is_empty()) {
            ("add", _, _) => expression(std::iter::empty()),
            ("minimum" | "maximum", 1, true) => (Vec::new(), vec![Wanted::Table]),
            ("minimum" | "maximum", _, _) => (Vec::new(), vec![Wanted::Column]),
            (operator, 1, true) if Operator::of(operator).is_some() => (Vec::new(), vec![Wanted::Table]),
            (operator, 2.., true) if Operator::of(operator).is_some() => {
                let words = ARGUMENTS.iter().map(|name| format!("{name}: "));
                let words = words.chain(["minimum(".to_owned(), "maximum(".to_owned()]);
                (words.collect(), vec![Wanted::Column])
            }
            _ => match self.after_argument(typed) {
                Some(fits) => fits,
                None => self.in_sql(),
            },
        }
    }

    /// What fits after `time_frame:` and its like.
    fn after_argument(&self, typed: &[Token]) -> Option<Fits> {
        let [name, colon] = typed else { return None };
        if colon.kind != Kind::Symbol(':') {
            return None;
        }
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Some(match self.text_of(name) {
            "time_frame" => (words(&["7d", "28d", "all", "none"]), Vec::new()),
            "start" | "finish" => (words(&["minimum(", "maximum("]), Vec::new()),
            "column" | "timestamp_column" => (Vec::new(), vec![Wanted::Column]),
            _ => (Vec::new(), Vec::new()),
        })
    }

    fn in_sql(&self) -> Fits {
        let last = self.tokens.last().map_or("", |token| self.text_of(token));
        if ["from", "join"].iter().any(|word| last.eq_ignore_ascii_case(word)) {
            return (Vec::new(), vec![Wanted::Table]);
        }
        (SQL.map(|word| format!("{word} ")).to_vec(), vec![Wanted::Column])
    }
}

/// Whatever an expression may begin with.
fn expression(more: impl Iterator<Item = String>) -> Fits {
    let operators = Operator::ALL.map(|operator| format!("{}(", operator.as_str()));
    let words = operators.into_iter().chain(["add(".to_owned()]).chain(more);
    (words.collect(), vec![Wanted::Metric])
}
