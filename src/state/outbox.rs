//! The outbox: what became of each attempt at a report.

use chrono::{DateTime, Utc};

use super::error::{StateError, while_trying};
use super::lease::Lease;
use super::run_lease::write_fenced;
use super::store::{StateStore, on_pool};
use super::time::micros;

impl StateStore {
    /// Counts an attempt that is about to begin; false if the lease was lost, and nothing may be sent.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_attempt(&self, id: i64, lease: &Lease) -> Result<bool, StateError> {
        self.count_attempt(
            "UPDATE raw_usage_data SET attempts = attempts + 1, lease_until = $3 \
             WHERE id = $1 AND lease_holder = $2 AND delivery = 'waiting'",
            id,
            lease,
        )
        .await
    }

    /// Counts an attempt at metadata that is about to begin; false if the lease was lost.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_metadata_attempt(&self, id: i64, lease: &Lease) -> Result<bool, StateError> {
        self.count_attempt(
            "UPDATE raw_usage_data SET metadata_attempts = metadata_attempts + 1, lease_until = $3 \
             WHERE id = $1 AND lease_holder = $2 AND metadata_delivery = 'waiting'",
            id,
            lease,
        )
        .await
    }

    async fn count_attempt(&self, statement: &'static str, id: i64, lease: &Lease) -> Result<bool, StateError> {
        let counted = write_fenced!(
            self,
            "count an attempt",
            sqlx::query(statement)
                .bind(id)
                .bind(&lease.holder)
                .bind(lease.until(Utc::now()))
        );
        Ok(counted > 0)
    }

    /// Gives a report back that was not taken: it waits on, not before `next_attempt_at` if that is given.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_waiting(
        &self,
        id: i64,
        lease: &Lease,
        error: &str,
        next_attempt_at: Option<DateTime<Utc>>,
    ) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET last_error = $3, next_attempt_at = $4, updated_at = $5, lease_holder = NULL, \
             lease_until = NULL WHERE id = $1 AND lease_holder = $2 AND delivery = 'waiting'"
        )
        .bind(id)
        .bind(&lease.holder)
        .bind(storable(error))
        .bind(next_attempt_at.map(micros))
        .bind(micros(Utc::now()))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("put a report back")))
    }

    /// Keeps that the endpoint took a report. This is a fact, and holds also if the lease was lost meanwhile.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_sent(&self, id: i64, sent_at: DateTime<Utc>, usage_data_id: i64) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET delivery = 'sent', sent_at = $2, version_usage_data_id_value = $3, \
             last_error = NULL, next_attempt_at = NULL, updated_at = $4, lease_holder = NULL, lease_until = NULL \
             WHERE id = $1 AND delivery <> 'sent'"
        )
        .bind(id)
        .bind(micros(sent_at))
        .bind(usage_data_id)
        .bind(micros(Utc::now()))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("mark a report as sent")))
    }

    /// Keeps that the endpoint will never take a report.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_rejected(&self, id: i64, lease: &Lease, error: &str) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET delivery = 'rejected', last_error = $3, next_attempt_at = NULL, \
             updated_at = $4, lease_holder = NULL, lease_until = NULL \
             WHERE id = $1 AND lease_holder = $2 AND delivery = 'waiting'"
        )
        .bind(id)
        .bind(&lease.holder)
        .bind(storable(error))
        .bind(micros(Utc::now()))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("mark a report as rejected")))
    }

    /// Gives metadata back that was not taken: it waits on, not before `next_attempt_at` if that is given.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_metadata_waiting(
        &self,
        id: i64,
        lease: &Lease,
        error: &str,
        next_attempt_at: Option<DateTime<Utc>>,
    ) -> Result<(), StateError> {
        self.end_metadata_attempt(id, lease, "waiting", error, next_attempt_at)
            .await
    }

    /// Keeps that the endpoint will never take a report's metadata.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_metadata_rejected(&self, id: i64, lease: &Lease, error: &str) -> Result<(), StateError> {
        self.end_metadata_attempt(id, lease, "rejected", error, None).await
    }

    async fn end_metadata_attempt(
        &self,
        id: i64,
        lease: &Lease,
        delivery: &'static str,
        error: &str,
        next_attempt_at: Option<DateTime<Utc>>,
    ) -> Result<(), StateError> {
        on_pool!(self, |pool| sqlx::query(
            "UPDATE raw_usage_data SET metadata_delivery = $3, metadata_last_error = $4, updated_at = $5, \
             next_attempt_at = $6, lease_holder = NULL, lease_until = NULL \
             WHERE id = $1 AND lease_holder = $2 AND metadata_delivery = 'waiting'"
        )
        .bind(id)
        .bind(&lease.holder)
        .bind(delivery)
        .bind(storable(error))
        .bind(micros(Utc::now()))
        .bind(next_attempt_at.map(micros))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("put metadata back")))
    }

    /// Keeps that the endpoint took a report's metadata, also if the lease was lost meanwhile.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark_metadata_sent(&self, id: i64, sent_at: DateTime<Utc>) -> Result<(), StateError> {
        on_pool!(self, |pool| {
            sqlx::query(
            "UPDATE raw_usage_data SET metadata_delivery = 'sent', metadata_sent_at = $2, metadata_last_error = NULL, \
             next_attempt_at = NULL, updated_at = $3, lease_holder = NULL, lease_until = NULL WHERE id = $1 AND metadata_delivery <> 'sent'"
        )
        .bind(id)
        .bind(micros(sent_at))
        .bind(micros(Utc::now()))
        .execute(pool)
        .await
        .map(drop)
        .map_err(while_trying("mark metadata as sent"))
        })
    }
}

/// PostgreSQL's text holds every character but NUL.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
