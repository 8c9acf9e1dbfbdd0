//! An event as readers look it up.

use std::collections::BTreeSet;

use super::metric::slashed;
use super::uses::Uses;
use crate::definition::{Catalog, EventDefinition, KnownEvent};

/// One event, of `events/` or of `known_events/`.
#[derive(Debug, Clone, PartialEq)]
pub struct EventEntry {
    pub name: String,
    pub description: Option<String>,
    /// What is said of it beside: how it is tracked, category, aggregation, flag.
    pub remarks: Vec<(&'static str, String)>,
    /// What it may carry, each with its meaning if that is said.
    pub properties: Vec<(String, Option<String>)>,
    pub removed: bool,
    pub file: Option<String>,
    /// Key paths of the metrics that count it.
    pub used_by: Vec<String>,
}

/// All events, by name; of a part of the metrics those that it counts.
pub(super) fn entries(catalog: &Catalog, uses: &Uses<'_>, whole: bool) -> Vec<EventEntry> {
    let defined: BTreeSet<&str> = catalog.events.iter().map(|event| event.action.as_str()).collect();
    let known = catalog
        .known_events
        .iter()
        .filter(|event| !defined.contains(event.name.as_str()));
    let mut entries: Vec<EventEntry> = catalog
        .events
        .iter()
        .map(|event| of_definition(event, uses))
        .chain(known.map(|event| of_known(event, uses)))
        .filter(|entry| whole || !entry.used_by.is_empty())
        .collect();
    entries.sort_by(|left, right| left.name.cmp(&right.name).then_with(|| left.file.cmp(&right.file)));
    entries
}

fn of_definition(event: &EventDefinition, uses: &Uses<'_>) -> EventEntry {
    let mut remarks = Vec::new();
    if event.internal_events {
        remarks.push(("tracked with", listed(&event.identifiers)));
    }
    remarks.extend(event.category.clone().map(|category| ("category", category)));
    EventEntry {
        name: event.action.clone(),
        description: Some(event.description.trim().to_owned()).filter(|text| !text.is_empty()),
        remarks,
        properties: event
            .additional_properties
            .iter()
            .map(|(name, meaning)| (name.clone(), meaning.clone()))
            .collect(),
        removed: event.removed,
        file: Some(slashed(&event.file)),
        used_by: uses.of_event(&event.action),
    }
}

fn listed(identifiers: &[String]) -> String {
    match identifiers {
        [] => "no identifier".to_owned(),
        some => some.join(", "),
    }
}

fn of_known(event: &KnownEvent, uses: &Uses<'_>) -> EventEntry {
    let remarks = [
        ("category", event.category.clone()),
        ("kept", Some(event.aggregation.as_str().to_owned())),
        ("days of life", event.expiry.map(|days| days.to_string())),
        ("slot", event.redis_slot.clone()),
        ("feature flag", event.feature_flag.clone()),
    ];
    EventEntry {
        name: event.name.clone(),
        description: None,
        remarks: remarks
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect(),
        properties: Vec::new(),
        removed: false,
        file: Some(slashed(&event.file)),
        used_by: uses.of_event(&event.name),
    }
}
