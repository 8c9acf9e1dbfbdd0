//! When the weekly job is due: the slots of an instance's week, and what a clock and a memory make of them.
//!
//! Everything is counted in UTC, in whole weeks since a Sunday: no daylight saving moves a slot, and no leap day does.
//! Nothing here waits or reads a clock; [`Schedule::decide`] is a function of an instant and of what was kept.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: TimeDelta = TimeDelta::days(7);
/// 1970 began on a Thursday; the Sunday before it, in seconds since then.
const A_SUNDAY: i64 = -4 * DAY;

/// The weekly slots of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    seed: String,
    /// Seconds since the week's Sunday began.
    offset: i64,
    splay: Duration,
    retries: Vec<Duration>,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing before this instant.
    Wait(DateTime<Utc>),
    /// The job of this slot.
    Run(DateTime<Utc>),
}

/// What is remembered from one decision to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The latest slot that needs nothing more: its job was done, or given up.
    pub served: DateTime<Utc>,
    /// A later slot whose job was tried in vain.
    pub trial: Option<Trial>,
}

/// A slot whose job has not succeeded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    pub slot: DateTime<Utc>,
    /// 1 or more.
    pub failures: u32,
    /// When the last of them was.
    pub at: DateTime<Utc>,
}

impl Schedule {
    /// The schedule of an instance: its uuid chooses the minute, so that a fleet does not call at once. Each slot's job
    /// begins up to `splay` late, and is tried again after each of `retries`.
    pub fn new(uuid: &str, splay: Duration, retries: Vec<Duration>) -> Schedule {
        let minute = remainder(&format!("{uuid}minute"), 60);
        let hour = remainder(&format!("{uuid}hour"), 24);
        let weekday = remainder(uuid, 7);
        Schedule {
            seed: uuid.to_owned(),
            offset: weekday * DAY + hour * HOUR + minute * MINUTE,
            splay,
            retries,
        }
    }

    /// The slots as cron spells them: minute, hour, any day, any month, weekday from Sunday on.
    pub fn cron(&self) -> String {
        let (weekday, hour, minute) = (self.offset / DAY, self.offset % DAY / HOUR, self.offset % HOUR / MINUTE);
        format!("{minute} {hour} * * {weekday}")
    }

    /// The latest slot that has come: `now` itself, if it is one.
    pub fn slot_before(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let since = (now.timestamp() - A_SUNDAY - self.offset).rem_euclid(WEEK.num_seconds());
        let whole = now.timestamp() - since;
        DateTime::from_timestamp(whole, 0).unwrap_or(now)
    }

    /// The first slot that is yet to come.
    pub fn slot_after(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.slot_before(now) + WEEK
    }

    /// What a schedule that begins now remembers: nothing was missed before it.
    pub fn begin(&self, now: DateTime<Utc>) -> Record {
        Record {
            served: self.slot_before(now),
            trial: None,
        }
    }

    /// What is to be done now. Slots that passed while nobody looked are made up by one run, that of the latest.
    pub fn decide(&self, record: &Record, now: DateTime<Utc>) -> Decision {
        let record = self.settled(record, now);
        let slot = self.slot_before(now);
        if let Some(trial) = record.trial.filter(|trial| trial.slot >= slot) {
            let again = trial.at + self.pause_after(trial.failures);
            let next = self.slot_after(trial.slot);
            return match again {
                again if again <= now => Decision::Run(trial.slot),
                again if again < next => Decision::Wait(again),
                // The next slot comes first, and with it a run of its own.
                _ => Decision::Wait(self.start(next)),
            };
        }
        if slot <= record.served {
            let next = self.slot_after(record.served.max(now));
            return Decision::Wait(self.start(next));
        }
        match self.start(slot) {
            start if start <= now => Decision::Run(slot),
            start => Decision::Wait(start),
        }
    }

    /// The record without what only a clock that was wrong can have written. It is to be kept, if it is another.
    ///
    /// A slot up to a week ahead may have been served before the clock was set back: it is not served again. One
    /// further ahead never came, and to wait for the clock to reach it might take years.
    pub fn settled(&self, record: &Record, now: DateTime<Utc>) -> Record {
        let horizon = self.slot_after(now);
        let served = match record.served <= horizon {
            true => record.served,
            false => self.slot_before(now),
        };
        let trial = record.trial.as_ref();
        let trial = trial.filter(|trial| trial.slot > served && trial.slot <= horizon);
        let trial = trial.map(|trial| Trial {
            at: trial.at.min(now),
            ..trial.clone()
        });
        Record { served, trial }
    }

    /// The record after the job of a slot failed. A slot that has been tried often enough is given up until the next.
    pub fn failed(&self, record: &Record, slot: DateTime<Utc>, now: DateTime<Utc>) -> Record {
        let before = record.trial.as_ref().filter(|trial| trial.slot == slot);
        let failures = before.map_or(0, |trial| trial.failures).saturating_add(1);
        if failures as usize > self.retries.len() {
            return self.done(slot);
        }
        let trial = Trial {
            slot,
            failures,
            at: now,
        };
        Record {
            served: record.served,
            trial: Some(trial),
        }
    }

    /// The record after the job of a slot was done.
    pub fn done(&self, slot: DateTime<Utc>) -> Record {
        Record {
            served: slot,
            trial: None,
        }
    }

    /// When the job of a slot begins: the slot and its splay, which is drawn from the uuid and the slot, so that it is
    /// the same after a restart and another every week.
    pub fn start(&self, slot: DateTime<Utc>) -> DateTime<Utc> {
        let choices = i64::try_from(self.splay.as_millis()).unwrap_or(0).saturating_add(1);
        let splay = remainder(&format!("{}splay{}", self.seed, slot.timestamp()), choices);
        slot + TimeDelta::milliseconds(splay)
    }

    fn pause_after(&self, failures: u32) -> TimeDelta {
        let nth = (failures as usize).saturating_sub(1);
        // More failures than there are retries were kept under another configuration: the longest pause is the last.
        let pause = self.retries.get(nth).or(self.retries.last());
        pause.map_or(TimeDelta::zero(), |pause| TimeDelta::from_std(*pause).unwrap_or(WEEK))
    }
}

/// The SHA-256 of a text, read as one number, modulo `modulus`.
fn remainder(text: &str, modulus: i64) -> i64 {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .fold(0, |rest, byte| (rest * 256 + i64::from(*byte)) % modulus)
}
