//! Being copied from, and taking in what other stores hold.

use std::collections::BTreeSet;

use sqlx::{Connection, SqliteConnection};

use super::clock::Instant;
use super::file::{File, give_back};
use super::ledger::Ledger;
use super::number::Number;
use super::read::Contents;
use super::rows::EntryRow;
use super::slot::{Kind, Refusal, Slot, damaged};
use super::slots::Slots;
use crate::measure::Failure;
use crate::source::event_store::{Content, Entry, Page};

/// Why entries were not taken in.
enum AbsorbError {
    Database(sqlx::Error),
    Refused(Failure),
}

impl From<sqlx::Error> for AbsorbError {
    fn from(error: sqlx::Error) -> AbsorbError {
        AbsorbError::Database(error)
    }
}

/// A page of live entries in the order of their keys; the cursor is the last key of the page before.
pub(super) async fn page(file: &File, cursor: Option<String>) -> Result<Page, Failure> {
    let Some(readers) = file.readers().await? else {
        return Ok(Page {
            entries: Vec::new(),
            next: None,
        });
    };
    let now = file.options.clock.now();
    let sorted = |error| file.fault().of(&error);
    let mut connection = readers.acquire().await.map_err(sorted)?;
    let found = page_in(&mut connection, cursor, file.options.page, now).await;
    let (mut keys, contents) = give_back(connection, found).map_err(sorted)?;
    let entries = contents.entries().map(|row| entry(row, &contents, now));
    Ok(Page {
        entries: entries.collect::<Result<_, _>>()?,
        next: keys.pop().filter(|_| keys.len() + 1 == file.options.page as usize),
    })
}

/// The keys of a page, those that have expired among them, and what the others hold.
async fn page_in(
    connection: &mut SqliteConnection,
    cursor: Option<String>,
    page: u32,
    now: Instant,
) -> Result<(Vec<String>, Contents), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let keys = keys_after(&mut transaction, cursor, page).await?;
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    let kinds = [Kind::Number, Kind::Fields, Kind::Sketch];
    let contents = Contents::load(&mut transaction, &names, &kinds, now).await?;
    transaction.commit().await?;
    Ok((keys, contents))
}

async fn keys_after(
    connection: &mut SqliteConnection,
    cursor: Option<String>,
    page: u32,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT key FROM entries WHERE $1 IS NULL OR key > $1 ORDER BY key LIMIT $2")
        .bind(cursor)
        .bind(page)
        .fetch_all(connection)
        .await
}

fn entry(row: &EntryRow, contents: &Contents, now: Instant) -> Result<Entry, Failure> {
    Ok(Entry {
        key: row.key.clone(),
        content: match row.kind {
            Kind::Number => number(row)?,
            Kind::Fields => Content::Fields(contents.fields(&row.key)?),
            Kind::Sketch => Content::Sketch(Box::new(contents.sketch(&row.key)?)),
        },
        lives: row.expires_at.map(|expiry| expiry.since(now)),
    })
}

fn number(row: &EntryRow) -> Result<Content, Failure> {
    match row.number.as_deref().and_then(Number::parse) {
        Some(Number::Integer(integer)) => Ok(Content::Counter(integer)),
        Some(number) => Ok(Content::Sum(number.float())),
        None => Err(damaged(&row.key, Kind::Number)),
    }
}

/// Takes in all of these entries, or none.
pub(super) async fn absorb(file: &File, origin: &str, entries: &[Entry]) -> Result<(), Failure> {
    let writer = file.writer().await?;
    let now = file.options.clock.now();
    let acquired = writer.acquire().await;
    let mut connection = acquired.map_err(|error| file.fault().of(&error))?;
    let absorbed = absorb_in(&mut connection, origin, entries, now).await;
    give_back(connection, absorbed).map_err(|error| match error {
        AbsorbError::Database(error) => file.fault().of(&error),
        AbsorbError::Refused(failure) => failure,
    })
}

async fn absorb_in(
    connection: &mut SqliteConnection,
    origin: &str,
    entries: &[Entry],
    now: Instant,
) -> Result<(), AbsorbError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    absorb_entries(&mut transaction, origin, entries, now).await?;
    Ok(transaction.commit().await?)
}

async fn absorb_entries(
    connection: &mut SqliteConnection,
    origin: &str,
    entries: &[Entry],
    now: Instant,
) -> Result<(), AbsorbError> {
    let keys: BTreeSet<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let mut slots = Slots::load(connection, &keys, &names(entries)).await?;
    let mut ledger = Ledger::load(connection, origin, &keys, now).await?;
    for entry in entries {
        let slot = slots.slot(&entry.key);
        let taken = take_in(slot, entry, &mut ledger, now);
        taken.map_err(|refusal| AbsorbError::Refused(refusal.of(&entry.key)))?;
    }
    slots.save(connection).await?;
    ledger.save(connection, origin).await?;
    Ok(())
}

fn names(entries: &[Entry]) -> BTreeSet<(&str, &str)> {
    let fields = entries.iter().filter_map(|entry| match &entry.content {
        Content::Fields(fields) => Some((entry.key.as_str(), fields)),
        _ => None,
    });
    fields
        .flat_map(|(key, fields)| fields.keys().map(move |field| (key, field.as_str())))
        .collect()
}

fn take_in(slot: &mut Slot, entry: &Entry, ledger: &mut Ledger, now: Instant) -> Result<(), Refusal> {
    slot.expire(now);
    if slot.held.is_none() {
        ledger.forget(&entry.key);
    }
    let expiry = entry.lives.map(|lives| now.after(lives));
    let is_new = slot.held.is_none();
    match &entry.content {
        Content::Sketch(sketch) => slot.merge(sketch)?,
        Content::Counter(counter) => {
            let news = ledger.news(&entry.key, "", Number::Integer(*counter), expiry)?;
            slot.increase(news)?;
        }
        Content::Sum(sum) => {
            let sum = Number::from_float(*sum).ok_or(Refusal::Overflow)?;
            let news = ledger.news(&entry.key, "", sum, expiry)?;
            slot.increase(news)?;
        }
        Content::Fields(fields) => {
            for (field, value) in fields {
                let news = ledger.news(&entry.key, field, Number::Integer(*value), expiry)?;
                let Number::Integer(news) = news else {
                    return Err(Refusal::Overflow);
                };
                slot.increment_field(field, news)?;
            }
        }
    }
    slot.live_at_least(expiry, is_new);
    Ok(())
}

/// What tells this store from every other. It is made with the file, so that this makes the file.
pub(super) async fn identity(file: &File) -> Result<String, Failure> {
    let read = sqlx::query_scalar("SELECT identity FROM store LIMIT 1").fetch_one(file.writer().await?);
    read.await.map_err(|error| file.fault().of(&error))
}
