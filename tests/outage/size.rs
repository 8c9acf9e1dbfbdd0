//! The state store's size, its write-ahead log included, while payloads of megabytes wait and are given up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use crate::front::Mood;
use crate::instance::{database, definition};
use crate::ledger::Ledger;

/// What a store may take at any moment.
pub const MOST: u64 = 64 << 20;

/// Looks all the time at how large a store is.
pub struct Scales {
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    watch: Option<JoinHandle<()>>,
}

impl Scales {
    pub fn under(store: &Path) -> Scales {
        let (most, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let files = ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", store.display())));
        let (seen, stop) = (Arc::clone(&most), Arc::clone(&over));
        let watch = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let size = |file: &PathBuf| std::fs::metadata(file).map_or(0, |file| file.len());
                seen.fetch_max(files.iter().map(size).sum(), Ordering::Relaxed);
                std::thread::park_timeout(std::time::Duration::from_millis(2));
            }
        });
        Scales {
            most,
            over,
            watch: Some(watch),
        }
    }

    /// The most bytes that were seen.
    pub fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }
}

impl Drop for Scales {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
    }
}

/// Makes each payload of `ledger` larger by 3 MiB.
pub fn enlarge(ledger: &Ledger) {
    database(
        &ledger.cli.folder().join("product.db"),
        "CREATE TABLE large (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO large (body) SELECT hex(zeroblob(1572864))",
    );
    let query = "query: SELECT body FROM large";
    definition(&ledger.cli, "large", "standard", "none", "SqlValueMetric", query);
}

#[test]
fn large_payloads_that_wait_are_bounded_and_what_is_given_up_is_said() {
    let mut ledger = Ledger::new("");
    enlarge(&ledger);
    let scales = Scales::under(&ledger.cli.folder().join("service-ping.db"));
    let front = ledger.front.url();
    ledger.front.set(Mood::Status(503, ""));
    let mut said = 0;
    for run in 0..13 {
        let now = format!("2026-{:02}-{:02}T02:00:00Z", 1 + run / 4, 1 + run % 4 * 7);
        let outcome = ledger.run(&now, &front).expect_code(4);
        said += usize::from(
            outcome
                .stderr
                .contains("1 payload gave way to newer ones, never to be sent"),
        );
    }
    let history = ledger.history();
    let given_up = history.iter().filter(|run| {
        let error = run["delivery_error"].as_str().unwrap_or_default();
        run["delivery"] == "rejected" && error.contains("gave way")
    });
    let given_up = given_up.count();
    // 32 MiB hold ten of them.
    assert_eq!((given_up, said, history.len()), (3, 3, 13));
    ledger.front.set(Mood::Forward);
    ledger.submit("2026-12-01T00:00:00Z", &front).expect_code(0);
    assert!(scales.most() < MOST, "{} bytes", scales.most());
    let text = ledger.cli.run(&["history"]).expect_code(0).stdout;
    assert!(text.contains("values let go of, payload refused"), "{text}");
    assert_eq!(ledger.close(), 10, "the newest");
}
