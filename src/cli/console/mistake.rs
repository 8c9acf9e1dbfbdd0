//! A line that could not be run, with its place in what was typed.

use std::fmt;
use std::ops::Range;

use miette::{LabeledSpan, SourceCode};
use serde_json::{Value, json};

use super::super::CliError;
use crate::definition::Source;
use crate::expression::ExpressionError;

/// Why a line has no answer.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It cannot be understood, or names what is not there.
    Expression(ExpressionError),
    /// It could not be run.
    Cli(CliError),
}

impl From<ExpressionError> for Refusal {
    fn from(error: ExpressionError) -> Refusal {
        Refusal::Expression(error)
    }
}

impl From<CliError> for Refusal {
    fn from(error: CliError) -> Refusal {
        Refusal::Cli(error)
    }
}

/// An expression's error, in the text that it stands in.
#[derive(Debug)]
pub(super) struct Mistake {
    error: ExpressionError,
    source: Source,
    span: Range<usize>,
}

impl Mistake {
    /// `offset` is where the line begins in the source.
    pub(super) fn new(error: ExpressionError, source: Source, offset: usize) -> Mistake {
        let span = source.first_line(error.span.start + offset..error.span.end + offset);
        Mistake { error, source, span }
    }

    /// The mistake as one JSON object.
    pub(super) fn to_json(&self) -> Value {
        let position = self.source.position(self.span.start);
        json!({"error": {
            "message": self.error.message,
            "help": self.error.help,
            "line": position.line,
            "column": position.column,
            "span": [self.span.start, self.span.end],
        }})
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error.message)
    }
}

impl std::error::Error for Mistake {}

impl miette::Diagnostic for Mistake {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_primary_with_span(None, self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}
