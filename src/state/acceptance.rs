//! What the operator agreed to let leave, and who answered when.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder};

use super::error::{StateError, while_trying};
use super::outbox::storable;
use super::store::{StateStore, on_pool};
use super::time::micros;

/// Rows in one statement: five parameters each stay well under both stores' limits.
const ROWS_A_STATEMENT: usize = 500;

/// A metric as it read when it was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedDefinition {
    pub key_path: String,
    /// SHA-256 of the terms, in hexadecimal.
    pub digest: String,
    /// What was accepted, in full, so that a change can be told.
    pub terms: String,
}

/// An accepted metric as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Acceptance {
    pub key_path: String,
    pub digest: String,
    pub terms: String,
    pub accepted_at: DateTime<Utc>,
    pub accepted_by: String,
}

/// Who answered, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answerer {
    pub at: DateTime<Utc>,
    /// A name for the operator's own records; no proof.
    pub by: String,
}

/// One answer of the operator, as it is kept for good.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ConsentAnswer {
    pub answered_at: DateTime<Utc>,
    pub answered_by: String,
    /// `accepted` or `revoked`.
    pub answer: String,
    pub metrics: i64,
    /// The digest of the whole set that was shown, where something was accepted.
    pub set_digest: Option<String>,
}

impl StateStore {
    /// Everything that was accepted and not revoked, by key path.
    ///
    /// # Errors
    /// The store failed.
    pub async fn acceptances(&self) -> Result<Vec<Acceptance>, StateError> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT key_path, digest, terms, accepted_at, accepted_by FROM accepted_definitions ORDER BY key_path"
        )
        .fetch_all(pool)
        .await
        .map_err(while_trying("read what was accepted")))
    }

    /// Accepts metrics as they read now, all or none; what was accepted under a key path before is replaced.
    ///
    /// # Errors
    /// The store failed.
    pub async fn accept(
        &self,
        definitions: &[AcceptedDefinition],
        set_digest: &str,
        answerer: &Answerer,
    ) -> Result<(), StateError> {
        const ACTION: &str = "keep what was accepted";
        let by = storable(&answerer.by);
        on_pool!(self, |pool| {
            let mut transaction = pool.begin().await.map_err(while_trying(ACTION))?;
            for definitions in definitions.chunks(ROWS_A_STATEMENT) {
                let mut insert = QueryBuilder::new(
                    "INSERT INTO accepted_definitions (key_path, digest, terms, accepted_at, accepted_by) ",
                );
                insert.push_values(definitions, |mut row, definition| {
                    row.push_bind(&definition.key_path)
                        .push_bind(&definition.digest)
                        .push_bind(storable(&definition.terms))
                        .push_bind(micros(answerer.at))
                        .push_bind(&by);
                });
                insert.push(
                    " ON CONFLICT (key_path) DO UPDATE SET digest = excluded.digest, terms = excluded.terms, \
                     accepted_at = excluded.accepted_at, accepted_by = excluded.accepted_by",
                );
                insert
                    .build()
                    .execute(&mut *transaction)
                    .await
                    .map_err(while_trying(ACTION))?;
            }
            sqlx::query(
                "INSERT INTO consent_answers (answered_at, answered_by, answer, metrics, set_digest) \
                 VALUES ($1, $2, 'accepted', $3, $4)",
            )
            .bind(micros(answerer.at))
            .bind(&by)
            .bind(i64::try_from(definitions.len()).unwrap_or(i64::MAX))
            .bind(set_digest)
            .execute(&mut *transaction)
            .await
            .map_err(while_trying(ACTION))?;
            transaction.commit().await.map_err(while_trying(ACTION))
        })
    }

    /// Takes acceptances back, all or none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn revoke(&self, key_paths: &[String], answerer: &Answerer) -> Result<(), StateError> {
        const ACTION: &str = "revoke what was accepted";
        on_pool!(self, |pool| {
            let mut transaction = pool.begin().await.map_err(while_trying(ACTION))?;
            for key_path in key_paths {
                sqlx::query("DELETE FROM accepted_definitions WHERE key_path = $1")
                    .bind(key_path)
                    .execute(&mut *transaction)
                    .await
                    .map_err(while_trying(ACTION))?;
            }
            sqlx::query(
                "INSERT INTO consent_answers (answered_at, answered_by, answer, metrics) \
                 VALUES ($1, $2, 'revoked', $3)",
            )
            .bind(micros(answerer.at))
            .bind(storable(&answerer.by))
            .bind(i64::try_from(key_paths.len()).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await
            .map_err(while_trying(ACTION))?;
            transaction.commit().await.map_err(while_trying(ACTION))
        })
    }

    /// The operator's answers, the latest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn consent_answers(&self, limit: u32) -> Result<Vec<ConsentAnswer>, StateError> {
        on_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT answered_at, answered_by, answer, metrics, set_digest FROM consent_answers ORDER BY id DESC LIMIT $1"
        )
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(while_trying("list answers about consent"))
        })
    }
}
