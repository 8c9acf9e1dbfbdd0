//! How what comes is kept: once, and in one step with what it says of its instance.

use chrono::{DateTime, SubsecRound, Utc};

use super::failures::Source;
use super::open::ReceiverStore;
use super::quota::Quota;
use super::turn::{Turn, in_turn};
use crate::versions::receiver::reading::{MetadataReading, PayloadReading};

/// What a request brought.
pub(in crate::versions::receiver) struct Incoming<'a> {
    pub(in crate::versions::receiver) key: Option<&'a str>,
    pub(in crate::versions::receiver) uuid: &'a str,
    pub(in crate::versions::receiver) body: &'a str,
    pub(in crate::versions::receiver) quota: Quota,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::versions::receiver) enum Kept {
    New(i64),
    /// New, and a sign that two instances share a uuid.
    OfTwins(i64, Twins),
    /// It is here already, under this id.
    Known(i64),
    /// Its key came before with another body.
    KeyReused,
    /// The instance has sent as much as it may today.
    OverQuota,
}

/// Why two instances seem to share a uuid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::versions::receiver) enum Twins {
    /// Two payloads under keys of their own bear the same instant.
    SameInstant,
    /// The payload before named another host.
    OtherHost,
}

impl ReceiverStore {
    /// Keeps a payload once: one key is one payload, and without a key one instance's instant is. The instance is brought up
    /// to date with it.
    pub(in crate::versions::receiver) async fn keep_payload(
        &self,
        incoming: &Incoming<'_>,
        reading: &PayloadReading,
        numbers: Vec<(i64, f64)>,
    ) -> Result<Kept, sqlx::Error> {
        let mut turn = self.turn(incoming.uuid).await?;
        let recorded_at = reading.recorded_at.as_deref();
        if let Some(known) = turn.known_payload(incoming, recorded_at).await? {
            return Ok(known);
        }
        let now = Utc::now().trunc_subsecs(6);
        if !incoming
            .quota
            .allows(&mut turn, incoming.uuid, incoming.body, now)
            .await?
        {
            return Ok(Kept::OverQuota);
        }
        let twins = turn.twins(incoming.uuid, reading).await?;
        let Some(id) = turn.insert_payload(incoming, recorded_at, now).await? else {
            // Another instance's payload has come under this key since.
            return Ok(Kept::KeyReused);
        };
        if let Some(instance) = turn.note_instance(incoming.uuid, id, reading, now).await? {
            turn.keep_numbers(instance, id, numbers).await?;
            turn.keep_failures(instance, Source::Payload, &reading.failures).await?;
        }
        turn.end().await?;
        Ok(twins.map_or(Kept::New(id), |twins| Kept::OfTwins(id, twins)))
    }

    /// Keeps metadata once a key.
    pub(in crate::versions::receiver) async fn keep_metadata(
        &self,
        incoming: &Incoming<'_>,
        reading: &MetadataReading,
    ) -> Result<Kept, sqlx::Error> {
        let mut turn = self.turn(incoming.uuid).await?;
        let known = in_turn!(&mut turn, |connection| sqlx::query_as(
            "SELECT id, body FROM usage_ping_metadata WHERE idempotency_key = $1"
        )
        .bind(incoming.key)
        .fetch_optional(connection)
        .await)?;
        if let Some((id, body)) = known {
            return Ok(compare(id, body, incoming.body));
        }
        let now = Utc::now().trunc_subsecs(6);
        if !incoming
            .quota
            .allows(&mut turn, incoming.uuid, incoming.body, now)
            .await?
        {
            return Ok(Kept::OverQuota);
        }
        let id: Option<i64> = in_turn!(&mut turn, |connection| sqlx::query_scalar(
            "INSERT INTO usage_ping_metadata (received_at, idempotency_key, uuid, body) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (idempotency_key) DO NOTHING RETURNING id"
        )
        .bind(now)
        .bind(incoming.key)
        .bind(incoming.uuid)
        .bind(incoming.body)
        .fetch_optional(connection)
        .await)?;
        let Some(id) = id else { return Ok(Kept::KeyReused) };
        if let Some(instance) = turn.instance_id(incoming.uuid).await? {
            turn.keep_failures(instance, Source::Metadata, &reading.failures)
                .await?;
        }
        turn.end().await?;
        Ok(Kept::New(id))
    }

