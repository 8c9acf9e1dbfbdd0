//! Where a test's store lies.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use service_ping::source::event_store::{Clock, EmbeddedOptions, EmbeddedStore, EventStore};
use tempfile::TempDir;

/// A folder with one store.
pub struct Place {
    pub folder: TempDir,
    store: EmbeddedStore,
}

impl Place {
    #[expect(clippy::unused_async, reason = "other stores must be waited for")]
    pub async fn new() -> Place {
        Place::with(|options| options)
    }

    pub fn with(options: impl FnOnce(EmbeddedOptions) -> EmbeddedOptions) -> Place {
        let folder = TempDir::new().unwrap();
        let store = EmbeddedStore::new(options(EmbeddedOptions::new(folder.path().join("events.db"))));
        Place { folder, store }
    }

    pub fn store(&self) -> &dyn EventStore {
        &self.store
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("events.db")
    }

    /// Another store on the same file.
    pub fn another(&self) -> EmbeddedStore {
        EmbeddedStore::new(EmbeddedOptions::new(self.path()))
    }

    pub async fn close(self) -> TempDir {
        self.store.close().await;
        self.folder
    }

    /// What the `sqlite3` shell answers: the judge that shares no code with the store.
    pub fn sqlite3(&self, sql: &str) -> String {
        let output = Command::new("sqlite3")
            .arg(self.path())
            .arg(sql)
            .output()
            .expect("sqlite3 must be installed (Debian package sqlite3)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }
}

/// A clock that stands until it is moved.
#[derive(Clone, Default)]
pub struct StoppedClock(Arc<AtomicU64>);

impl StoppedClock {
    pub fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.0);
        Clock::new(move || UNIX_EPOCH + Duration::from_secs(2_000_000_000 + seconds.load(Ordering::SeqCst)))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}
