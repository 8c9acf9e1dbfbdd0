//! A test's events, counted as the product's are, in a store of the test's own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::definition::TestEvent;
use crate::keyspace::{Keyspace, Occurrence, Tracked, Write};
use crate::source::event_store::{Batch, Clock, EmbeddedOptions, EmbeddedStore, EventStore};

/// Before the run, so that the last complete week and the last days both hold it.
const USUALLY_BEFORE: TimeDelta = TimeDelta::days(7);

/// An event store in a folder that goes with it.
pub(super) struct Store {
    folder: PathBuf,
    store: Arc<EmbeddedStore>,
}

impl Store {
    /// An empty store whose clock stands still at the moment of the run.
    pub fn new(now: DateTime<Utc>) -> Store {
        let folder = std::env::temp_dir().join(format!("service-ping-test-{}", Uuid::now_v7().simple()));
        let options = EmbeddedOptions {
            clock: Clock::new(move || SystemTime::from(now)),
            ..EmbeddedOptions::new(folder.join("events.db"))
        };
        Store {
            store: Arc::new(EmbeddedStore::new(options)),
            folder,
        }
    }

    pub fn handle(&self) -> Arc<dyn EventStore> {
        self.store.clone()
    }

    /// Counts the events.
    ///
    /// # Errors
    /// What the author of the test reads.
    pub async fn fill(&self, events: &[TestEvent], keyspace: &Keyspace, now: DateTime<Utc>) -> Result<(), String> {
        let mut writes: Vec<Write> = Vec::new();
        for event in events {
            let tracked =
                tracked(event, keyspace, now).map_err(|error| format!("the event {:?}: {error}", event.name))?;
            writes.extend(tracked.writes);
        }
        if writes.is_empty() {
            return Ok(());
        }
        let failed = |error: &dyn std::fmt::Display| format!("the events cannot be counted: {error}");
        std::fs::create_dir_all(&self.folder).map_err(|error| failed(&error))?;
        let results = self
            .store
            .write(&Batch::new(writes))
            .await
            .map_err(|error| failed(&error))?;
        results
            .into_iter()
            .collect::<Result<Vec<()>, _>>()
            .map(drop)
            .map_err(|error| failed(&error))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // A folder that was never made is none to remove; what the system keeps it sweeps itself.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn tracked(event: &TestEvent, keyspace: &Keyspace, now: DateTime<Utc>) -> Result<Tracked, String> {
    let at = event.at.unwrap_or(now - USUALLY_BEFORE);
    let occurrence = Occurrence {
        identifiers: event.identifiers.clone(),
        properties: event.properties.clone(),
    };
    let is_counter = event.values.is_empty() && occurrence.is_bare() && keyspace.counter(&event.name).is_ok();
    let tracked = if is_counter || event.by.is_some() {
        keyspace.increment(&event.name, event.by.unwrap_or(1))
    } else if event.values.is_empty() && (keyspace.is_internal(&event.name) || !occurrence.is_bare()) {
        keyspace.track_internal(&event.name, &occurrence, at)
    } else {
        let values = event.values.iter().map(|value| value.clone().into_bytes()).collect();
        keyspace.track(&event.name, values, "", at)
    };
    let tracked = tracked.map_err(|error| error.to_string())?;
    match &tracked.held_back {
        Some(flag) => Err(format!(
            "the feature flag {flag} is off; switch it on under [feature_flags]"
        )),
        None => Ok(tracked),
    }
}
