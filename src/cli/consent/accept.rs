//! `consent accept`: metrics, as they read now.

use clap::Args;

use super::{AnswerArgs, patterns};
use crate::cli::consented::standing;
use crate::cli::message::note;
use crate::cli::output::counted;
use crate::cli::setup::Setup;
use crate::cli::{CliError, Global, exit};
use crate::report::{Stand, Standing, Subject};

#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = false, args = ["all", "category", "keys"])]
pub(super) struct AcceptArgs {
    #[command(flatten)]
    answer: AnswerArgs,
    /// Everything that may leave by the configuration
    #[arg(long)]
    all: bool,
    /// All metrics of a category; may be given several times
    #[arg(long, value_name = "NAME", value_parser = ["standard", "subscription", "operational", "optional"])]
    category: Vec<String>,
    /// Key paths, also as globs such as 'counts.*'
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// Only if all that may leave still has this digest, as consent show says it [default: accept what there is]
    #[arg(long, value_name = "DIGEST")]
    digest: Option<String>,
}

pub(super) async fn run(global: &Global, args: AcceptArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.answer.definitions)?;
    let state = setup.state().await?;
    let standing = standing(&setup, &state).await?;
    is_still(&standing, args.digest.as_deref())?;
    let wanted = wanted(&standing, &args)?;
    let of = |stand: Stand| wanted.iter().filter(|subject| subject.stand == stand).count();
    let (new, changed, as_before) = (of(Stand::New), of(Stand::Changed), of(Stand::Accepted));
    state
        .accept(
            &Standing::to_accept(wanted.iter().copied()),
            &standing.digest,
            &args.answer.answerer(),
        )
        .await?;
    state.close().await;
    note(&format!(
        "accepted {}: {new} new, {changed} changed, {as_before} as before",
        counted(wanted.len(), "metric")
    ));
    Ok(exit::DONE)
}

/// What was shown is what is accepted: between the two, definitions may have been replaced.
fn is_still(standing: &Standing, digest: Option<&str>) -> Result<(), CliError> {
    match digest {
        Some(digest) if digest != standing.digest => Err(CliError::ChangedSinceShown(standing.digest.clone())),
        _ => Ok(()),
    }
}

fn wanted<'a>(standing: &'a Standing, args: &AcceptArgs) -> Result<Vec<&'a Subject>, CliError> {
    let keys = patterns(&args.keys)?;
    let is_wanted =
        |subject: &&Subject| args.all || args.category.contains(&subject.category) || keys.is_match(&subject.key_path);
    let is_there = |subject: &&Subject| subject.stand != Stand::Gone;
    let wanted: Vec<&Subject> = standing.subjects.iter().filter(is_there).filter(is_wanted).collect();
    if wanted.is_empty() {
        let message = "no metric that may leave by the configuration is meant; consent show --format json lists them";
        return Err(CliError::Usage(message.to_owned()));
    }
    Ok(wanted)
}
