//! What a run read of each source.

use sqlx::FromRow;
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::run_lease::check_fence;
use super::store::{StateStore, on_pool};

/// What a run read of one source.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct SourceRecord {
    /// Such as `database.main` or `event_store`.
    pub source: String,
    /// Whether it could be reached throughout.
    pub is_up: bool,
    /// Readings that were asked for, and those of them that failed.
    pub readings: i64,
    pub failed: i64,
    pub statements: i64,
    /// From the first question to the last answer.
    pub elapsed_seconds: f64,
}

impl StateStore {
    /// Keeps what a run read of its sources; what is known of one already gives way.
    ///
    /// # Errors
    /// The store failed, knows no run of this id, or its lease was lost.
    pub async fn record_sources(&self, run_id: Uuid, sources: &[SourceRecord]) -> Result<(), StateError> {
        const ACTION: &str = "record sources";
        on_pool!(self, |pool| {
            let mut transaction = pool.begin().await.map_err(while_trying(ACTION))?;
            check_fence!(self, transaction);
            for record in sources {
                sqlx::query(
                    "INSERT INTO run_sources (run_id, source, is_up, readings, failed, statements, elapsed_seconds) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (run_id, source) DO UPDATE SET \
                     is_up = excluded.is_up, readings = excluded.readings, failed = excluded.failed, \
                     statements = excluded.statements, elapsed_seconds = excluded.elapsed_seconds",
                )
                .bind(run_id.to_string())
                .bind(&record.source)
                .bind(record.is_up)
                .bind(record.readings)
                .bind(record.failed)
                .bind(record.statements)
                .bind(record.elapsed_seconds)
                .execute(&mut *transaction)
                .await
                .map_err(while_trying(ACTION))?;
            }
            transaction.commit().await.map_err(while_trying(ACTION))
        })
    }

    /// What a run read of its sources, by their names.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sources(&self, run_id: Uuid) -> Result<Vec<SourceRecord>, StateError> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT source, is_up, readings, failed, statements, elapsed_seconds FROM run_sources \
             WHERE run_id = $1 ORDER BY source"
        )
        .bind(run_id.to_string())
        .fetch_all(pool)
        .await
        .map_err(while_trying("read the sources of a run")))
    }
}
