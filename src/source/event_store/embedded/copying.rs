//! Being copied from, and taking in what other stores hold.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::sqlite::Sqlite;
use sqlx::{Connection, FromRow, QueryBuilder, SqliteConnection};

use super::clock::Instant;
use super::file::File;
use super::number::Number;
use super::read::Contents;
use super::rows::{self, CHUNK, EntryRow};
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
    let read = async {
        let mut transaction = readers.begin().await?;
        let keys = keys_after(&mut transaction, cursor, file.options.page).await?;
        let names: Vec<&str> = keys.iter().map(String::as_str).collect();
        let kinds = [Kind::Number, Kind::Fields, Kind::Sketch];
        let contents = Contents::load(&mut transaction, &names, &kinds, now).await?;
        transaction.commit().await?;
        Ok((keys, contents))
    };
    let (mut keys, contents) = read.await.map_err(|error: sqlx::Error| file.fault().of(&error))?;
    let entries = contents.entries().map(|row| entry(row, &contents, now));
    Ok(Page {
        entries: entries.collect::<Result<_, _>>()?,
        next: keys.pop().filter(|_| keys.len() + 1 == file.options.page as usize),
    })
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
    let absorbed = async {
        let mut connection = writer.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        absorb_entries(&mut transaction, origin, entries, now).await?;
        transaction.commit().await?;
        Ok(())
    };
    absorbed.await.map_err(|error| match error {
        AbsorbError::Database(error) => file.fault().of(&error),
        AbsorbError::Refused(failure) => failure,
    })
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

/// What was taken in before, and now.
#[derive(Debug, Default)]
struct Ledger {
    /// By key and field; the field of a counter or a sum is empty.
    amounts: BTreeMap<(String, String), Number>,
    written: BTreeMap<(String, String), (Number, Option<Instant>)>,
}

#[derive(FromRow)]
struct LedgerRow {
    key: String,
    field: String,
    amount: String,
}

impl Ledger {
    async fn load(
        connection: &mut SqliteConnection,
        origin: &str,
        keys: &BTreeSet<&str>,
        now: Instant,
    ) -> Result<Ledger, sqlx::Error> {
        let keys: Vec<&str> = keys.iter().copied().collect();
        let mut ledger = Ledger::default();
        for chunk in keys.chunks(CHUNK) {
            let mut query: QueryBuilder<Sqlite> =
                QueryBuilder::new("SELECT key, field, amount FROM absorbed WHERE origin = ");
            query.push_bind(origin.to_owned());
            query.push(" AND (expires_at IS NULL OR expires_at > ");
            query.push_bind(now);
            query.push(") AND key IN ");
            rows::push_list(&mut query, chunk);
            let found = query.build_query_as().persistent(false).fetch_all(&mut *connection);
            for LedgerRow { key, field, amount } in found.await? {
                let amount =
                    Number::parse(&amount).ok_or_else(|| sqlx::Error::Decode("an amount is no number".into()))?;
                ledger.amounts.insert((key, field), amount);
            }
        }
        Ok(ledger)
    }

    /// What of an amount is new since it was last taken in; from now on all of it counts as taken in.
    fn news(&mut self, key: &str, field: &str, amount: Number, expires_at: Option<Instant>) -> Result<Number, Refusal> {
        let place = (key.to_owned(), field.to_owned());
        let before = self.amounts.insert(place.clone(), amount).unwrap_or(Number::ZERO);
        self.written.insert(place, (amount, expires_at));
        amount.minus(before).ok_or(Refusal::Overflow)
    }

    /// What was taken in of this key is not here any more.
    fn forget(&mut self, key: &str) {
        self.amounts.retain(|(of, _), _| of != key);
    }

    async fn save(&self, connection: &mut SqliteConnection, origin: &str) -> Result<(), sqlx::Error> {
        let lines: Vec<_> = self.written.iter().collect();
        for chunk in lines.chunks(CHUNK) {
            let mut query: QueryBuilder<Sqlite> =
                QueryBuilder::new("INSERT INTO absorbed (key, origin, field, amount, expires_at) ");
            query.push_values(chunk, |mut row, ((key, field), (amount, expires_at))| {
                row.push_bind(key.clone())
                    .push_bind(origin.to_owned())
                    .push_bind(field.clone())
                    .push_bind(amount.to_string())
                    .push_bind(*expires_at);
            });
            query.push(
                " ON CONFLICT (key, origin, field) \
                 DO UPDATE SET amount = excluded.amount, expires_at = excluded.expires_at",
            );
            query.build().persistent(false).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// What tells this store from every other. It is made with the file, so that this makes the file.
pub(super) async fn identity(file: &File) -> Result<String, Failure> {
    let read = sqlx::query_scalar("SELECT identity FROM store LIMIT 1").fetch_one(file.writer().await?);
    read.await.map_err(|error| file.fault().of(&error))
}
