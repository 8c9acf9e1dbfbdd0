//! Rows as every format has them.

use chrono::{DateTime, Utc};

/// A column of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) holds: Holds,
}

/// What a column holds, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Integer,
    Number,
    Text,
    Instant,
    /// A JSON document, which is a text where the format is not JSON itself.
    Json,
}

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Integer(i64),
    Number(f64),
    Text(&'a str),
    Instant(DateTime<Utc>),
    Json(&'a str),
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: Option<&'a str>) -> Cell<'a> {
        text.map_or(Cell::Null, Cell::Text)
    }

    pub(super) fn number(number: Option<f64>) -> Cell<'a> {
        number.map_or(Cell::Null, Cell::Number)
    }
}

pub(super) const fn column(name: &'static str, holds: Holds) -> Column {
    Column { name, holds }
}
