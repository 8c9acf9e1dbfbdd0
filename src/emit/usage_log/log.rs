//! The usage log, and how it is given other writers while jobs go on.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::build::{Manner, build};
use super::counters::{Counters, Counts};
use super::error::UsageLogError;
use super::lane::{Item, Lane, Reply};
use super::outcome::{Outcome, WriterOutcome};
use super::record::Record;
use crate::config::{UsageLogSettings, WriterKind, WriterSettings};
use crate::emit::snowplow::Metrics;

/// How long a writer that is replaced goes on with what it has.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a writer that has come to its deadline may take to say so.
const GRACE: Duration = Duration::from_millis(20);

/// Takes records from any thread, and hands each to every writer. Dropped without [`UsageLog::close`], it leaves its
/// writers to end what they have, for as long as the process lives.
#[derive(Debug, Default)]
pub struct UsageLog {
    current: RwLock<Writers>,
    /// Lanes that were replaced, and may not have ended.
    retired: Mutex<Vec<Arc<Lane>>>,
    manner: Manner,
    /// Over all reloads.
    counters: [Arc<Counters>; WriterKind::ALL.len()],
}

#[derive(Debug, Default)]
struct Writers {
    lanes: Vec<Arc<Lane>>,
    left_out: Vec<WriterOutcome>,
}

