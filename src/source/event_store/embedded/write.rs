//! Writing: one transaction a batch, in which its id is remembered, so that it is applied once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sqlx::{Connection, SqliteConnection};

use super::clock::Instant;
use super::file::{File, give_back};
use super::slots::Slots;
use crate::keyspace::{Change, Write};
use crate::measure::{Failure, Reason};
use crate::source::event_store::Batch;

/// Removed with a batch at most, so that a batch stays short after a week in which much expired.
const EXPIRED_AT_ONCE: i64 = 200;
/// How many of the newest batches are remembered: hours of steady writing.
const REMEMBERED_BATCHES: i64 = 100_000;

/// A write's own answer.
type Answer = Result<(), Failure>;

/// What a write of the batch was refused for, as it is remembered.
#[derive(Serialize, Deserialize)]
struct RefusedWrite {
    place: usize,
    reason: String,
    message: String,
}

pub(super) async fn write(file: &File, batch: &Batch) -> Result<Vec<Answer>, Failure> {
    let writer = file.writer().await?;
    let now = file.options.clock.now();
    let sorted = |error| file.fault().of(&error);
    let mut connection = writer.acquire().await.map_err(sorted)?;
    let answers = write_in(&mut connection, batch, now).await;
    give_back(connection, answers).map_err(sorted)
}

async fn write_in(connection: &mut SqliteConnection, batch: &Batch, now: Instant) -> Result<Vec<Answer>, sqlx::Error> {
    // The lock is taken at once: a transaction that read first could not wait for another's end.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let answers = apply_once(&mut transaction, batch, now).await?;
    transaction.commit().await?;
    Ok(answers)
}

async fn apply_once(
    connection: &mut SqliteConnection,
    batch: &Batch,
    now: Instant,
) -> Result<Vec<Answer>, sqlx::Error> {
    if let Some(refusals) = remembered(connection, batch).await? {
        return Ok(answers(batch, &refusals));
    }
    remove_expired(connection, now).await?;
    let keys = batch.writes.iter().map(|write| write.key.as_str()).collect();
    let mut slots = Slots::load(connection, &keys, &names(&batch.writes)).await?;
    let answers: Vec<Answer> = batch.writes.iter().map(|write| apply(&mut slots, write, now)).collect();
    slots.save(connection).await?;
    remember(connection, batch, &answers).await?;
    Ok(answers)
}

/// The fields that the writes name, with their keys.
fn names(writes: &[Write]) -> BTreeSet<(&str, &str)> {
    let names = writes.iter().filter_map(|write| match &write.change {
        Change::IncrementField { field, .. } => Some((write.key.as_str(), field.as_str())),
        _ => None,
    });
    names.collect()
}

fn apply(slots: &mut Slots, write: &Write, now: Instant) -> Answer {
    let applied = slots.slot(&write.key).apply(&write.change, write.life, now);
    applied.map_err(|refusal| refusal.of(&write.key))
}

/// Removes keys whose time is over; to readers they are absent already.
async fn remove_expired(connection: &mut SqliteConnection, now: Instant) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expires_at <= $1 LIMIT $2)")
        .bind(now)
        .bind(EXPIRED_AT_ONCE)
        .execute(connection)
        .await
        .map(drop)
}

/// What was refused of the batch, if it was applied before.
async fn remembered(connection: &mut SqliteConnection, batch: &Batch) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT refusals FROM applied_batches WHERE id = $1")
        .bind(batch.id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await
}

async fn remember(connection: &mut SqliteConnection, batch: &Batch, answers: &[Answer]) -> Result<(), sqlx::Error> {
    let refusals = refusals(answers).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    sqlx::query("INSERT INTO applied_batches (id, refusals) VALUES ($1, $2)")
        .bind(batch.id.as_bytes().to_vec())
        .bind(refusals)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM applied_batches WHERE sequence <= (SELECT max(sequence) FROM applied_batches) - $1")
        .bind(REMEMBERED_BATCHES)
        .execute(connection)
        .await
        .map(drop)
}

fn refusals(answers: &[Answer]) -> Result<String, serde_json::Error> {
    let refused = answers.iter().enumerate().filter_map(|(place, answer)| {
        answer.as_ref().err().map(|failure| RefusedWrite {
            place,
            reason: failure.reason.code().to_owned(),
            message: failure.message.clone(),
        })
    });
    serde_json::to_string(&refused.collect::<Vec<_>>())
}

/// The answers that the batch got when it was applied.
fn answers(batch: &Batch, refusals: &str) -> Vec<Answer> {
    let mut answers: Vec<Answer> = batch.writes.iter().map(|_| Ok(())).collect();
    let refused: Vec<RefusedWrite> = serde_json::from_str(refusals).unwrap_or_default();
    for RefusedWrite { place, reason, message } in refused {
        let reason = Reason::ALL.iter().find(|known| known.code() == reason);
        if let Some(answer) = answers.get_mut(place) {
            *answer = Err(Failure::new(
                reason.copied().unwrap_or(Reason::StatementFailed),
                message,
            ));
        }
    }
    answers
}
