//! What the scheduler remembers.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::error::{StateError, while_trying};
use super::store::{StateStore, on_pool};
use super::time::micros;
use crate::schedule::{Record, Trial};

/// There is one job so far.
const WEEKLY: &str = "weekly";

/// A schedule's record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSchedule {
    pub record: Record,
    /// Another one, once anybody has changed the record.
    pub revision: i64,
}

#[derive(FromRow)]
struct ScheduleRow {
    revision: i64,
    served: DateTime<Utc>,
    trial_slot: Option<DateTime<Utc>>,
    failures: i64,
    tried_at: Option<DateTime<Utc>>,
}

impl From<ScheduleRow> for KeptSchedule {
    fn from(row: ScheduleRow) -> KeptSchedule {
        let trial = row.trial_slot.zip(row.tried_at).map(|(slot, at)| Trial {
            slot,
            failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
            at,
        });
        KeptSchedule {
            record: Record {
                served: row.served,
                trial,
            },
            revision: row.revision,
        }
    }
}

impl StateStore {
    /// The weekly schedule's record, if one was begun.
    ///
    /// # Errors
    /// The store failed.
    pub async fn schedule(&self) -> Result<Option<KeptSchedule>, StateError> {
        let row: Option<ScheduleRow> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT revision, served, trial_slot, failures, tried_at FROM schedule WHERE job = $1"
        )
        .bind(WEEKLY)
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read the schedule")))?;
        Ok(row.map(KeptSchedule::from))
    }

    /// Begins the weekly schedule, unless it was begun before; returns what is kept.
    ///
    /// # Errors
    /// The store failed.
    pub async fn begin_schedule(&self, record: &Record) -> Result<KeptSchedule, StateError> {
        on_pool!(self, |pool| sqlx::query(
            "INSERT INTO schedule (job, revision, served) VALUES ($1, 0, $2) ON CONFLICT (job) DO NOTHING"
        )
        .bind(WEEKLY)
        .bind(micros(record.served))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("begin the schedule")))?;
        let kept = self.schedule().await?;
        kept.ok_or_else(|| while_trying("begin the schedule")(sqlx::Error::RowNotFound))
    }

    /// Keeps another record in place of the one that was read; `None` if somebody else has changed it since.
    ///
    /// # Errors
    /// The store failed.
    pub async fn change_schedule(&self, read: &KeptSchedule, to: &Record) -> Result<Option<KeptSchedule>, StateError> {
        let trial = to.trial.as_ref();
        let row: Option<ScheduleRow> = on_pool!(self, |pool| {
            sqlx::query_as(
            "UPDATE schedule SET revision = revision + 1, served = $3, trial_slot = $4, failures = $5, tried_at = $6 \
             WHERE job = $1 AND revision = $2 RETURNING revision, served, trial_slot, failures, tried_at"
        )
        .bind(WEEKLY)
        .bind(read.revision)
        .bind(micros(to.served))
        .bind(trial.map(|trial| micros(trial.slot)))
        .bind(trial.map_or(0, |trial| i64::from(trial.failures)))
        .bind(trial.map(|trial| micros(trial.at)))
        .fetch_optional(pool)
        .await
        .map_err(while_trying("keep the schedule"))
        })?;
        Ok(row.map(KeptSchedule::from))
    }
}
