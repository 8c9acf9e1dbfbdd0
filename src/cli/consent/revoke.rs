//! `consent revoke`: what was accepted stays here again.

use clap::Args;

use super::{AnswerArgs, patterns};
use crate::cli::message::note;
use crate::cli::output::counted;
use crate::cli::setup::load_config;
use crate::cli::{CliError, Global, exit};
use crate::config::ConsentMode;
use crate::state::StateStore;

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    #[command(flatten)]
    answer: AnswerArgs,
    /// Key paths, also as globs such as 'counts.*'; '*' takes back everything
    #[arg(value_name = "GLOB", required = true)]
    keys: Vec<String>,
}

/// Definitions are not read: what is wrong with them keeps nobody from saying no.
pub(super) async fn run(global: &Global, args: RevokeArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    let keys = patterns(&args.keys)?;
    let state = StateStore::open(config.state.url.expose()).await?;
    let acceptances = state.acceptances().await?;
    let accepted = acceptances.len();
    let revoked: Vec<String> = acceptances
        .into_iter()
        .map(|acceptance| acceptance.key_path)
        .filter(|key_path| keys.is_match(key_path))
        .collect();
    if revoked.is_empty() {
        return Err(CliError::Usage(
            "nothing that was accepted has such a key path".to_owned(),
        ));
    }
    state.revoke(&revoked, &args.answer.answerer()).await?;
    state.close().await;
    note(&format!("revoked {}", counted(revoked.len(), "metric")));
    if config.reporting.product.single_user.is_some() && revoked.len() == accepted {
        note("nothing leaves while this instance has one user only, an administrator, and no licence");
    } else if config.reporting.consent == ConsentMode::Implicit {
        note("reporting.consent is \"implicit\": they leave all the same, unless disabled_metrics names them");
    }
    Ok(exit::DONE)
}
