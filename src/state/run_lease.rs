//! The lease of the job: of all processes that share a store, one runs.
//!
//! It lasts for a while and is renewed, so that the lease of a process that died runs out. Each taking raises the fence:
//! what a run writes names the fence that it was begun under, so that a holder that was frozen past its lease, and wakes
//! when another has it, can write no more.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use super::error::{StateError, while_trying};
use super::holder::Holder;
use super::store::{StateStore, on_pool};
use super::time::micros;

/// There is one job so far.
const WEEKLY: &str = "weekly";

/// The right to run the job, for as long as it is renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLease {
    pub(super) fence: i64,
    holder: String,
    lasts: Duration,
}

/// What came of asking for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseAnswer {
    Taken(RunLease),
    /// Another process has it.
    Held(HeldLease),
}

/// Somebody else's lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLease {
    /// Unknown where another version keeps it.
    pub holder: Option<Holder>,
    pub taken_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl RunLease {
    /// How long it lasts unless renewed.
    pub fn duration(&self) -> Duration {
        self.lasts
    }
}

#[derive(FromRow)]
struct LeaseRow {
    holder: Option<String>,
    taken_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    lasts: i64,
}

impl LeaseRow {
    /// Whose lease is over, whatever the row says: its process has ended, or it was taken by a clock that has been set
    /// back since.
    fn is_void(&self, now: DateTime<Utc>) -> bool {
        let is_of_later = self.expires_at > now + TimeDelta::seconds(self.lasts.max(0)) + TimeDelta::seconds(1);
        let holder = self.holder.as_deref().and_then(Holder::from_text);
        is_of_later || holder.is_some_and(|holder| holder.is_dead())
    }
}

impl StateStore {
    /// Takes the lease of the weekly job, unless another process has it.
    ///
    /// A process that ended on this machine holds nothing; one that is only stopped holds its lease until it runs out.
    ///
    /// # Errors
    /// The store failed.
    pub async fn take_run_lease(&self, lasts: Duration) -> Result<LeaseAnswer, StateError> {
        const ACTION: &str = "take the lease of the job";
        let holder = Holder::new().to_text();
        loop {
            let now = micros(Utc::now());
            let known = self.lease_row().await?;
            let over = known.as_ref().filter(|row| row.is_void(now));
            let over = over.and_then(|row| row.holder.clone());
            let fence: Option<i64> = on_pool!(self, |pool| {
                sqlx::query_scalar(
                    "INSERT INTO run_lease AS present (job, fence, holder, taken_at, expires_at, lasts) \
                 VALUES ($1, 1, $2, $3, $4, $5) ON CONFLICT (job) DO UPDATE SET fence = present.fence + 1, \
                 holder = excluded.holder, taken_at = excluded.taken_at, expires_at = excluded.expires_at, \
                 lasts = excluded.lasts \
                 WHERE present.holder IS NULL OR present.expires_at <= excluded.taken_at OR present.holder = $6 \
                 RETURNING fence",
                )
                .bind(WEEKLY)
                .bind(&holder)
                .bind(now)
                .bind(micros(now + lasts))
                .bind(i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX))
                .bind(&over)
                .fetch_optional(pool)
                .await
                .map_err(while_trying(ACTION))
            })?;
            if let Some(fence) = fence {
                return Ok(LeaseAnswer::Taken(RunLease { fence, holder, lasts }));
            }
            // Whoever had it may have given it back by now.
            if let Some(row) = self.lease_row().await?.filter(|row| row.holder.is_some()) {
                return Ok(LeaseAnswer::Held(HeldLease {
                    holder: row.holder.as_deref().and_then(Holder::from_text),
                    taken_at: row.taken_at,
                    expires_at: row.expires_at,
                }));
            }
        }
    }

    async fn lease_row(&self) -> Result<Option<LeaseRow>, StateError> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT holder, taken_at, expires_at, lasts FROM run_lease WHERE job = $1"
        )
        .bind(WEEKLY)
        .fetch_optional(pool)
        .await
        .map_err(while_trying("read the lease of the job")))
    }

    /// Renews the lease, also one that ran out while nobody asked for it; false if another has taken it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn renew_run_lease(&self, lease: &RunLease) -> Result<bool, StateError> {
        let now = micros(Utc::now());
        let renewed = on_pool!(self, |pool| sqlx::query(
            "UPDATE run_lease SET expires_at = $3 WHERE job = $1 AND fence = $2 AND holder = $4"
        )
        .bind(WEEKLY)
        .bind(lease.fence)
        .bind(micros(now + lease.lasts))
        .bind(&lease.holder)
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("renew the lease of the job")))?;
        Ok(renewed > 0)
    }

    /// Gives the lease back, unless another has it by now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn release_run_lease(&self, lease: &RunLease) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE run_lease SET holder = NULL WHERE job = $1 AND fence = $2 AND holder = $3"
        )
        .bind(WEEKLY)
        .bind(lease.fence)
        .bind(&lease.holder)
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("give the lease of the job back")))
    }

    /// The same store for what is done under the lease: once another has taken it, writes of runs and reports fail with
    /// [`StateError::LeaseLost`], and no attempt to send begins.
    pub fn under(&self, lease: &RunLease) -> StateStore {
        StateStore {
            fence: Some(lease.fence),
            ..self.clone()
        }
    }
}

/// Makes sure, inside a transaction, that the store's lease was not taken by another. It is an UPDATE because that holds
/// the row until the transaction ends on PostgreSQL, and begins as a writer on SQLite.
macro_rules! check_fence {
    ($store:expr, $transaction:expr) => {
        if let Some(fence) = $store.fence {
            let held = sqlx::query("UPDATE run_lease SET fence = fence WHERE job = 'weekly' AND fence = $1")
                .bind(fence)
                .execute(&mut *$transaction)
                .await
                .map_err($crate::state::error::while_trying("check the lease of the job"))?;
            if held.rows_affected() == 0 {
                return Err($crate::state::error::StateError::LeaseLost);
            }
        }
    };
}
pub(super) use check_fence;

/// Runs one statement, under the store's lease if it has one; gives the number of rows that it changed.
macro_rules! write_fenced {
    ($store:expr, $action:expr, $query:expr) => {
        $crate::state::store::on_pool!($store, |pool| {
            let failed = |error| $crate::state::error::while_trying($action)(error);
            let mut transaction = pool.begin().await.map_err(failed)?;
            $crate::state::run_lease::check_fence!($store, transaction);
            let done = $query.execute(&mut *transaction).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
            done.rows_affected()
        })
    };
}
pub(super) use write_fenced;
