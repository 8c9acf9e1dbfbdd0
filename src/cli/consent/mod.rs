//! `consent`: what may leave by the operator's word, and how that changes.

mod accept;
mod diff;
mod revoke;
mod show;

use chrono::Utc;
use clap::{Args, Subcommand};

use super::setup::{DefinitionArgs, globs};
use super::{CliError, Global};
use crate::config::MetricGlobs;
use crate::state::Answerer;

#[derive(Debug, Args)]
pub(super) struct ConsentArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Where each category stands: accepted, new, changed, gone
    Show(show::ShowArgs),
    /// What is new, changed or gone since it was accepted
    Diff(diff::DiffArgs),
    /// Accept metrics as they read now
    Accept(accept::AcceptArgs),
    /// Take back what was accepted
    Revoke(revoke::RevokeArgs),
}

pub(super) async fn run(global: &Global, args: ConsentArgs) -> Result<u8, CliError> {
    match args.what {
        What::Show(args) => show::run(global, args).await,
        What::Diff(args) => diff::run(global, args).await,
        What::Accept(args) => accept::run(global, args).await,
        What::Revoke(args) => revoke::run(global, args).await,
    }
}

/// Options of the verbs that answer.
#[derive(Debug, Clone, Args)]
struct AnswerArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// Whose answer it is, for your own records [default: the user that runs this]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl AnswerArgs {
    /// Who answers, now. Answers go by the real clock, whatever instant a run takes for its own.
    fn answerer(&self) -> Answerer {
        let named = || {
            let of = |name: &str| std::env::var(name).ok().filter(|user| !user.is_empty());
            of("SUDO_USER").or_else(|| of("USER")).or_else(|| of("LOGNAME"))
        };
        Answerer {
            at: Utc::now(),
            by: self.by.clone().or_else(named).unwrap_or_else(|| "unknown".to_owned()),
        }
    }
}

/// Globs over key paths; a mistake in one names it.
fn patterns(patterns: &[String]) -> Result<MetricGlobs, CliError> {
    globs(patterns).map_err(|error| match error {
        CliError::Usage(message) => CliError::Usage(message.replace("--only: ", "")),
        other => other,
    })
}
