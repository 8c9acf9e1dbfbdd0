//! From a question about unique values to the keys that answer it (spec 6.4).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::contexts::is_context;
use super::error::EventError;
use super::event::Event;
use super::form::sketch_key;
use super::index::Keyspace;
use super::period::Period;
use crate::definition::Aggregation;
use crate::relation::Window;

/// Which unique values are counted, and how strictly the events must belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueQuestion<'a> {
    pub events: &'a [&'a str],
    pub period: Period,
    /// The plan they were tracked in; the empty context is none.
    pub context: &'a str,
    /// Aggregates count events of several categories together.
    pub any_category: bool,
    /// What is counted once, such as `user`, where a definition of today says so.
    pub identifier: Option<&'a str>,
}

impl Keyspace {
    /// The keys of a question, each once, in the order of the days, and the instants that they cover.
    ///
    /// # Errors
    /// An event is unknown; they do not belong together; the context is none; the range covers no key.
    pub fn unique_keys(&self, question: &UniqueQuestion<'_>) -> Result<(Vec<String>, Window), EventError> {
        let events = self.events_of(question)?;
        belong_together(&events, question.any_category)?;
        if !question.context.is_empty() && !is_context(question.context) {
            return Err(EventError::InvalidContext(question.context.to_owned()));
        }
        let aggregation = events.first().map_or(Aggregation::Weekly, |event| event.aggregation);
        let (days, window) = match aggregation {
            Aggregation::Daily => question.period.whole_days()?,
            Aggregation::Weekly => question.period.whole_weeks()?,
        };
        let names: Vec<String> = events.iter().map(|event| self.stored_name(event, question)).collect();
        let mut seen = BTreeSet::new();
        let mut keys = Vec::with_capacity(days.len() * events.len());
        for day in &days {
            for (event, name) in events.iter().zip(&names) {
                let key = sketch_key(&event.form, name, event.aggregation, question.context, *day);
                if seen.insert(key.clone()) {
                    keys.push(key);
                }
            }
        }
        Ok((keys, window))
    }

    fn events_of(&self, question: &UniqueQuestion<'_>) -> Result<Vec<&Event>, EventError> {
        if question.events.is_empty() {
            return Err(EventError::NoEvent);
        }
        let event = |name: &&str| match self.event(name) {
            Err(EventError::UnknownEvent { .. }) if self.is_internal(name) => {
                Err(EventError::CountedByMetrics((*name).to_owned()))
            }
            found => found,
        };
        question.events.iter().map(event).collect()
    }

    /// The name that sketches of today stand under: with the identifier, unless the event is on GitLab's list of legacy
    /// events and is counted together with others.
    fn stored_name(&self, event: &Event, question: &UniqueQuestion<'_>) -> String {
        let is_legacy = question.events.len() > 1 && self.rules.legacy_events.contains(&event.name);
        let path = match question.identifier.filter(|_| !is_legacy) {
            Some(identifier) => format!("{}-{identifier}", event.name),
            None => event.name.clone(),
        };
        self.rules.sketch_name(&path).to_owned()
    }
}

/// One event always does; several need the same slot, category and aggregation. Events of today have one slot, and their
/// categories do not count.
fn belong_together(events: &[&Event], any_category: bool) -> Result<(), EventError> {
    let Some((first, others)) = events.split_first() else {
        return Ok(());
    };
    if others.is_empty() {
        return Ok(());
    }
    let slots_differ = |event: &&&Event| event.form_differs(first) || (event.has_slots() && event.slot != first.slot);
    let slotless = first.has_slots() && first.slot.is_none();
    if slotless || others.iter().any(|event| slots_differ(&event)) {
        return Err(EventError::SlotMismatch(listed(events, |event| event.slot.as_deref())));
    }
    if !any_category && first.has_slots() && others.iter().any(|event| event.category != first.category) {
        return Err(EventError::CategoryMismatch(listed(events, |event| {
            event.category.as_deref()
        })));
    }
    if others.iter().any(|event| event.aggregation != first.aggregation) {
        return Err(EventError::AggregationMismatch(listed(events, |event| {
            Some(event.aggregation.as_str())
        })));
    }
    Ok(())
}

impl Event {
    fn form_differs(&self, other: &Event) -> bool {
        self.has_slots() != other.has_slots()
    }
}

/// `a (x), b (none)`: a few of the events with what they differ in.
fn listed<'a>(events: &[&'a Event], of: impl Fn(&'a Event) -> Option<&'a str>) -> String {
    const SHOWN: usize = 6;
    let mut text = String::new();
    for event in events.iter().take(SHOWN) {
        let separator = if text.is_empty() { "" } else { ", " };
        // Writing to a text cannot fail.
        let _ = write!(text, "{separator}{} ({})", event.name, of(event).unwrap_or("none"));
    }
    if events.len() > SHOWN {
        text.push_str(", …");
    }
    text
}
