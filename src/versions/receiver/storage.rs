//! What the receiving end keeps, in SQLite.

use chrono::{DateTime, Utc};
use sqlx::{Connection, FromRow, SqliteConnection, SqlitePool};

use crate::state::{StateError, sqlite};

/// The receiving end's own store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReceiverStore {
    pool: SqlitePool,
}

/// How many of each kind were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverCounts {
    pub payloads: u64,
    pub metadata: u64,
    pub errors: u64,
}

/// A payload as it came.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReceivedPayload {
    /// The id that the sender was told.
    pub id: i64,
    pub received_at: DateTime<Utc>,
    pub idempotency_key: Option<String>,
    pub uuid: String,
    pub recorded_at: Option<String>,
    /// The body, byte for byte.
    pub payload: String,
}

/// Metadata as it came.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReceivedMetadata {
    pub id: i64,
    pub received_at: DateTime<Utc>,
    pub idempotency_key: Option<String>,
    pub uuid: String,
    /// The body, byte for byte.
    pub body: String,
}

/// An error report as it came.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReceivedError {
    pub id: i64,
    pub received_at: DateTime<Utc>,
    pub uuid: String,
    /// The body, byte for byte.
    pub body: String,
}

/// What a request brought.
pub(super) struct Incoming<'a> {
    pub(super) key: Option<&'a str>,
    pub(super) uuid: &'a str,
    pub(super) recorded_at: Option<&'a str>,
    pub(super) hostname: Option<&'a str>,
    pub(super) body: &'a str,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    New(i64),
    /// New, and a sign that two instances share a uuid.
    OfTwins(i64, Twins),
    /// It is here already, under this id.
    Known(i64),
    /// Its key came before with another body.
    KeyReused,
}

/// Why two instances seem to share a uuid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twins {
    /// Two payloads under keys of their own bear the same instant.
    SameInstant,
    /// The payload before named another host.
    OtherHost,
}

impl ReceiverStore {
    /// Opens the store by a `sqlite:` URL; a missing file is created for its owner alone.
    ///
    /// # Errors
    /// The URL is of another kind, the file cannot be opened, or a migration failed.
    pub async fn open(url: &str) -> Result<ReceiverStore, StateError> {
        if !url.starts_with("sqlite:") {
            return Err(StateError::InvalidUrl);
        }
        let pool = sqlite::open(url, &sqlx::migrate!("migrations/receiver")).await?;
        Ok(ReceiverStore { pool })
    }

