//! `console`: a prompt for expressions; `-e` and piped lines for scripts.

mod answer;
mod evaluate;
mod explain;
mod helper;
mod history;
mod mistake;
mod names;
mod script;
mod terminal;

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;

use super::output::Format;
use super::setup::{DefinitionArgs, Setup};
use super::{CliError, Global};
use evaluate::Console;

#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct ConsoleArgs {
    /// Run an expression and exit: its value as JSON on stdout, its statements on stderr; several times
    #[arg(short = 'e', long = "expression", value_name = "EXPR", allow_hyphen_values = true)]
    expressions: Vec<String>,
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// json gives one document a line, with the statements
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Where a prompt keeps its lines [default: service-ping/console_history under $XDG_STATE_HOME]
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
}

const NOTES: &str = "\
Without -e and without a terminal the lines of stdin are run, one after the
other; a line goes on while a bracket or quote is open. `help` at the prompt
shows the language.

Exit codes of -e and of piped lines, that of the first line that failed:
    0  every value is its own
    1  a value is a fallback, or something went wrong
    2  a line cannot be understood
  130  interrupted";

pub(super) async fn run(global: &Global, args: ConsoleArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    let console = Console::new(setup, global.clone());
    if !args.expressions.is_empty() {
        return script::expressions(console, args.expressions, args.format).await;
    }
    if std::io::stdin().is_terminal() {
        return terminal::run(console, args.format, args.history).await;
    }
    script::stdin(console, args.format).await
}
