//! The prompt.

use std::path::PathBuf;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};

use super::super::message::note;
use super::super::output::Format;
use super::super::{CliError, exit};
use super::answer::{Answer, Reader, refuse, show};
use super::evaluate::Console;
use super::helper::ConsoleHelper;
use super::mistake::Refusal;
use super::{history, names};
use crate::definition::Source;
use crate::source::database::{Interrupt, Stop};

const PROMPT: &str = "service-ping> ";

pub(super) async fn run(mut console: Console, format: Format, given: Option<PathBuf>) -> Result<u8, CliError> {
    let names = names::gather(&console.setup);
    let mut editor = editor(ConsoleHelper {
        names: names.clone(),
        colored: console.global.colored(),
    })?;
    let file = history::file(given);
    file.iter().for_each(|file| history::load(&mut editor, file));
    // The editor sets a handler of its own while a line is typed, and then puts back what was there before: that must be
    // ours from the first line on, or Ctrl-C would end the program.
    #[cfg(unix)]
    let _ours = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    note("count(users) counts, Tab completes, help explains, Ctrl-D quits");
    loop {
        let line = match tokio::task::block_in_place(|| editor.readline(PROMPT)) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(exit::DONE),
            Err(error) => return Err(CliError::Other(format!("the terminal cannot be read: {error}"))),
        };
        if !line.trim().is_empty() {
            history::add(&mut editor, file.as_deref(), &line);
        }
        match interruptible(&mut console, &line).await {
            Ok(Answer::Quit) => return Ok(exit::DONE),
            Ok(answer) => drop(show(&answer, Reader::Person(format))?),
            Err(Refusal::Cli(CliError::Interrupted)) => note("cancelled"),
            Err(refusal) => {
                let source = Source::new(PathBuf::from("console"), &line);
                refuse(refusal, source, 0, format, &console.global);
            }
        }
        if let Ok(mut bound) = names.bound.lock() {
            *bound = console.bindings.keys().cloned().collect();
        }
    }
}

fn editor(helper: ConsoleHelper) -> Result<Editor<ConsoleHelper, FileHistory>, CliError> {
    let unusable = |error: ReadlineError| CliError::Other(format!("the terminal cannot be used: {error}"));
    let colors = if helper.colored {
        ColorMode::Enabled
    } else {
        ColorMode::Disabled
    };
    let config = Config::builder()
        .max_history_size(history::MOST)
        .map_err(unusable)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .color_mode(colors)
        .build();
    let mut editor = Editor::with_config(config).map_err(unusable)?;
    editor.set_helper(Some(helper));
    Ok(editor)
}

/// Runs a line; Ctrl-C cancels what it has running on servers, and no more.
async fn interruptible(console: &mut Console, line: &str) -> Result<Answer, Refusal> {
    let (switch, interrupt) = Interrupt::channel();
    let answer = console.answer(line, &interrupt);
    tokio::pin!(answer);
    loop {
        tokio::select! {
            answer = &mut answer => return answer,
            _ = tokio::signal::ctrl_c() => {
                note("interrupted: cancelling what runs");
                switch.throw(Stop::Asked);
            }
        }
    }
}