    /// Keeps an error report.
    pub(in crate::versions::receiver) async fn keep_error(&self, incoming: &Incoming<'_>) -> Result<Kept, sqlx::Error> {
        let mut turn = self.turn(incoming.uuid).await?;
        let now = Utc::now().trunc_subsecs(6);
        if !incoming
            .quota
            .allows(&mut turn, incoming.uuid, incoming.body, now)
            .await?
        {
            return Ok(Kept::OverQuota);
        }
        let id = in_turn!(&mut turn, |connection| sqlx::query_scalar(
            "INSERT INTO usage_ping_errors (received_at, uuid, body) VALUES ($1, $2, $3) RETURNING id"
        )
        .bind(now)
        .bind(incoming.uuid)
        .bind(incoming.body)
        .fetch_one(connection)
        .await)?;
        turn.end().await?;
        Ok(Kept::New(id))
    }
}

impl Turn {
    async fn known_payload(
        &mut self,
        incoming: &Incoming<'_>,
        recorded_at: Option<&str>,
    ) -> Result<Option<Kept>, sqlx::Error> {
        if incoming.key.is_some() {
            let known = in_turn!(self, |connection| sqlx::query_as(
                "SELECT id, payload FROM raw_usage_data WHERE idempotency_key = $1"
            )
            .bind(incoming.key)
            .fetch_optional(connection)
            .await)?;
            return Ok(known.map(|(id, payload)| compare(id, payload, incoming.body)));
        }
        let known: Option<i64> = in_turn!(self, |connection| sqlx::query_scalar(
            "SELECT min(id) FROM raw_usage_data WHERE uuid = $1 AND recorded_at = $2"
        )
        .bind(incoming.uuid)
        .bind(recorded_at)
        .fetch_one(connection)
        .await)?;
        Ok(known.map(Kept::Known))
    }

    /// Looks for a sign that the payload comes of another instance than those before it under the same uuid.
    async fn twins(&mut self, uuid: &str, reading: &PayloadReading) -> Result<Option<Twins>, sqlx::Error> {
        let (same_instant, host_before): (bool, Option<String>) = in_turn!(self, |connection| sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM raw_usage_data WHERE uuid = $1 AND recorded_at = $2), \
             (SELECT hostname FROM instances WHERE uuid = $1)"
        )
        .bind(uuid)
        .bind(reading.recorded_at.as_deref())
        .fetch_one(connection)
        .await)?;
        let hosts = host_before.as_deref().zip(reading.hostname.as_deref());
        let other_host = hosts.is_some_and(|(before, now)| before != now);
        Ok(match (same_instant, other_host) {
            (true, _) => Some(Twins::SameInstant),
            (false, true) => Some(Twins::OtherHost),
            (false, false) => None,
        })
    }

    async fn insert_payload(
        &mut self,
        incoming: &Incoming<'_>,
        recorded_at: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, sqlx::Error> {
        in_turn!(self, |connection| sqlx::query_scalar(
            "INSERT INTO raw_usage_data (received_at, idempotency_key, uuid, recorded_at, payload) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id"
        )
        .bind(now)
        .bind(incoming.key)
        .bind(incoming.uuid)
        .bind(recorded_at)
        .bind(incoming.body)
        .fetch_optional(connection)
        .await)
    }
}

fn compare(id: i64, kept: String, body: &str) -> Kept {
    if kept == body { Kept::Known(id) } else { Kept::KeyReused }
}
