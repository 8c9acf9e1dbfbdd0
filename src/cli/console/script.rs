//! Lines that nobody types: of `-e`, and of stdin.

use std::io::BufRead;
use std::path::PathBuf;

use super::super::output::Format;
use super::super::setup::interrupt_on_signals;
use super::super::{CliError, exit};
use super::answer::{Answer, Reader, refuse, show};
use super::evaluate::Console;
use crate::definition::Source;
use crate::expression::is_open;
use crate::source::database::Interrupt;

/// Runs the expressions of `-e`, one after the other.
pub(super) async fn expressions(console: Console, expressions: Vec<String>, format: Format) -> Result<u8, CliError> {
    let mut script = Script::new(console, format);
    for text in expressions {
        script.seen.clear();
        script.seen.push_str(&text);
        if script.run("-e", 0).await?.is_break() {
            break;
        }
    }
    Ok(script.code)
}

/// Runs the lines of stdin as they come.
pub(super) async fn stdin(console: Console, format: Format) -> Result<u8, CliError> {
    let mut script = Script::new(console, format);
    let mut begin = 0;
    loop {
        let mut line = String::new();
        let read = tokio::task::block_in_place(|| std::io::stdin().lock().read_line(&mut line));
        let ended = match read {
            Ok(bytes) => bytes == 0,
            Err(error) => return Err(CliError::Other(format!("stdin cannot be read: {error}"))),
        };
        script.seen.push_str(&line);
        let open = is_open(script.seen.get(begin..).unwrap_or_default());
        if open && !ended {
            continue;
        }
        if script.run("stdin", begin).await?.is_break() || ended {
            return Ok(script.code);
        }
        begin = script.seen.len();
    }
}

struct Script {
    console: Console,
    format: Format,
    interrupt: Interrupt,
    /// All that was read, for the places of mistakes.
    seen: String,
    /// That of the first line that failed.
    code: u8,
}

impl Script {
    fn new(console: Console, format: Format) -> Script {
        Script {
            console,
            format,
            interrupt: interrupt_on_signals(),
            seen: String::new(),
            code: exit::DONE,
        }
    }

    /// Runs what was seen from `begin` on.
    async fn run(&mut self, name: &str, begin: usize) -> Result<std::ops::ControlFlow<()>, CliError> {
        let text = self.seen.get(begin..).unwrap_or_default().to_owned();
        let code = match self.console.answer(&text, &self.interrupt).await {
            Ok(Answer::Quit) => return Ok(std::ops::ControlFlow::Break(())),
            Ok(answer) => show(&answer, Reader::Script(self.format))?,
            Err(refusal) => {
                let source = Source::new(PathBuf::from(name), &self.seen);
                refuse(refusal, source, begin, self.format, &self.console.global)
            }
        };
        if self.code == exit::DONE {
            self.code = code;
        }
        Ok(match code {
            exit::INTERRUPTED => std::ops::ControlFlow::Break(()),
            _ => std::ops::ControlFlow::Continue(()),
        })
    }
}
