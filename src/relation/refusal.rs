//! Building refusals: a message, a line of help, a place.

use std::ops::Range;

use super::RelationError;

impl RelationError {
    /// A refusal with a message alone.
    pub(super) fn new(message: impl Into<String>) -> Self {
        RelationError {
            message: message.into(),
            help: None,
            span: None,
        }
    }

    /// With a line that says what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With the place in the text.
    pub(super) fn at(mut self, span: Option<Range<usize>>) -> Self {
        self.span = span;
        self
    }
}

/// The refusal of something that PostgreSQL can do and SQLite cannot.
pub(super) fn not_on_sqlite(what: impl std::fmt::Display) -> RelationError {
    RelationError::new(format!("{what} is not supported on SQLite"))
}

/// A piece of SQL in a sentence: its beginning, if it is long.
pub(super) fn excerpt(sql: impl std::fmt::Display) -> String {
    const LONGEST: usize = 80;
    let sql = sql.to_string();
    match sql.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", &sql[..end]),
        None => format!("`{sql}`"),
    }
}

/// Names in a sentence: `` `a`, `b` ``.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
