//! The dictionary of metrics: what each measures, how, for whom and since when, as values that are rendered as YAML,
//! Markdown or a static site.
//!
//! Pure: everything it says comes from the catalog, from the measures that a run would plan, and from the commits that it
//! is handed. Nothing is measured.

mod aggregate;
mod class;
mod event;
mod field;
mod html;
mod markdown;
mod measured;
mod metric;
mod sql;
mod uses;
mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

pub use aggregate::AggregateEntry;
pub use class::ClassEntry;
pub use event::EventEntry;
pub use html::{Page, site};
pub use markdown::markdown;
pub use measured::Measured;
pub use metric::MetricEntry;
pub use yaml::yaml;

use crate::config::MetricGlobs;
use crate::instrumentation::Context;
use crate::relation::Dialect;
use crate::repository::Change;
use uses::Uses;

/// The moment that statements are written for, so that a dictionary changes only where a definition does:
/// 2026-01-01T00:00:00Z.
pub const WRITTEN_FOR: DateTime<Utc> = match DateTime::from_timestamp(1_767_225_600, 0) {
    Some(instant) => instant,
    None => DateTime::UNIX_EPOCH,
};

/// What a dictionary is made from.
pub struct Sources<'a> {
    /// The definitions, and the moment that statements are written for.
    pub context: Context<'a>,
    /// How a named database speaks.
    pub dialect: &'a dyn Fn(&str) -> Dialect,
    /// The commits that touched each file, by its name relative to the definitions' root.
    pub changes: &'a BTreeMap<PathBuf, Vec<Change>>,
    /// Only these metrics, if given; and of the rest what they use.
    pub only: Option<&'a MetricGlobs>,
}

/// All entries, each list in the catalog's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Dictionary {
    /// Removed ones too: their readers want to know what they were.
    pub metrics: Vec<MetricEntry>,
    pub events: Vec<EventEntry>,
    /// Those that the definitions declare.
    pub classes: Vec<ClassEntry>,
    pub aggregates: Vec<AggregateEntry>,
    pub written_for: DateTime<Utc>,
}

impl Dictionary {
    pub fn of(sources: &Sources<'_>) -> Dictionary {
        let catalog = sources.context.catalog;
        let is_wanted = |key: &str| sources.only.is_none_or(|only| only.is_match(key));
        let metrics: Vec<MetricEntry> = catalog
            .metrics
            .iter()
            .filter(|definition| is_wanted(definition.key_path.as_str()))
            .map(|definition| MetricEntry::of(definition, sources))
            .collect();
        let uses = Uses::of(&metrics);
        let whole = sources.only.is_none();
        Dictionary {
            events: event::entries(catalog, &uses, whole),
            classes: class::entries(catalog, &uses, whole),
            aggregates: aggregate::entries(catalog, &metrics, whole),
            metrics,
            written_for: sources.context.now,
        }
    }
}
