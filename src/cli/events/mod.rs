//! `events`: the tracking API from the shell.

mod copy;
mod list;
mod track;
mod unique;

pub(super) use track::{tracked_values, written};
pub(super) use unique::{unique_count, unique_document};

use std::sync::Arc;

use clap::{Args, Subcommand};

use super::setup::{DefinitionArgs, Setup};
use super::{CliError, Global};
use crate::source::event_store::EventStore;

#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Count an event: values once each, or an internal event with its identifiers and properties
    Track(track::TrackArgs),
    /// Raise a plain counter, such as source_code_pushes
    Increment(track::IncrementArgs),
    /// How many different values events were tracked with in a range of days
    Unique(unique::UniqueArgs),
    /// Every event that can be tracked, and how
    List(list::ListArgs),
    /// Take one store's events into another: nothing is lost, and a second time changes nothing
    Copy(copy::CopyArgs),
}

pub(super) async fn run(global: &Global, args: EventsArgs) -> Result<u8, CliError> {
    match args.what {
        What::Track(args) => track::track(global, args).await,
        What::Increment(args) => track::increment(global, args).await,
        What::Unique(args) => unique::run(global, args).await,
        What::List(args) => list::run(global, args),
        What::Copy(args) => copy::run(global, args).await,
    }
}

fn setup(global: &Global, definitions: &DefinitionArgs) -> Result<Setup, CliError> {
    Setup::load(global, definitions)
}

/// The store that events are counted in.
fn store_of(setup: &Setup) -> Result<Arc<dyn EventStore>, CliError> {
    setup.event_store()?.ok_or(CliError::NoEventStore)
}
