//! The spool: what was taken in survives whoever took it in, and is counted once.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use service_ping::event::{Queued, SpoolError, Tracker, TrackerOptions};
use service_ping::keyspace::Keyspace;
use service_ping::source::event_store::{EventStore, StoreOptions, open};

use super::outage::counters;

const KEY: &str = "USAGE_OUTAGE_A";

struct Place {
    folder: tempfile::TempDir,
    keyspace: Arc<Keyspace>,
}

impl Place {
    fn new() -> Place {
        Place {
            folder: tempfile::tempdir().unwrap(),
            keyspace: counters(&["a"]),
        }
    }

    fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    fn store(&self) -> Arc<dyn EventStore> {
        self.store_at(&format!("sqlite://{}/events.db", self.folder.path().display()))
    }

    fn store_at(&self, url: &str) -> Arc<dyn EventStore> {
        let options = StoreOptions {
            url: url.to_owned(),
            ca_file: None,
            timeout: Duration::from_secs(5),
        };
        open(&options).unwrap()
    }

    /// A store that nobody answers for: the port is closed.
    fn nowhere(&self) -> Arc<dyn EventStore> {
        self.store_at("redis://127.0.0.1:1")
    }

    fn tracker(&self, store: Arc<dyn EventStore>) -> Tracker {
        Tracker::start_durable(store, self.keyspace.clone(), options(), &self.spool()).unwrap()
    }

    async fn counted(&self) -> Option<String> {
        let answers = self.store().values(&[KEY.to_owned()]).await;
        answers.into_iter().next().unwrap().unwrap()
    }

    fn segments(&self) -> Vec<PathBuf> {
        segments(&self.spool())
    }
}

fn segments(spool: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(spool).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|ending| ending == "events"))
        .collect();
    segments.sort();
    segments
}

fn options() -> TrackerOptions {
    TrackerOptions {
        capacity: 1_000,
        batch: 10,
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(4),
    }
}

fn track(tracker: &Tracker, events: usize) {
    for _ in 0..events {
        assert_eq!(tracker.increment("outage_a", 1), Ok(Queued::Waits));
    }
}

/// Leaves events in the spool that no store has seen.
async fn leave(place: &Place, events: usize) {
    let tracker = place.tracker(place.nowhere());
    track(&tracker, events);
    let counts = tracker.close(Duration::ZERO).await;
    assert_eq!((counts.accepted, counts.kept), (events as u64, events as u64));
    assert_eq!((counts.abandoned, counts.written, counts.dropped), (0, 0, 0));
}

#[tokio::test]
async fn what_is_left_is_written_by_the_next_process() {
    let place = Place::new();
    leave(&place, 25).await;
    assert!(place.segments().len() >= 3, "{:?}", place.segments());
    let tracker = place.tracker(place.store());
    track(&tracker, 7);
    let counts = tracker.close(Duration::from_secs(10)).await;
    assert_eq!((counts.accepted, counts.written), (32, 32));
    assert_eq!(place.counted().await.as_deref(), Some("32"));
    assert_eq!(place.segments(), Vec::<PathBuf>::new());
}

/// As after a SIGKILL between the store's answer and the deletion.
#[tokio::test]
async fn what_the_store_has_already_is_not_counted_again() {
    let place = Place::new();
    leave(&place, 25).await;
    let kept: Vec<_> = place
        .segments()
        .into_iter()
        .map(|path| (fs::read(&path).unwrap(), path))
        .collect();
    for _ in 0..3 {
        let counts = place.tracker(place.store()).close(Duration::from_secs(10)).await;
        assert_eq!(counts.written, 25);
        assert_eq!(place.counted().await.as_deref(), Some("25"));
        for (bytes, path) in &kept {
            fs::write(path, bytes).unwrap();
        }
    }
}

#[tokio::test]
async fn an_event_that_is_cut_short_costs_no_other() {
    let place = Place::new();
    leave(&place, 5).await;
    let segments = place.segments();
    let last = segments.last().unwrap();
    let bytes = fs::read(last).unwrap();
    fs::write(last, &bytes[..bytes.len() - 3]).unwrap();
    let counts = place.tracker(place.store()).close(Duration::from_secs(10)).await;
    assert_eq!((counts.accepted, counts.written), (4, 4));
    assert_eq!(place.counted().await.as_deref(), Some("4"));
}

#[tokio::test]
async fn bytes_that_were_changed_are_left_out() {
    let place = Place::new();
    leave(&place, 5).await;
    for path in place.segments() {
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() - 2;
        bytes[middle] ^= 0x55;
        fs::write(&path, bytes).unwrap();
    }
    let segments = place.segments().len() as u64;
    let counts = place.tracker(place.store()).close(Duration::from_secs(10)).await;
    assert_eq!(counts.written, 5 - segments);
}

#[tokio::test]
async fn a_spool_has_one_process() {
    let place = Place::new();
    let tracker = place.tracker(place.store());
    let second = Tracker::start_durable(place.store(), place.keyspace.clone(), options(), &place.spool());
    let error = second.unwrap_err();
    assert!(matches!(error, SpoolError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("in use by another process"), "{error}");
    tracker.close(Duration::ZERO).await;
    place.tracker(place.store()).close(Duration::ZERO).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
    let place = Place::new();
    fs::write(place.spool(), "a file").unwrap();
    let error = Tracker::start_durable(place.store(), place.keyspace.clone(), options(), &place.spool()).unwrap_err();
    assert!(
        error.to_string().contains(&place.spool().display().to_string()),
        "{error}"
    );
}

/// The capacity bounds what waits, whoever left it.
#[tokio::test]
async fn a_full_spool_takes_nothing_more() {
    let place = Place::new();
    leave(&place, 1_000).await;
    let tracker = place.tracker(place.nowhere());
    assert_eq!(tracker.increment("outage_a", 1), Ok(Queued::Dropped));
    assert_eq!(tracker.close(Duration::ZERO).await.kept, 1_000);
    let counts = place.tracker(place.store()).close(Duration::from_secs(10)).await;
    assert_eq!(counts.written, 1_000);
}
