//! A problem of a definition: what is wrong, where, and what to do.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use serde_json::{Value, json};

use super::code::Code;
use super::source::{Position, Source};

/// Whether a problem keeps its definition out of the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// The definition is used; something about it deserves a look.
    Warning,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One problem of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub code: Code,
    /// A lower-case fragment that says what is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The file and the text that `span` points into.
    pub source: Source,
    /// Byte offsets into the source's text; within one line.
    pub span: Range<usize>,
    /// Where `span` starts: line and column count from 1, the column in characters.
    pub position: Position,
    /// Other places of the same problem: the first of two equal keys, the other file of a pair.
    pub also: Vec<Diagnostic>,
}

impl Diagnostic {
    pub fn new(
        severity: Severity,
        code: Code,
        source: &Source,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let span = source.first_line(span);
        Diagnostic {
            severity,
            code,
            message: message.into(),
            help: None,
            position: source.position(span.start),
            source: source.clone(),
            span,
            also: Vec::new(),
        }
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place of the same problem.
    pub fn with_also(mut self, other: Diagnostic) -> Self {
        self.also.push(other);
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub fn file(&self) -> &Path {
        &self.source.file
    }

    /// The problem as one JSON object: `severity code message help file line column span: [from, to] also: [..]`.
    pub fn to_json(&self) -> Value {
        json!({
            "severity": self.severity.as_str(),
            "code": self.code.as_str(),
            "message": self.message,
            "help": self.help,
            "file": slashed(&self.source.file),
            "line": self.position.line,
            "column": self.position.column,
            "span": [self.span.start, self.span.end],
            "also": self.also.iter().map(Diagnostic::to_json).collect::<Vec<_>>(),
        })
    }

    /// The problem as a GitHub workflow command, which puts it beside the line in a pull request.
    ///
    /// Source of the form and its escapes: GitHub's "Workflow commands for GitHub Actions".
    pub fn to_github(&self) -> String {
        let mut message = self.message.clone();
        if let Some(help) = &self.help {
            message = format!("{message}\nhelp: {help}");
        }
        format!(
            "::{} file={},line={},col={},title={}::{}",
            self.severity.as_str(),
            escape_property(&slashed(&self.source.file)),
            self.position.line,
            self.position.column,
            escape_property(self.code.as_str()),
            escape_data(&message),
        )
    }

    /// The problem for a person: file, line, column, the line itself with a caret, and the help.
    pub fn to_human(&self, color: bool, width: usize) -> String {
        let theme = if color {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width)
            .with_links(false)
            .with_context_lines(1);
        let mut text = String::new();
        match handler.render_report(&mut text, self) {
            Ok(()) => text,
            // A span that the renderer will not draw still leaves the sentence.
            Err(_) => format!("{}: {}\n", self.place(), self.message),
        }
    }

    /// `file:line:column`.
    pub fn place(&self) -> String {
        format!(
            "{}:{}:{}",
            slashed(&self.source.file),
            self.position.line,
            self.position.column
        )
    }

    /// The order in which problems are shown: by file, then by place.
    pub(super) fn sort_key(&self) -> (PathBuf, usize, Code) {
        (self.source.file.clone(), self.span.start, self.code)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

// By hand: thiserror takes a field of the name `source` for the error's cause.
impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let primary = LabeledSpan::new_primary_with_span(None, self.span.clone());
        let same_file = self.also.iter().filter(|other| other.source == self.source);
        let others = same_file.map(|other| LabeledSpan::new_with_span(Some(other.message.clone()), other.span.clone()));
        Some(Box::new(std::iter::once(primary).chain(others)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let elsewhere = self.also.iter().filter(|other| other.source != self.source);
        let mut elsewhere = elsewhere.map(|other| other as &dyn miette::Diagnostic).peekable();
        elsewhere.peek()?;
        Some(Box::new(elsewhere))
    }
}

/// Paths are shown with `/` everywhere, so that output does not depend on the machine.
fn slashed(path: &Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
        .replace("//", "/")
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}
