//! `man`: the manual pages, made of what `--help` says.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::{Cli, CliError, exit, output};

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write a page for each verb into this folder [default: the program's own page, to stdout]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: ManArgs) -> Result<u8, CliError> {
    let program = Cli::command().disable_help_subcommand(true);
    match args.output {
        None => output::print(&page(program)?)?,
        Some(folder) => {
            std::fs::create_dir_all(&folder).map_err(|error| CliError::file(&folder, error))?;
            clap_mangen::generate_to(program, &folder).map_err(|error| CliError::file(&folder, error))?;
        }
    }
    Ok(exit::DONE)
}

fn page(command: Command) -> Result<String, CliError> {
    let mut page = Vec::new();
    let rendered = Man::new(command).render(&mut page);
    rendered.map_err(|error| CliError::Other(format!("the manual cannot be written: {error}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
