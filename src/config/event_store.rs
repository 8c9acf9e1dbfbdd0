//! `[event_store]`.

use std::path::Path;

use super::load::required_url;
use super::section::Section;
use super::types::{Config, EventStore};
use super::url::{Url, UrlError};
use crate::definition::KeyFormat;

const EVENT_STORE: [&str; 10] = [
    "embedded",
    "sqlite",
    "redis",
    "rediss",
    "redis+unix",
    "unix",
    "redis-cluster",
    "rediss-cluster",
    "redis-sentinel",
    "rediss-sentinel",
];

/// `embedded` is this file beside the configuration.
const EMBEDDED: &str = "embedded";
const EMBEDDED_FILE: &str = "sqlite://service-ping-events.db";

/// Reads the section.
pub(super) fn event_store(mut section: Section<'_>) -> Option<EventStore> {
    let url = required_url(&mut section, &EVENT_STORE);
    let ca_file = section.path("ca_file");
    let timeout = section.duration("timeout");
    let key_format = key_format(&mut section);
    let hll_key_overrides = section.path("hll_key_overrides");
    let total_key_overrides = section.path("total_key_overrides");
    let legacy_events = section.path("legacy_events");
    let categories = section.strings("categories_for_totals");
    let folder = section.reader.folder;
    section.finish();
    let defaults = EventStore::at(event_store_file(url?, folder));
    Some(EventStore {
        ca_file,
        timeout: timeout.unwrap_or(defaults.timeout),
        key_format: key_format.unwrap_or(defaults.key_format),
        hll_key_overrides,
        total_key_overrides,
        legacy_events,
        categories_for_totals: categories.map_or(defaults.categories_for_totals, |categories| {
            categories.into_iter().map(|(_, name)| name).collect()
        }),
        url: defaults.url,
    })
}

/// `embedded` is a file beside the configuration; any other address stays as it is.
fn event_store_file(url: Url, folder: &Path) -> Url {
    if url.expose() != EMBEDDED {
        return url;
    }
    match Url::parse(EMBEDDED_FILE, &EVENT_STORE) {
        Ok(file) => file.resolved_from(folder),
        Err(_) => url,
    }
}

impl Config {
    /// Reads the address of an event store that stands elsewhere than in the file; relative paths start at the file's
    /// folder, as they do there.
    ///
    /// # Errors
    /// The text is no such address.
    pub fn event_store_url(&self, text: &str) -> Result<Url, UrlError> {
        let url = Url::parse(text, &EVENT_STORE)?;
        Ok(event_store_file(url, &self.folder).resolved_from(&self.folder))
    }
}

fn key_format(section: &mut Section<'_>) -> Option<KeyFormat> {
    section.parsed("key_format", "`slots` or `hll_counters`", |text| match text {
        "slots" => Some(KeyFormat::Slots),
        "hll_counters" => Some(KeyFormat::HllCounters),
        _ => None,
    })
}
