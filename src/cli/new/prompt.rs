//! Questions to a person at a terminal.

use std::io::{self, IsTerminal};

use crate::cli::CliError;
use crate::cli::message::{note, question};

/// Whether somebody is there to answer.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks until the answer passes `check`, which says what is wrong with it. An empty answer is the default.
pub(super) fn ask(
    text: &str,
    default: Option<&str>,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<String, CliError> {
    loop {
        match default {
            Some(default) => question(&format!("{text} [{default}]: ")),
            None => question(&format!("{text}: ")),
        }
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        if !matches!(read, Ok(length) if length > 0) {
            return Err(CliError::Usage("not all was answered: nothing was written".to_owned()));
        }
        let answer = match (line.trim(), default) {
            ("", Some(default)) => default,
            (answer, _) => answer,
        };
        match check(answer) {
            Ok(()) => return Ok(answer.to_owned()),
            Err(wrong) => note(&format!("  {wrong}")),
        }
    }
}

/// An answer that may be empty.
pub(super) fn ask_maybe(text: &str) -> Result<Option<String>, CliError> {
    let answer = ask(text, Some(""), |_| Ok(()))?;
    Ok(Some(answer).filter(|answer| !answer.is_empty()))
}

/// Any answer but none.
pub(super) fn something(answer: &str) -> Result<(), String> {
    match answer.is_empty() {
        true => Err("an answer is needed; Ctrl-C leaves without writing".to_owned()),
        false => Ok(()),
    }
}
