//! From an event that happened to the writes that count it (spec 6.3, 16).

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::contexts::is_context;
use super::error::EventError;
use super::event::{Event, WEEKLY};
use super::form::{is_sketch_key, sketch_key};
use super::index::Keyspace;
use super::occurrence::Occurrence;
use super::selection::{Kind, SelectionRule};
use super::write::{Change, Life, Write};

/// What tracking an event comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracked {
    pub writes: Vec<Write>,
    /// The feature flag that kept all or a part of it from being counted.
    pub held_back: Option<String>,
}

impl Keyspace {
    /// Counts `values` once each, for the day or week of `time`. The empty context is none.
    ///
    /// # Errors
    /// The event is unknown, is tracked with identifiers, or makes no key; the context is none; there are no values.
    pub fn track(
        &self,
        name: &str,
        values: Vec<Vec<u8>>,
        context: &str,
        time: DateTime<Utc>,
    ) -> Result<Tracked, EventError> {
        if !self.counts_values(name) && self.is_internal(name) {
            return Err(EventError::WantsIdentifiers(name.to_owned()));
        }
        let event = self.event(name)?;
        if !context.is_empty() && !is_context(context) {
            return Err(EventError::InvalidContext(context.to_owned()));
        }
        if values.is_empty() {
            return Err(EventError::NoValues(name.to_owned()));
        }
        if let Some(flag) = self.flags.holding_back(event.feature_flag.as_deref()) {
            return Ok(Tracked {
                writes: Vec::new(),
                held_back: Some(flag.to_owned()),
            });
        }
        let key = self.key(event, context, time.date_naive());
        if !event.has_keys {
            return Err(no_key(name, key));
        }
        let writes = vec![Write {
            key,
            change: Change::Add(values),
            life: Life::Renewed(event.life),
        }];
        Ok(Tracked {
            writes,
            held_back: None,
        })
    }

    /// Raises a plain counter.
    ///
    /// # Errors
    /// [`EventError::UnknownCounter`].
    pub fn increment(&self, name: &str, by: i64) -> Result<Tracked, EventError> {
        let counter = self.counter(name)?;
        let writes = vec![Write {
            key: counter.key.clone(),
            change: Change::Increment(by),
            life: Life::Forever,
        }];
        Ok(Tracked {
            writes,
            held_back: None,
        })
    }

    /// Counts an internal event in every way that metrics select it, for the week of `time`.
    ///
    /// # Errors
    /// The event is unknown, is tracked with values, or makes no key; a property is not the event's, or of a wrong type.
    pub fn track_internal(
        &self,
        name: &str,
        occurrence: &Occurrence,
        time: DateTime<Utc>,
    ) -> Result<Tracked, EventError> {
        if !self.is_internal(name) && self.counts_values(name) {
            return Err(EventError::WantsValues(name.to_owned()));
        }
        let event = self.internal(name)?;
        occurrence.check(name, event)?;
        let held_back = self.flags.holding_back(None);
        let mut writes = Vec::with_capacity(event.rules.len());
        // Rules of different frames may share a key by GitLab's lists of older ones: each key counts an occurrence once.
        let mut seen: HashMap<String, Kind> = HashMap::new();
        for rule in event.rules.iter().filter(|rule| occurrence.matches(&rule.filter)) {
            if rule.kind() == Kind::Sketch && held_back.is_some() {
                continue;
            }
            let key = rule.key(&self.rules, time.date_naive());
            if seen.contains_key(&key) {
                continue;
            }
            if let Some(write) = write_of(name, rule, key.clone(), occurrence)? {
                seen.insert(key, rule.kind());
                writes.push(write);
            }
        }
        Ok(Tracked {
            writes,
            held_back: held_back.map(str::to_owned),
        })
    }

    /// The key that an event's values of a day stand under.
    pub(super) fn key(&self, event: &Event, context: &str, day: NaiveDate) -> String {
        let name = self.rules.sketch_name(&event.name);
        sketch_key(&event.form, name, event.aggregation, context, day)
    }
}

fn checked(name: &str, key: String) -> Result<String, EventError> {
    if is_sketch_key(&key) {
        Ok(key)
    } else {
        Err(no_key(name, key))
    }
}

fn no_key(name: &str, key: String) -> EventError {
    EventError::KeyFormat {
        name: name.to_owned(),
        key,
    }
}

/// What the rule counts of the occurrence; nothing where it lacks the identifier or the value.
fn write_of(
    name: &str,
    rule: &SelectionRule,
    key: String,
    occurrence: &Occurrence,
) -> Result<Option<Write>, EventError> {
    let identifier = || rule.identifier.as_deref().and_then(|name| occurrence.text(name));
    let framed = if rule.time_framed {
        Life::Fixed(WEEKLY)
    } else {
        Life::Forever
    };
    let (change, life) = match rule.kind() {
        Kind::Counter => (Some(Change::Increment(1)), framed),
        Kind::Sum => (occurrence.value().map(Change::IncrementFloat), framed),
        Kind::Fields => (
            identifier().map(|field| Change::IncrementField { field, by: 1 }),
            framed,
        ),
        Kind::Sketch => (
            identifier().map(|value| Change::Add(vec![value.into_bytes()])),
            Life::Renewed(WEEKLY),
        ),
    };
    let Some(change) = change else { return Ok(None) };
    let key = match rule.kind() {
        Kind::Sketch => checked(name, key)?,
        _ => key,
    };
    Ok(Some(Write { key, change, life }))
}