    /// How many of each kind were received.
    ///
    /// # Errors
    /// The store failed.
    pub async fn counts(&self) -> Result<ReceiverCounts, sqlx::Error> {
        let (payloads, metadata, errors): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM raw_usage_data), (SELECT count(*) FROM usage_ping_metadata), \
             (SELECT count(*) FROM usage_ping_errors)",
        )
        .fetch_one(&self.pool)
        .await?;
        let [payloads, metadata, errors] = [payloads, metadata, errors].map(i64::unsigned_abs);
        Ok(ReceiverCounts {
            payloads,
            metadata,
            errors,
        })
    }

    /// All payloads in the order they came.
    ///
    /// # Errors
    /// The store failed.
    pub async fn payloads(&self) -> Result<Vec<ReceivedPayload>, sqlx::Error> {
        sqlx::query_as(
            "SELECT id, received_at, idempotency_key, uuid, recorded_at, payload FROM raw_usage_data ORDER BY id",
        )
        .fetch_all(&self.pool)
        .await
    }

    /// All metadata in the order they came.
    ///
    /// # Errors
    /// The store failed.
    pub async fn metadata(&self) -> Result<Vec<ReceivedMetadata>, sqlx::Error> {
        sqlx::query_as("SELECT id, received_at, idempotency_key, uuid, body FROM usage_ping_metadata ORDER BY id")
            .fetch_all(&self.pool)
            .await
    }

    /// All error reports in the order they came.
    ///
    /// # Errors
    /// The store failed.
    pub async fn errors(&self) -> Result<Vec<ReceivedError>, sqlx::Error> {
        sqlx::query_as("SELECT id, received_at, uuid, body FROM usage_ping_errors ORDER BY id")
            .fetch_all(&self.pool)
            .await
    }

    /// Whether the store answers.
    pub(super) async fn check(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await.map(drop)
    }

    /// Ends all connections; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Keeps a payload once: one key is one payload, and without a key one instance's instant is.
    pub(super) async fn keep_payload(&self, incoming: &Incoming<'_>) -> Result<Kept, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        // The write lock comes first, so that of two equal requests one finds what the other kept.
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let kept = match known_payload(&mut transaction, incoming).await? {
            Some(kept) => kept,
            None => {
                let twins = twins(&mut transaction, incoming).await?;
                let id = insert_payload(&mut transaction, incoming).await?;
                twins.map_or(Kept::New(id), |twins| Kept::OfTwins(id, twins))
            }
        };
        transaction.commit().await?;
        Ok(kept)
    }

    /// Keeps metadata once a key.
    pub(super) async fn keep_metadata(&self, incoming: &Incoming<'_>) -> Result<Kept, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let known = sqlx::query_as("SELECT id, body FROM usage_ping_metadata WHERE idempotency_key = $1")
            .bind(incoming.key)
            .fetch_optional(&mut *transaction)
            .await?;
        let kept = match known {
            Some((id, body)) => compare(id, body, incoming.body),
            None => {
                let insert = "INSERT INTO usage_ping_metadata (received_at, idempotency_key, uuid, body) \
                              VALUES ($1, $2, $3, $4) RETURNING id";
                let insert = sqlx::query_scalar(insert)
                    .bind(Utc::now())
                    .bind(incoming.key)
                    .bind(incoming.uuid);
                Kept::New(insert.bind(incoming.body).fetch_one(&mut *transaction).await?)
            }
        };
        transaction.commit().await?;
        Ok(kept)
    }

    /// Keeps an error report.
    pub(super) async fn keep_error(&self, incoming: &Incoming<'_>) -> Result<Kept, sqlx::Error> {
        sqlx::query_scalar("INSERT INTO usage_ping_errors (received_at, uuid, body) VALUES ($1, $2, $3) RETURNING id")
            .bind(Utc::now())
            .bind(incoming.uuid)
            .bind(incoming.body)
            .fetch_one(&self.pool)
            .await
            .map(Kept::New)
    }
}

async fn known_payload(
    connection: &mut SqliteConnection,
    incoming: &Incoming<'_>,
) -> Result<Option<Kept>, sqlx::Error> {
    if incoming.key.is_some() {
        let known = sqlx::query_as("SELECT id, payload FROM raw_usage_data WHERE idempotency_key = $1")
            .bind(incoming.key)
            .fetch_optional(connection)
            .await?;
        return Ok(known.map(|(id, payload)| compare(id, payload, incoming.body)));
    }
    let known: Option<i64> =
        sqlx::query_scalar("SELECT min(id) FROM raw_usage_data WHERE uuid = $1 AND recorded_at = $2")
            .bind(incoming.uuid)
            .bind(incoming.recorded_at)
            .fetch_one(connection)
            .await?;
    Ok(known.map(Kept::Known))
}

/// Looks for a sign that the payload comes of another instance than those before it under the same uuid.
async fn twins(connection: &mut SqliteConnection, incoming: &Incoming<'_>) -> Result<Option<Twins>, sqlx::Error> {
    let (same_instant, host_before): (bool, Option<String>) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM raw_usage_data WHERE uuid = $1 AND recorded_at = $2), \
         (SELECT CAST(json_extract(payload, '$.hostname') AS TEXT) FROM raw_usage_data \
          WHERE uuid = $1 AND json_valid(payload) ORDER BY id DESC LIMIT 1)",
    )
    .bind(incoming.uuid)
    .bind(incoming.recorded_at)
    .fetch_one(connection)
    .await?;
    let other_host = host_before
        .as_deref()
        .zip(incoming.hostname)
        .is_some_and(|(before, now)| before != now);
    Ok(match (same_instant, other_host) {
        (true, _) => Some(Twins::SameInstant),
        (false, true) => Some(Twins::OtherHost),
        (false, false) => None,
    })
}

fn compare(id: i64, kept: String, body: &str) -> Kept {
    if kept == body { Kept::Known(id) } else { Kept::KeyReused }
}

async fn insert_payload(connection: &mut SqliteConnection, incoming: &Incoming<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO raw_usage_data (received_at, idempotency_key, uuid, recorded_at, payload) \
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
    )
    .bind(Utc::now())
    .bind(incoming.key)
    .bind(incoming.uuid)
    .bind(incoming.recorded_at)
    .bind(incoming.body)
    .fetch_one(connection)
    .await
}
