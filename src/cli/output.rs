//! How results are written.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::CliError;

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

/// The columns of the terminal, 80 where there is none.
pub(super) fn terminal_width() -> usize {
    console::Term::stderr()
        .size_checked()
        .map_or(80, |(_, columns)| usize::from(columns).clamp(40, 120))
}

/// Text broken between words so that no line is longer than `width`, as far as its words allow.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    filled(text.split(' '), width)
}

/// As [`wrapped`], but what stands in quotes is not broken, so that a statement stays the same.
pub(super) fn wrapped_sql(sql: &str, width: usize) -> String {
    filled(words(sql).into_iter(), width)
}

fn filled<'a>(words: impl Iterator<Item = &'a str>, width: usize) -> String {
    let (mut lines, mut length) = (String::new(), 0);
    for word in words {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += letters;
    }
    lines
}

/// Words, where what stands in quotes is one.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut begin, mut quote) = (Vec::new(), 0, None);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), character) if open == character => quote = None,
            (None, ' ') => {
                words.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    words.push(&text[begin..]);
    words
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

/// `1 metric`, `2 metrics`, `2 keys`, `2 classes`, `2 hashes`, `2 retries`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    let hisses = ["s", "sh", "ch", "x"].iter().any(|ending| noun.ends_with(ending));
    let stem = noun
        .strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match (number, stem) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) if hisses => format!("{number} {noun}es"),
        (_, None) => format!("{number} {noun}s"),
    }
}
