//! A line that could not be run, with its place in what was typed.

use std::fmt;
use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
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

/// The most characters of a line that are shown: with its number they fit 80 columns.
const SHOWN: usize = 68;
/// The most that are marked, and that stand before the mark.
const MARKED: usize = 40;

/// An expression's error, in the text that it stands in.
#[derive(Debug)]
pub(super) struct Mistake {
    error: ExpressionError,
    source: Excerpt,
    span: Range<usize>,
}

/// A text of which the line with the mistake is shown, as much of it as fits.
#[derive(Debug)]
struct Excerpt(Source);

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        if lines_before == 0 && lines_after == 0 {
            return self.0.read_span(span, 0, 0);
        }
        let text: &str = &self.0.text;
        let part = around(text, span.offset());
        let data = text.get(part.clone()).ok_or(MietteError::OutOfBounds)?;
        let position = self.0.position(part.start);
        Ok(Box::new(MietteSpanContents::new_named(
            self.0.file.display().to_string(),
            data.as_bytes(),
            (part.start, data.len()).into(),
            position.line - 1,
            position.column - 1,
            1,
        )))
    }
}

/// The part of the line around a place that is shown.
fn around(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    let rest = text.get(line..).unwrap_or_default().lines().next().unwrap_or_default();
    if rest.chars().count() <= SHOWN {
        return line..line + rest.len();
    }
    let ahead = before
        .get(line..)
        .unwrap_or_default()
        .char_indices()
        .rev()
        .nth(MARKED / 2);
    let start = ahead.map_or(line, |(index, _)| line + index);
    let shown = text.get(start..line + rest.len()).unwrap_or_default();
    start..start + shown.char_indices().nth(SHOWN).map_or(shown.len(), |(index, _)| index)
}

impl Mistake {
    /// `offset` is where the line begins in the source.
    pub(super) fn new(error: ExpressionError, source: Source, offset: usize) -> Mistake {
        let span = source.first_line(error.span.start + offset..error.span.end + offset);
        let marked = source.text.get(span.clone()).unwrap_or_default();
        let end = marked
            .char_indices()
            .nth(MARKED)
            .map_or(span.end, |(index, _)| span.start + index);
        Mistake {
            error,
            span: span.start..end,
            source: Excerpt(source),
        }
    }

    /// The mistake as one JSON object.
    pub(super) fn to_json(&self) -> Value {
        let position = self.source.0.position(self.span.start);
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
