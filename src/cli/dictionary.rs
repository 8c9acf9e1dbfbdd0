//! `dictionary`: every metric as its readers look it up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::message::note;
use super::output::{DocumentFormat, counted, print, written};
use super::setup::{DefinitionArgs, OnlyArgs, Setup, globs};
use super::site::write_site;
use super::{CliError, Global, exit};
use crate::dictionary::{Dictionary, Sources, WRITTEN_FOR, markdown, site, yaml};
use crate::instrumentation::Context;
use crate::repository::{Change, changes};

#[derive(Debug, Args)]
#[command(after_help = "\
Statements are written for a run at 2026-01-01T00:00:00Z, unless --now names
another moment, so that a dictionary changes only where a definition does.")]
pub(super) struct DictionaryArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    #[command(flatten)]
    only: OnlyArgs,
    /// How it is written; html is a site in a folder of its own
    #[arg(long, value_enum, default_value_t = DictionaryFormat::Yaml)]
    format: DictionaryFormat,
    /// The file to write, or the folder of the site [default: stdout; html needs one]
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DictionaryFormat {
    Yaml,
    Markdown,
    Html,
}

pub(super) async fn run(global: &Global, args: DictionaryArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    if setup.loaded.catalog.metrics.is_empty() {
        return Err(CliError::NoDefinitions(setup.root));
    }
    let dictionary = made(&setup, global, &args.only)?;
    match (args.format, args.output) {
        (DictionaryFormat::Yaml, output) => write(&written(&yaml(&dictionary), DocumentFormat::Yaml)?, output)?,
        (DictionaryFormat::Markdown, output) => write(&markdown(&dictionary), output)?,
        (DictionaryFormat::Html, Some(folder)) => {
            write_site(&folder, &site(&dictionary))?;
            let metrics = counted(dictionary.metrics.len(), "metric");
            note(&format!("{metrics}: open {}", folder.join("index.html").display()));
        }
        (DictionaryFormat::Html, None) => {
            let message = "a site is a folder: name it with --output, as in --output site";
            return Err(CliError::Usage(message.to_owned()));
        }
    }
    Ok(exit::DONE)
}

pub(super) fn made(setup: &Setup, global: &Global, only: &OnlyArgs) -> Result<Dictionary, CliError> {
    let only = match only.only.as_slice() {
        [] => None,
        patterns => Some(globs(patterns)?),
    };
    let changes = commits(&setup.root);
    let dictionary = Dictionary::of(&Sources {
        context: Context {
            now: global.now.unwrap_or(WRITTEN_FOR),
            ..setup.context()
        },
        dialect: &|database| setup.dialect(database),
        changes: &changes,
        only: only.as_ref(),
    });
    if dictionary.metrics.is_empty() {
        let message = "--only matches no metric; dump sql shows the key paths";
        return Err(CliError::Usage(message.to_owned()));
    }
    Ok(dictionary)
}

/// The commits of the definitions' files; none, with a note, where no repository tells.
fn commits(root: &Path) -> BTreeMap<PathBuf, Vec<Change>> {
    changes(root).unwrap_or_else(|why| {
        note(&format!("without the history of the definitions: {why}"));
        BTreeMap::new()
    })
}

fn write(text: &str, output: Option<PathBuf>) -> Result<(), CliError> {
    let Some(path) = output else { return print(text) };
    std::fs::write(&path, text).map_err(|error| CliError::file(&path, error))?;
    note(&format!("wrote {}", path.display()));
    Ok(())
}
