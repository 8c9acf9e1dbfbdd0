//! `consent show`: where each category stands.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::consented::standing;
use crate::cli::message::note;
use crate::cli::output::{Format, counted, print};
use crate::cli::setup::{DefinitionArgs, Setup};
use crate::cli::{CliError, Global, exit};
use crate::config::ConsentMode;
use crate::report::{Stand, Standing};
use crate::source::facts::iso8601;
use crate::state::ConsentAnswer;

const STANDS: [Stand; 4] = [Stand::Accepted, Stand::New, Stand::Changed, Stand::Gone];
const CATEGORIES: [&str; 4] = ["standard", "subscription", "operational", "optional"];

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) async fn run(global: &Global, args: ShowArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    let state = setup.state().await?;
    let standing = standing(&setup, &state).await?;
    let last = state.consent_answers(1).await?.into_iter().next();
    state.close().await;
    let mode = setup.config.reporting.consent;
    match args.format {
        Format::Human => {
            print(&text(mode, &standing, last.as_ref()))?;
            next(mode, &standing);
        }
        Format::Json => print(&format!("{:#}\n", json(mode, &standing, last.as_ref())))?,
    }
    Ok(exit::DONE)
}

fn count(standing: &Standing, category: &str, stand: Stand) -> usize {
    let of_category = standing.standing(stand).filter(|subject| subject.category == category);
    of_category.count()
}

fn text(mode: ConsentMode, standing: &Standing, last: Option<&ConsentAnswer>) -> String {
    let heads = STANDS.map(Stand::as_str).map(|head| format!("{head:>10}")).concat();
    let mut text = format!("{:<14}{heads}\n", "category");
    for category in CATEGORIES {
        let counts = STANDS.map(|stand| format!("{:>10}", count(standing, category, stand)));
        text += &format!("{category:<14}{}\n", counts.concat());
    }
    text += &format!("\n{:<14}{}\n", "consent", says(mode));
    text += &format!("{:<14}{}\n", "digest", standing.digest);
    if let Some(last) = last {
        let metrics = counted(usize::try_from(last.metrics).unwrap_or_default(), "metric");
        let (at, by) = (iso8601(last.answered_at), &last.answered_by);
        text += &format!("{:<14}{metrics} {} by {by} at {at}\n", "last answer", last.answer);
    }
    text
}

fn says(mode: ConsentMode) -> &'static str {
    match mode {
        ConsentMode::Implicit => "implicit: what the configuration selects leaves without being accepted",
        ConsentMode::Explicit => "explicit: what was not accepted as it reads now stays here",
    }
}

fn next(mode: ConsentMode, standing: &Standing) {
    if mode == ConsentMode::Explicit && !standing.held_back().is_empty() {
        note("next: service-ping consent diff shows what is held back;");
        note(&format!(
            "service-ping consent accept --all --digest {} accepts just that",
            standing.digest
        ));
    }
}

fn json(mode: ConsentMode, standing: &Standing, last: Option<&ConsentAnswer>) -> Value {
    let counts = |category: &str| {
        let counts = STANDS.map(|stand| (stand.as_str().to_owned(), count(standing, category, stand).into()));
        Value::Object(counts.into_iter().collect())
    };
    let categories: Map<String, Value> = CATEGORIES
        .iter()
        .map(|category| ((*category).to_owned(), counts(category)))
        .collect();
    let metrics = standing.subjects.iter().map(|subject| {
        json!({
            "key_path": subject.key_path,
            "category": subject.category,
            "standing": subject.stand.as_str(),
            "accepted_at": subject.accepted.as_ref().map(|accepted| iso8601(accepted.accepted_at)),
            "accepted_by": subject.accepted.as_ref().map(|accepted| &accepted.accepted_by),
        })
    });
    json!({
        "consent": match mode {
            ConsentMode::Implicit => "implicit",
            ConsentMode::Explicit => "explicit",
        },
        "digest": standing.digest,
        "categories": categories,
        "last_answer": last.map(|last| json!({
            "answer": last.answer,
            "metrics": last.metrics,
            "by": last.answered_by,
            "at": iso8601(last.answered_at),
            "digest": last.set_digest,
        })),
        "metrics": metrics.collect::<Vec<Value>>(),
    })
}
