//! `events unique`: how many different values over a range of days.

use chrono::{Days, NaiveDate};
use clap::Args;
use serde_json::{Value, json};

use super::super::message::note;
use super::super::output::{Format, print};
use super::super::setup::{DefinitionArgs, Setup};
use super::super::{CliError, Global, exit};
use super::{setup, store_of};
use crate::event::{UniqueCount, UniqueError, unique_events};
use crate::keyspace::{EventError, Period, UniqueQuestion};

#[derive(Debug, Args)]
pub(super) struct UniqueArgs {
    /// The events, counted together: of one slot, category and aggregation
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// The first day, such as 2026-11-01 [default: 28 days ago]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// The last day [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// The plan that they were tracked in [default: none]
    #[arg(long, value_name = "PLAN")]
    context: Option<String>,
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// What a range without a key counts (spec 6.4).
const NOTHING_TO_READ: i64 = -1;

pub(super) async fn run(global: &Global, args: UniqueArgs) -> Result<u8, CliError> {
    let setup = setup(global, &args.definitions)?;
    let names: Vec<&str> = args.names.iter().map(String::as_str).collect();
    let (value, says) = unique_count(&setup, &names, args.from, args.to, args.context.as_deref()).await?;
    match args.format {
        Format::Human => print(&format!("{value}\n"))?,
        Format::Json => {
            let document = unique_document(&value, says.as_ref());
            print(&format!("{document:#}\n"))?;
        }
    }
    Ok(exit::DONE)
}

/// The count over a range of days, as `events unique` gives it; without the count's details where nothing was read.
pub(in crate::cli) async fn unique_count(
    setup: &Setup,
    names: &[&str],
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    context: Option<&str>,
) -> Result<(Value, Option<UniqueCount>), CliError> {
    let end = to.unwrap_or(setup.now.date_naive());
    let question = UniqueQuestion {
        events: names,
        period: Period::new(from.unwrap_or_else(|| four_weeks_before(end)), end),
        context: context.unwrap_or_default(),
        any_category: false,
        identifier: None,
    };
    // A question that makes no sense is told without a store.
    match setup.keyspace.unique_keys(&question) {
        Err(EventError::NoPeriod { .. }) => {
            note("no whole week, or day of a daily event, lies in the range: nothing was read");
            return Ok((json!(NOTHING_TO_READ), None));
        }
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    let store = store_of(setup)?;
    let counted = unique_events(store.as_ref(), &setup.keyspace, &question).await;
    let counted = counted.map_err(|error| match error {
        UniqueError::Event(error) => CliError::from(error),
        UniqueError::Store(failure) => CliError::of_store(&setup.config, failure),
    })?;
    Ok((json!(counted.count), Some(counted)))
}

/// A count with its details, as one document.
pub(in crate::cli) fn unique_document(value: &Value, says: Option<&UniqueCount>) -> Value {
    json!({
        "value": value,
        "bound": says.map(|counted| counted.bound),
        "from": says.map(|counted| counted.window.from),
        "to": says.map(|counted| counted.window.to),
        "keys": says.map(|counted| counted.keys.clone()).unwrap_or_default(),
    })
}

fn four_weeks_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(28)).unwrap_or(day)
}
