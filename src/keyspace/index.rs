//! Every event of a catalog, with all that its keys need.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::counter::CounterKey;
use super::error::EventError;
use super::event::Event;
use super::flags::FeatureFlags;
use super::form::is_sketch_key;
use super::hasher::NameMap;
use super::rules::KeyRules;
use super::selection::SelectionRule;
use crate::definition::{Catalog, DataSource, EventDefinition, MetricDefinition};

/// The events of a catalog and how they are kept.
#[derive(Debug, Clone, Default)]
pub struct Keyspace {
    pub(super) rules: KeyRules,
    pub(super) flags: FeatureFlags,
    /// Events whose values are counted once: known ones, and those that a `RedisHLLMetric` names.
    events: NameMap<Event>,
    /// Internal events: those of `events/`, and those that a metric of internal events selects.
    internal: NameMap<InternalEvent>,
    counters: BTreeMap<String, CounterKey>,
}

/// An internal event and the ways it is counted.
#[derive(Debug, Clone, Default)]
pub(super) struct InternalEvent {
    /// Each once: its occurrences, of all time and by weeks, and what metrics select.
    pub(super) rules: BTreeSet<SelectionRule>,
    /// The properties that its definition lists, if it has one.
    pub(super) properties: Option<BTreeSet<String>>,
}

impl Keyspace {
    pub fn of(catalog: &Catalog, rules: KeyRules, flags: FeatureFlags) -> Keyspace {
        let mut keyspace = Keyspace {
            rules,
            flags,
            ..Keyspace::default()
        };
        for event in &catalog.known_events {
            let event = Event::known(event, &keyspace.rules);
            keyspace.admit(event);
        }
        for event in catalog.events.iter().filter(|event| !event.removed) {
            keyspace.define(event);
        }
        for metric in catalog.metrics.iter().filter(|metric| !metric.is_removed()) {
            keyspace.note(metric);
        }
        keyspace
    }

    /// Whether tracking an internal event writes the keys of a rule.
    pub fn counts(&self, event: &str, rule: &SelectionRule) -> bool {
        self.internal.get(event).is_some_and(|event| event.rules.contains(rule))
    }

    /// Whether an event has keys at all is looked at once, not each time that it is tracked.
    fn admit(&mut self, mut event: Event) {
        event.has_keys = is_sketch_key(&self.key(&event, "", NaiveDate::default()));
        self.events.insert(event.name.clone(), event);
    }

    /// Events of the time before internal events are listed too: their values are counted once.
    fn define(&mut self, event: &EventDefinition) {
        if !event.internal_events {
            return;
        }
        let internal = self.internal_event(&event.action);
        internal.properties = Some(event.additional_properties.keys().cloned().collect());
    }

    fn note(&mut self, metric: &MetricDefinition) {
        match (metric.data_source, metric.instrumentation_class.as_deref()) {
            (DataSource::InternalEvents, _) => {
                for selection in &metric.events {
                    let rule = SelectionRule::new(selection, metric.time_frame);
                    self.internal_event(&selection.name).rules.insert(rule);
                }
            }
            (_, Some("RedisMetric")) => {
                if let Ok(counter) = CounterKey::from_options(&metric.options) {
                    self.counters.entry(counter.name.clone()).or_insert(counter);
                }
            }
            (DataSource::RedisHll, _) => {
                let listed = metric.options.get("events").and_then(|events| events.as_array());
                let listed = listed.into_iter().flatten().filter_map(|name| name.as_str());
                let selected = metric.events.iter().map(|selection| selection.name.as_str());
                for name in listed.chain(selected) {
                    if !self.events.contains_key(name) {
                        self.admit(Event::of_today(name));
                    }
                }
            }
            _ => {}
        }
    }

    fn internal_event(&mut self, name: &str) -> &mut InternalEvent {
        self.internal.entry(name.to_owned()).or_insert_with(|| InternalEvent {
            rules: [true, false]
                .into_iter()
                .map(|time_framed| SelectionRule::occurrences(name, time_framed))
                .collect(),
            properties: None,
        })
    }

    pub fn rules(&self) -> &KeyRules {
        &self.rules
    }

    pub fn flags(&self) -> &FeatureFlags {
        &self.flags
    }

    /// The event whose values are counted once.
    ///
    /// # Errors
    /// [`EventError::UnknownEvent`].
    pub fn event(&self, name: &str) -> Result<&Event, EventError> {
        self.events.get(name).ok_or_else(|| self.unknown(name))
    }

    pub(super) fn internal(&self, name: &str) -> Result<&InternalEvent, EventError> {
        self.internal.get(name).ok_or_else(|| self.unknown(name))
    }

    /// Whether values of the event are counted once.
    pub fn counts_values(&self, name: &str) -> bool {
        self.events.contains_key(name)
    }

    /// Whether the event is tracked with identifiers and properties.
    pub fn is_internal(&self, name: &str) -> bool {
        self.internal.contains_key(name)
    }

    /// The counter that `name` increments.
    ///
    /// # Errors
    /// [`EventError::UnknownCounter`].
    pub fn counter(&self, name: &str) -> Result<&CounterKey, EventError> {
        self.counters.get(name).ok_or_else(|| EventError::UnknownCounter {
            name: name.to_owned(),
            suggestion: closest(name, self.counters.keys()),
        })
    }

    /// Events whose values are counted once, by name.
    pub fn events(&self) -> Vec<&Event> {
        let mut events: Vec<&Event> = self.events.values().collect();
        events.sort_by(|left, right| left.name.cmp(&right.name));
        events
    }

    /// Names of internal events, sorted, each with its properties if its definition lists them.
    pub fn internal_events(&self) -> Vec<(&str, Vec<&str>)> {
        let mut events: Vec<(&str, Vec<&str>)> = self
            .internal
            .iter()
            .map(|(name, event)| {
                let properties = event.properties.iter().flatten().map(String::as_str).collect();
                (name.as_str(), properties)
            })
            .collect();
        events.sort();
        events
    }

    /// The properties that metrics filter an internal event by, each set of them once.
    pub fn filters(&self, name: &str) -> Vec<&BTreeMap<String, String>> {
        let rules = self.internal.get(name).into_iter().flat_map(|event| &event.rules);
        let filters: BTreeSet<&BTreeMap<String, String>> = rules
            .map(|rule| &rule.filter)
            .filter(|filter| !filter.is_empty())
            .collect();
        filters.into_iter().collect()
    }

    /// Plain counters, by what increments them.
    pub fn counters(&self) -> impl Iterator<Item = &CounterKey> {
        self.counters.values()
    }

    fn unknown(&self, name: &str) -> EventError {
        EventError::UnknownEvent {
            name: name.to_owned(),
            suggestion: closest(name, self.events.keys().chain(self.internal.keys())),
        }
    }
}

/// The closest of `known`, if at most a third of its letters differ.
pub(super) fn closest<'a>(wrong: &str, known: impl Iterator<Item = &'a String>) -> Option<String> {
    known
        .map(|name| (strsim::osa_distance(wrong, name), name))
        .filter(|(distance, name)| *distance <= name.chars().count().max(3) / 3)
        .min()
        .map(|(_, name)| name.clone())
}
