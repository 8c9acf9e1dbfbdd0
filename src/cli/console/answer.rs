//! What a line gave, and how it is written.

use serde_json::{Value, json};

use super::super::message::{self, note};
use super::super::output::{Format, print};
use super::super::trace::Trace;
use super::super::{CliError, Global, exit};
use super::mistake::{Mistake, Refusal};
use crate::definition::Source;

/// What a line gave.
pub(super) enum Answer {
    /// An empty line.
    Nothing,
    Quit,
    /// A value, and how it was read.
    Value {
        value: Value,
        trace: Box<Trace>,
    },
    /// Something to read.
    Text {
        human: String,
        json: Value,
    },
}

/// To whom answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Somebody who sits at a terminal.
    Person(Format),
    /// A script, which wants values alone on stdout.
    Script(Format),
}

impl Reader {
    fn format(self) -> Format {
        match self {
            Reader::Person(format) | Reader::Script(format) => format,
        }
    }
}

/// Writes an answer, and gives the exit code that it stands for.
pub(super) fn show(answer: &Answer, reader: Reader) -> Result<u8, CliError> {
    match answer {
        Answer::Nothing | Answer::Quit => {}
        Answer::Text { human, json } => match reader.format() {
            Format::Human => print(human)?,
            Format::Json => print(&format!("{json}\n"))?,
        },
        Answer::Value { value, trace } => {
            show_value(value, trace, reader)?;
            return Ok(if trace.is_well() { exit::DONE } else { exit::UNEXPECTED });
        }
    }
    Ok(exit::DONE)
}

fn show_value(value: &Value, trace: &Trace, reader: Reader) -> Result<(), CliError> {
    match reader {
        Reader::Person(Format::Human) => print(&format!("{}=> {value}\n{}", trace.statements(), trace.details())),
        Reader::Script(Format::Human) => {
            note(format!("{}{}", trace.statements(), trace.details()).trim_end());
            print(&format!("{value}\n"))
        }
        Reader::Person(Format::Json) | Reader::Script(Format::Json) => {
            let mut document = trace.to_json();
            if let Some(object) = document.as_object_mut() {
                object.insert("value".to_owned(), value.clone());
            }
            print(&format!("{document}\n"))
        }
    }
}

/// Says why a line has no answer, and gives the exit code that it stands for.
pub(super) fn refuse(refusal: Refusal, source: Source, offset: usize, format: Format, global: &Global) -> u8 {
    match refusal {
        Refusal::Expression(error) => {
            let mistake = Mistake::new(error, source, offset);
            match format {
                Format::Human => message::problem(&mistake, global),
                Format::Json => note(&mistake.to_json().to_string()),
            }
            exit::USAGE
        }
        Refusal::Cli(error) => {
            match format {
                Format::Human => message::error(&error, global),
                Format::Json => note(&json!({"error": {"message": error.to_string()}}).to_string()),
            }
            error.exit_code()
        }
    }
}
