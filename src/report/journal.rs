//! A run's journal in the state store: what it has read so far, and how far its scans are.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::kept_reading;
use crate::batch::{Journal, Step, Taken, Unfinished};
use crate::measure::Measure;
use crate::source::database::{Stop, Switch};
use crate::state::{Checkpoint, KeptReading, KeptScan, Progress, ScanStep, StateError, StateStore};

/// What a reader of measures asks of a journal beside what a scan does.
pub(super) trait ReadingJournal: Journal {
    /// The reading of a measure, if it was taken before.
    fn kept(&self, index: usize) -> Option<Taken>;

    /// A reading was taken.
    fn reading(&self, index: usize, taken: &Taken);
}

impl ReadingJournal for crate::batch::NoJournal {
    fn kept(&self, _: usize) -> Option<Taken> {
        None
    }

    fn reading(&self, _: usize, _: &Taken) {}
}

/// Keeps what a run does, for whoever goes on with it.
pub(super) struct RunJournal<'a> {
    state: &'a StateStore,
    run_id: Uuid,
    /// Thrown once the run's lease is lost.
    stop: &'a Switch,
    /// Of the plan's readings, in their order.
    digests: Vec<String>,
    readings: HashMap<usize, Taken>,
    unfinished: Vec<(String, Unfinished)>,
    pending: Mutex<Checkpoint>,
    writing: tokio::sync::Mutex<Writing>,
}

/// Whether checkpoints are still kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    Kept,
    GivenUp,
}

impl<'a> RunJournal<'a> {
    /// The journal of a run, with what is kept of it already.
    pub(super) fn new(
        state: &'a StateStore,
        run_id: Uuid,
        stop: &'a Switch,
        measures: &[(Measure, String)],
        progress: Progress,
    ) -> RunJournal<'a> {
        let digests: Vec<String> = measures.iter().map(|(measure, _)| digest(measure)).collect();
        let places: HashMap<&str, usize> = digests
            .iter()
            .zip(0..)
            .map(|(digest, place)| (digest.as_str(), place))
            .collect();
        let kept = progress.readings.iter().filter_map(|kept| {
            let place = places.get(kept.measure.as_str())?;
            Some((*place, taken(kept)?))
        });
        let readings: HashMap<usize, Taken> = kept.collect();
        let scans = progress.scans.into_iter().filter_map(|(scan, parts)| {
            let members: Vec<String> = serde_json::from_str(&scan.members).ok()?;
            let is_wanted = |place: &usize| !readings.contains_key(place);
            let members = members
                .iter()
                .map(|digest| places.get(digest.as_str()).copied().filter(is_wanted));
            let unfinished = Unfinished {
                scan: scan.id,
                members: members.collect(),
                remaining: scan.remaining,
                next: parts
                    .last()
                    .map_or(0, |(number, _)| u64::try_from(*number).unwrap_or_default() + 1),
                added: parts.into_iter().map(|(_, added)| added).collect(),
            };
            Some((scan.database, unfinished))
        });
        let unfinished = scans.collect();
        RunJournal {
            state,
            run_id,
            stop,
            digests,
            readings,
            unfinished,
            pending: Mutex::default(),
            writing: tokio::sync::Mutex::new(Writing::Kept),
        }
    }

    /// How many readings were there at the beginning.
    pub(super) fn readings(&self) -> usize {
        self.readings.len()
    }

    fn pending(&self) -> MutexGuard<'_, Checkpoint> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn digest(&self, index: usize) -> String {
        self.digests.get(index).cloned().unwrap_or_default()
    }

    /// A store that does not keep checkpoints ends no run: what is lost is time, if the run is killed. A lease that was
    /// lost ends it.
    async fn write(&self) {
        let mut writing = self.writing.lock().await;
        let checkpoint = std::mem::take(&mut *self.pending());
        if checkpoint.is_empty() || *writing == Writing::GivenUp {
            return;
        }
        match self.state.keep_checkpoint(self.run_id, &checkpoint).await {
            Ok(()) => {}
            Err(error) => {
                *writing = Writing::GivenUp;
                match error {
                    StateError::LeaseLost => self.stop.throw(Stop::LeaseLost),
                    error => tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "No more checkpoints are kept: killed from here on, the run cannot be gone on with."
                    ),
                }
            }
        }
    }
}

impl Journal for RunJournal<'_> {
    fn is_kept(&self) -> bool {
        true
    }

    fn step(&self, step: Step) {
        let members: Vec<String> = step.members.iter().map(|index| self.digest(*index)).collect();
        self.pending().steps.push(ScanStep {
            id: step.scan.clone(),
            number: i64::try_from(step.number).unwrap_or(i64::MAX),
            added: step.added,
            scan: Some(KeptScan {
                id: step.scan,
                database: step.database,
                members: serde_json::Value::from(members).to_string(),
                remaining: step.remaining,
            }),
        });
    }

    fn over(&self, scan: &str) {
        self.pending().steps.push(ScanStep {
            id: scan.to_owned(),
            number: 0,
            added: Vec::new(),
            scan: None,
        });
    }

    fn unfinished(&self, database: &str) -> Vec<Unfinished> {
        let of_database = self.unfinished.iter().filter(|(name, _)| name == database);
        of_database.map(|(_, unfinished)| unfinished.clone()).collect()
    }

    fn commit(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.write())
    }
}

impl ReadingJournal for RunJournal<'_> {
    fn kept(&self, index: usize) -> Option<Taken> {
        self.readings.get(&index).cloned()
    }

    fn reading(&self, index: usize, taken: &Taken) {
        let Some(reading) = kept_reading::to_bytes(&taken.result) else {
            return;
        };
        self.pending().readings.push(KeptReading {
            measure: self.digest(index),
            reading,
            elapsed_seconds: taken.elapsed.as_secs_f64(),
            statements: i64::try_from(taken.statements).unwrap_or(i64::MAX),
            retries: i64::from(taken.retries),
        });
    }
}

fn taken(kept: &KeptReading) -> Option<Taken> {
    Some(Taken {
        result: kept_reading::from_bytes(&kept.reading)?,
        elapsed: Duration::try_from_secs_f64(kept.elapsed_seconds).unwrap_or_default(),
        statements: u64::try_from(kept.statements).unwrap_or_default(),
        retries: u32::try_from(kept.retries).unwrap_or(u32::MAX),
    })
}

/// What was asked, windows included, as this version of the program puts it: what another version kept is read again.
fn digest(measure: &Measure) -> String {
    let mut hasher = DigestHasher(Sha256::new());
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    measure.hash(&mut hasher);
    let digest = hasher.0.finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Gathers what a value hashes, so that equal digests mean equal values.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        // Nobody asks for it: the whole digest is taken.
        0
    }
}
