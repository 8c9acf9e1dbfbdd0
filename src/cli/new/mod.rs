//! `new`: files of metrics, events and aggregates that pass `validate`.

mod aggregate;
mod event;
mod metric;
mod prompt;
mod subject;
mod write;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::setup::load_config;
use super::{CliError, Global};
use crate::config::Config;
use crate::definition::{self, Catalog};

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A file for each key path; without one, a name from the query
    Metric(Box<metric::MetricArgs>),
    /// An event of the product, tracked with identifiers and properties
    Event(event::EventArgs),
    /// Several events, or estimates, counted as one
    Aggregate(aggregate::AggregateArgs),
}

/// What all of them take.
#[derive(Debug, Clone, Args)]
struct CommonArgs {
    /// The folder that holds metrics/ [default: `definitions` of the configuration]
    #[arg(long, value_name = "FOLDER")]
    definitions: Option<PathBuf>,
    /// What it says, in a sentence [default: made of what is counted]
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// Where a new file goes, and what is there already.
struct Place {
    root: PathBuf,
    /// The release that new definitions come with.
    milestone: Option<String>,
    catalog: Catalog,
}

pub(super) async fn run(global: &Global, args: NewArgs) -> Result<u8, CliError> {
    match args.what {
        What::Metric(args) => metric::run(global, *args),
        What::Event(args) => event::run(global, args),
        What::Aggregate(args) => aggregate::run(global, args),
    }
}

impl Place {
    fn of(global: &Global, args: &CommonArgs) -> Result<Place, CliError> {
        let config = load_config(global)?;
        let root = args.definitions.clone().unwrap_or_else(|| config.definitions.clone());
        let loaded = definition::load(&root)?;
        Ok(Place {
            milestone: milestone(&config),
            catalog: loaded.catalog,
            root,
        })
    }

    /// A folder of definitions: in GitLab's own tree it stands under `config/`.
    fn folder(&self, name: &str) -> String {
        let of_gitlab = format!("config/{name}");
        match !self.root.join("metrics").is_dir() && self.root.join(&of_gitlab).is_dir() {
            true => of_gitlab,
            false => name.to_owned(),
        }
    }
}

/// The product's version, as definitions write it: `13.10` of `13.10.4-ee`.
fn milestone(config: &Config) -> Option<String> {
    let mut numbers = config.instance.version.as_deref()?.split('.');
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
    let (major, minor) = (digits(numbers.next()?), digits(numbers.next()?));
    (!major.is_empty() && !minor.is_empty()).then(|| format!("{major}.{minor}"))
}
