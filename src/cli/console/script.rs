//! Lines that nobody types: of `-e`, and of stdin.

use std::io::BufRead;
use std::path::PathBuf;

use tokio::sync::mpsc::{Receiver, channel};

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
    let mut lines = lines_of_stdin();
    let mut begin = 0;
    loop {
        let mut interrupt = script.interrupt.clone();
        let line = tokio::select! {
            line = lines.recv() => line,
            () = interrupt.raised() => return Err(CliError::Interrupted),
        };
        let ended = line.is_none();
        let line = line.unwrap_or(Ok(String::new()));
        let line = line.map_err(|error| CliError::Other(format!("stdin cannot be read: {error}")))?;
        script.seen.push_str(&line);
        if !ended && is_open(script.seen.get(begin..).unwrap_or_default()) {
            continue;
        }
        if script.run("stdin", begin).await?.is_break() || ended {
            return Ok(script.code);
        }
        begin = script.seen.len();
    }
}

/// Lines with their ends, read by a thread of its own: a read that waits for a line would not hear of an interrupt.
fn lines_of_stdin() -> Receiver<std::io::Result<String>> {
    let (sender, lines) = channel(1);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        loop {
            let mut line = String::new();
            let read = match stdin.read_line(&mut line) {
                Ok(0) => return,
                read => read.map(|_| line),
            };
            let failed = read.is_err();
            if sender.blocking_send(read).is_err() || failed {
                return;
            }
        }
    });
    lines
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
