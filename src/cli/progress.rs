//! How far a run is: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::message::note;
use super::output::seconds;
use crate::measure::Failure;
use crate::report::Progress;

/// A bar with the metric at hand, where stderr is a terminal; it draws on top of nothing else.
pub(super) struct Bar(ProgressBar);

/// A line to stderr at each tenth of the way.
pub(super) struct Lines {
    readings: AtomicUsize,
    taken: AtomicUsize,
    failed: AtomicUsize,
    waiting: Mutex<Option<Waiting>>,
}

/// A wait that was told of.
struct Waiting {
    since: Instant,
    told: Instant,
}

/// When a wait that lasts is told of again.
const TOLD_AGAIN_AFTER: Duration = Duration::from_secs(60);

pub(super) fn progress() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() {
        return Box::new(Bar(ProgressBar::no_length()));
    }
    Box::new(Lines {
        readings: AtomicUsize::new(0),
        taken: AtomicUsize::new(0),
        failed: AtomicUsize::new(0),
        waiting: Mutex::new(None),
    })
}

impl Progress for Bar {
    fn begin(&self, readings: usize) {
        self.0.set_length(readings as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {wide_msg}") {
            self.0.set_style(style);
        }
        self.0.enable_steady_tick(Duration::from_millis(200));
    }

    fn reading(&self, label: &str, failure: Option<&Failure>) {
        self.0.inc(1);
        match failure {
            Some(failure) => self.0.set_message(format!("{label}: {}", failure.reason)),
            None => self.0.set_message(label.to_owned()),
        }
    }

    fn waiting(&self, says: Option<&str>) {
        self.0
            .set_message(says.map_or_else(String::new, |says| format!("waiting: {says}")));
    }

    fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Lines {
    fn begin(&self, readings: usize) {
        self.readings.store(readings, Ordering::Relaxed);
    }

    fn reading(&self, _label: &str, failure: Option<&Failure>) {
        let readings = self.readings.load(Ordering::Relaxed).max(1);
        let failed = self.failed.fetch_add(usize::from(failure.is_some()), Ordering::Relaxed);
        let taken = self.taken.fetch_add(1, Ordering::Relaxed) + 1;
        if taken * 10 / readings > (taken - 1) * 10 / readings {
            let failed = failed + usize::from(failure.is_some());
            note(&format!("measured {taken} of {readings}, {failed} without a value"));
        }
    }

    /// When it begins, once a minute, and when it ends: a log is no status line.
    fn waiting(&self, says: Option<&str>) {
        let Ok(mut waiting) = self.waiting.lock() else { return };
        let now = Instant::now();
        match (says, waiting.as_mut()) {
            (Some(says), None) => {
                note(&format!("waiting: {says}"));
                *waiting = Some(Waiting { since: now, told: now });
            }
            (Some(says), Some(known)) if now.duration_since(known.told) >= TOLD_AGAIN_AFTER => {
                known.told = now;
                note(&format!(
                    "waiting: {says}; for {} so far",
                    seconds(now.duration_since(known.since))
                ));
            }
            (Some(_), Some(_)) | (None, None) => {}
            (None, Some(known)) => {
                note(&format!("going on after {}", seconds(now.duration_since(known.since))));
                *waiting = None;
            }
        }
    }
}