impl UsageLog {
    /// Starts the writers of a configuration; one that cannot be had is left out, which [`UsageLog::left_out`] and the log
    /// say.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn open(settings: &UsageLogSettings) -> Result<UsageLog, UsageLogError> {
        let log = UsageLog::default();
        log.reload(settings)?;
        Ok(log)
    }

    /// As [`UsageLog::open`], for a process that records one job, as others do beside it: a place on disk that one of them
    /// has is waited for so long, and its records go into the file that they have begun. Writers that cannot be had are said by
    /// [`UsageLog::left_out`] alone.
    ///
    /// # Errors
    /// As there.
    pub fn open_for_one_job(settings: &UsageLogSettings, patience: Duration) -> Result<UsageLog, UsageLogError> {
        let mut log = UsageLog::default();
        log.manner = Manner {
            patience,
            is_for_one_job: true,
        };
        log.reload(settings)?;
        Ok(log)
    }

    /// Hands a record to each writer's queue, and waits for none of them.
    pub fn record(&self, record: &Record) -> Vec<WriterOutcome> {
        self.hand(record, |_| None)
    }

    /// As [`UsageLog::record`], and waits so long at most for what the writers make of it.
    pub fn record_within(&self, record: &Record, patience: Duration) -> Vec<WriterOutcome> {
        let until = Instant::now() + patience;
        let (to, replies) = channel();
        let mut outcomes = self.hand(record, |lane| Some(Reply { lane, to: to.clone() }));
        drop(to);
        while outcomes.iter().any(|outcome| outcome.outcome == Outcome::Queued) {
            let left = until.saturating_duration_since(Instant::now());
            let Ok((lane, outcome)) = replies.recv_timeout(left) else {
                break;
            };
            if let Some(told) = outcomes.get_mut(lane) {
                told.outcome = outcome;
            }
        }
        outcomes
    }

    fn hand(&self, record: &Record, reply: impl Fn(usize) -> Option<Reply>) -> Vec<WriterOutcome> {
        // Held until the record is in each queue: a writer that is replaced is closed only after it.
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        if current.lanes.is_empty() {
            return Vec::new();
        }
        let record = Arc::new(record.clone());
        let lanes = current.lanes.iter().enumerate();
        let outcomes = lanes.map(|(place, lane)| WriterOutcome {
            writer: lane.name(),
            outcome: lane.hand(Item {
                record: Arc::clone(&record),
                reply: reply(place),
            }),
        });
        outcomes.collect()
    }

    /// Goes over to another configuration, and no record is lost on the way: writers whose settings are the same stay, new
    /// ones are built, then records go to them, and what the old ones have in their queues is written. A new writer that has
    /// the place of an old one on disk takes it over once that one has ended; what comes until then is in its queue.
    ///
    /// # Errors
    /// No thread can be started; then everything stays as it was.
    pub fn reload(&self, settings: &UsageLogSettings) -> Result<(), UsageLogError> {
        // Held to the end, so that there is one reload at a time.
        let mut retired = self.retired();
        settings.notices.iter().for_each(say);
        let before = self.lanes();
        let mut writers = Writers::default();
        for settings in settings.chosen() {
            if let Some(kept) = before.iter().find(|lane| lane.settings == settings) {
                writers.lanes.push(Arc::clone(kept));
                continue;
            }
            // At most two have the same place: one that ends, and one that waits for it.
            let earlier = retired.iter().filter(|lane| lane.settings.place() == settings.place());
            earlier.for_each(|lane| lane.wait_for_end());
            let after = before.iter().find(|lane| lane.settings.place() == settings.place());
            self.begin(&mut writers, settings, after)?;
        }
        let new = writers.lanes.clone();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = writers;
        let is_replaced = |lane: &&Arc<Lane>| !new.iter().any(|new| Arc::ptr_eq(new, lane));
        for lane in before.iter().filter(is_replaced) {
            lane.shut(DRAIN);
            retired.push(Arc::clone(lane));
        }
        retired.retain(|lane| !lane.is_ended());
        Ok(())
    }

    /// Begins a writer; one that cannot be had is left out.
    fn begin(
        &self,
        writers: &mut Writers,
        settings: WriterSettings,
        after: Option<&Arc<Lane>>,
    ) -> Result<(), UsageLogError> {
        let kind = settings.kind();
        let writer = match after {
            Some(_) => None,
            None => match build(&settings, self.manner) {
                Ok(writer) => Some(writer),
                Err(error) => {
                    if !self.manner.is_for_one_job {
                        tracing::error!(writer = kind.name(), %error, "A writer of the usage log is left out.");
                    }
                    writers.left_out.push(WriterOutcome {
                        writer: kind.name(),
                        outcome: Outcome::Failed(Arc::new(error)),
                    });
                    return Ok(());
                }
            },
        };
        let counters = Arc::clone(&self.counters[kind as usize]);
        let lane = Lane::start(settings, counters, writer, after.map(Arc::clone));
        writers.lanes.push(lane.map_err(UsageLogError::Thread)?);
        Ok(())
    }

    /// Writers that are configured but could not be had at the last reload, and why.
    pub fn left_out(&self) -> Vec<WriterOutcome> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.left_out.clone()
    }

    /// What a writer has done so far, over all reloads.
    pub fn counts(&self, writer: WriterKind) -> Counts {
        self.counters[writer as usize].read()
    }

    /// How sending billing events goes, since the last reload that changed it; `None` where there is no such writer.
    pub fn delivery(&self) -> Option<Metrics> {
        self.lanes().iter().find_map(|lane| lane.delivery())
    }

    /// Takes nothing more, has the writers end what they have until the deadline, and says what became of it. What is left
    /// in a spool then is sent after the next start.
    pub fn close(self, deadline: Duration) -> Vec<WriterOutcome> {
        let until = Instant::now() + deadline;
        let (lanes, retired) = (self.lanes(), self.retired().clone());
        let all = || retired.iter().chain(&lanes);
        all().for_each(|lane| lane.shut(until.saturating_duration_since(Instant::now())));
        // Those that others wait for may have had more time until now.
        retired.iter().for_each(|lane| lane.hasten());
        let told = until + GRACE;
        all().for_each(|lane| lane.wait(told.saturating_duration_since(Instant::now())));
        let lost = retired.iter().map(|lane| lane.conclusion());
        let lost = lost.filter(|told| matches!(told.outcome, Outcome::Left { queued, .. } if queued > 0));
        lost.chain(lanes.iter().map(|lane| lane.conclusion())).collect()
    }

    fn lanes(&self) -> Vec<Arc<Lane>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.lanes.clone()
    }

    fn retired(&self) -> MutexGuard<'_, Vec<Arc<Lane>>> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UsageLog {
    fn drop(&mut self) {
        for lane in self.lanes().iter().filter(|lane| !lane.is_shut()) {
            lane.shut(DRAIN);
        }
    }
}

fn say(notice: &crate::config::Notice) {
    if notice.kind.is_error() {
        tracing::error!(place = %notice.place, "The usage log's configuration: {}", notice.kind);
    } else {
        tracing::warn!(place = %notice.place, "The usage log's configuration: {}", notice.kind);
    }
}
