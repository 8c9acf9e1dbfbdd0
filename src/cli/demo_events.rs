//! The demo's events: five weeks of what the people of the sample did, tracked through the library.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, Utc};
use serde_json::Value;

use super::CliError;
use super::message::note;
use super::output::{counted, seconds};
use super::setup::Setup;
use crate::definition;
use crate::event::{Tracker, TrackerOptions};
use crate::keyspace::{EventError, Keyspace, Occurrence};
use crate::sample::{Act, activity};

/// How long the last events may take to be written.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every flag that the definitions speak of, switched on, as lines of `[feature_flags]`.
pub(super) fn flags(definitions: &Path) -> Result<String, CliError> {
    let catalog = definition::load(definitions)?.catalog;
    let of_events = catalog
        .known_events
        .iter()
        .filter_map(|event| event.feature_flag.as_ref());
    let of_aggregates = catalog
        .aggregates
        .iter()
        .filter_map(|aggregate| aggregate.feature_flag.as_ref());
    let flags: BTreeSet<&String> = of_events.chain(of_aggregates).collect();
    Ok(flags
        .iter()
        .map(|flag| format!("{} = true\n", Value::from(flag.as_str())))
        .collect())
}

/// Tracks everything that the definitions name.
pub(super) async fn track(setup: &Setup, scale: f64) -> Result<(), CliError> {
    let Some(store) = setup.event_store()? else {
        return Ok(());
    };
    let begun = Instant::now();
    let options = TrackerOptions {
        // Nothing else is done meanwhile: everything may wait.
        capacity: u64::MAX,
        ..TrackerOptions::default()
    };
    let tracker = Tracker::start(store, setup.keyspace.clone(), options);
    track_all(&tracker, &setup.keyspace, setup.now, scale)?;
    let counts = tracker.close(PATIENCE).await;
    if counts.written != counts.accepted {
        return Err(CliError::Other(format!(
            "only {} of {} events could be tracked",
            counts.written, counts.accepted
        )));
    }
    let events = counted(counts.written as usize, "event");
    note(&format!(
        "tracked five weeks of events: {events}, {}",
        seconds(begun.elapsed())
    ));
    Ok(())
}

fn track_all(tracker: &Tracker, keyspace: &Arc<Keyspace>, now: DateTime<Utc>, scale: f64) -> Result<(), EventError> {
    let at = |act: &Act| now.checked_sub_days(Days::new(act.days_ago)).unwrap_or(now);
    for event in keyspace.events() {
        for act in activity(&event.name, scale) {
            tracker.track_event(&event.name, vec![act.person.to_string().into_bytes()], at(&act))?;
        }
    }
    for (name, _) in keyspace.internal_events() {
        let filters = keyspace.filters(name);
        for act in activity(name, scale) {
            tracker.track_internal_event(name, &occurrence(&act, &filters), at(&act))?;
        }
    }
    for counter in keyspace.counters() {
        tracker.increment(&counter.name, activity(&counter.name, scale).len() as i64)?;
    }
    Ok(())
}

/// Some occurrences have what one of the metrics filters by, some have nothing of the kind.
fn occurrence(act: &Act, filters: &[&BTreeMap<String, String>]) -> Occurrence {
    let chosen = (act.draw % (filters.len() as u64 + 1)) as usize;
    let mut properties: BTreeMap<String, Value> = [("value".to_owned(), Value::from(act.draw % 100))].into();
    for (name, value) in filters.get(chosen).into_iter().flat_map(|filter| filter.iter()) {
        let value = match name.as_str() {
            "value" => value.parse::<f64>().map_or(Value::Null, Value::from),
            _ => Value::from(value.as_str()),
        };
        properties.insert(name.clone(), value);
    }
    properties
        .entry("label".to_owned())
        .or_insert_with(|| Value::from("other"));
    properties
        .entry("property".to_owned())
        .or_insert_with(|| Value::from("other"));
    let identifiers = [
        ("user", act.person),
        ("project", act.draw % 60),
        ("namespace", act.draw % 20),
    ];
    Occurrence {
        identifiers: identifiers
            .into_iter()
            .map(|(name, id)| (name.to_owned(), (id + 1).to_string()))
            .collect(),
        properties,
    }
}
