//! A line that cannot be understood.

use std::ops::Range;

use crate::relation::RelationError;

/// What is wrong with a line, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// A lower-case fragment that says what is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Byte offsets into the line.
    pub span: Range<usize>,
}

impl ExpressionError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> ExpressionError {
        ExpressionError {
            message: message.into(),
            help: None,
            span,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> ExpressionError {
        self.help = Some(help.into());
        self
    }

    /// An error of SQL that stands at `place` of the line; `leading` bytes of the SQL are not in the line.
    pub(super) fn of_sql(error: RelationError, place: Range<usize>, leading: usize) -> ExpressionError {
        let shifted = |offset: usize| (place.start + offset.saturating_sub(leading)).min(place.end);
        let span = error
            .span
            .map_or(place.clone(), |span| shifted(span.start)..shifted(span.end));
        ExpressionError {
            message: error.message,
            help: error.help,
            span,
        }
    }
}
