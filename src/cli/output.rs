//! How results and messages are written.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use serde::Serialize;

use super::{CliError, Global};

/// How a result that a person reads can also be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DocumentFormat {
    Json,
    Yaml,
}

/// Writes text to stdout; a reader that went away, as `head` does, is no error.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(CliError::Other(format!("stdout cannot be written: {error}"))),
        Ok(()) => Ok(()),
    }
}

pub(super) fn print_document(document: &impl Serialize, format: DocumentFormat) -> Result<(), CliError> {
    print(&written(document, format)?)
}

/// A document as text, with a newline at its end.
pub(super) fn written(document: &impl Serialize, format: DocumentFormat) -> Result<String, CliError> {
    let unwritable = |error: String| CliError::Other(format!("the document cannot be written: {error}"));
    match format {
        DocumentFormat::Json => {
            let mut text = serde_json::to_string_pretty(document).map_err(|error| unwritable(error.to_string()))?;
            text.push('\n');
            Ok(text)
        }
        DocumentFormat::Yaml => serde_yaml::to_string(document).map_err(|error| unwritable(error.to_string())),
    }
}

/// A diagnostic with its source and caret, as wide as the terminal.
pub(super) fn rendered(diagnostic: &dyn Diagnostic, global: &Global) -> String {
    let theme = match (global.colored(), io::stderr().is_terminal()) {
        (true, _) => GraphicalTheme::unicode(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (false, false) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(terminal_width())
        .with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, diagnostic) {
        Ok(()) => text,
        Err(_) => diagnostic.to_string(),
    }
}

/// The columns of the terminal, 80 where there is none.
pub(super) fn terminal_width() -> usize {
    console::Term::stderr()
        .size_checked()
        .map_or(80, |(_, columns)| usize::from(columns).clamp(40, 120))
}

/// A duration as people read it: `1.24 s`, `35 ms`.
pub(super) fn seconds(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds >= 60.0 {
        let whole = duration.as_secs();
        return format!("{} min {:02} s", whole / 60, whole % 60);
    }
    if seconds >= 1.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{:.1} ms", seconds * 1000.0)
    }
}

/// `1 metric`, `2 metrics`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
