//! Reading: keys of any number in few statements; what is absent is empty, what is wrong with one key is that key's.

use std::collections::BTreeMap;

use sqlx::{Connection, SqliteConnection};

use super::clock::Instant;
use super::file::{File, give_back};
use super::rows::{self, EntryRow};
use super::slot::{Kind, damaged, other_kind};
use crate::measure::{Failure, Reason};
use crate::sketch::HyperLogLog;
use crate::source::event_store::{Union, UnionAnswer, Unions};

pub(super) type Fields = BTreeMap<String, i64>;

/// Entries that live, and of one kind what they hold, each by its key.
#[derive(Debug, Default)]
pub(super) struct Contents {
    entries: BTreeMap<String, EntryRow>,
    sketches: BTreeMap<String, Vec<u8>>,
    fields: BTreeMap<String, Fields>,
}

pub(super) async fn values(file: &File, keys: &[String]) -> Vec<Result<Option<String>, Failure>> {
    match read(file, keys, Kind::Number).await {
        Ok(contents) => keys.iter().map(|key| contents.number(key)).collect(),
        Err(failure) => keys.iter().map(|_| Err(failure.clone())).collect(),
    }
}

pub(super) async fn hashes(file: &File, keys: &[String]) -> Vec<Result<Fields, Failure>> {
    match read(file, keys, Kind::Fields).await {
        Ok(contents) => keys.iter().map(|key| contents.fields(key)).collect(),
        Err(failure) => keys.iter().map(|_| Err(failure.clone())).collect(),
    }
}

pub(super) async fn unions(file: &File, ask: &Unions) -> Vec<Result<UnionAnswer, Failure>> {
    match read(file, &ask.keys, Kind::Sketch).await {
        Ok(contents) => {
            let sketches: Vec<_> = ask.keys.iter().map(|key| contents.sketch(key)).collect();
            ask.unions.iter().map(|union| answer(union, &sketches)).collect()
        }
        Err(failure) => ask.unions.iter().map(|_| Err(failure.clone())).collect(),
    }
}

/// What these keys hold of that kind, all as of one moment.
async fn read(file: &File, keys: &[String], wanted: Kind) -> Result<Contents, Failure> {
    let Some(readers) = file.readers().await? else {
        return Ok(Contents::default());
    };
    let now = file.options.clock.now();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let sorted = |error| file.fault().of(&error);
    let mut connection = readers.acquire().await.map_err(sorted)?;
    let contents = read_in(&mut connection, &keys, wanted, now).await;
    give_back(connection, contents).map_err(sorted)
}

async fn read_in(
    connection: &mut SqliteConnection,
    keys: &[&str],
    wanted: Kind,
    now: Instant,
) -> Result<Contents, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let contents = Contents::load(&mut transaction, keys, &[wanted], now).await?;
    transaction.commit().await?;
    Ok(contents)
}

impl Contents {
    /// Reads the live entries of these keys, and what those of the wanted kinds hold.
    pub(super) async fn load(
        connection: &mut SqliteConnection,
        keys: &[&str],
        wanted: &[Kind],
        now: Instant,
    ) -> Result<Contents, sqlx::Error> {
        let mut contents = Contents {
            entries: rows::live_entries(connection, keys, now).await?,
            ..Contents::default()
        };
        let of_kind = |kind| {
            let rows = contents.entries.values();
            let of_kind = rows.filter(move |row| row.kind == kind && wanted.contains(&kind));
            of_kind.map(|row| row.key.as_str()).collect::<Vec<_>>()
        };
        let sketches = rows::sketches(connection, &of_kind(Kind::Sketch)).await?;
        let fields = rows::fields(connection, &of_kind(Kind::Fields)).await?;
        contents.sketches = sketches.into_iter().map(|row| (row.key, row.bytes)).collect();
        for row in fields {
            contents.fields.entry(row.key).or_default().insert(row.field, row.value);
        }
        Ok(contents)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &EntryRow> {
        self.entries.values()
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<String>, Failure> {
        let entry = self.entry(key, Kind::Number)?;
        Ok(entry.and_then(|entry| entry.number.clone()))
    }

    pub(super) fn fields(&self, key: &str) -> Result<Fields, Failure> {
        self.entry(key, Kind::Fields)?;
        Ok(self.fields.get(key).cloned().unwrap_or_default())
    }

    pub(super) fn sketch(&self, key: &str) -> Result<HyperLogLog, Failure> {
        if self.entry(key, Kind::Sketch)?.is_none() {
            return Ok(HyperLogLog::new());
        }
        let bytes = self.sketches.get(key).map(Vec::as_slice).unwrap_or_default();
        HyperLogLog::from_redis_bytes(bytes).map_err(|_| damaged(key, Kind::Sketch))
    }

    fn entry(&self, key: &str, wanted: Kind) -> Result<Option<&EntryRow>, Failure> {
        match self.entries.get(key) {
            Some(entry) if entry.kind != wanted => Err(other_kind(key, entry.kind.name(), wanted.name())),
            entry => Ok(entry),
        }
    }
}

fn answer(union: &Union, sketches: &[Result<HyperLogLog, Failure>]) -> Result<UnionAnswer, Failure> {
    let mut merged = HyperLogLog::new();
    for place in &union.keys {
        match sketches.get(*place) {
            Some(Ok(sketch)) => merged.merge(sketch),
            Some(Err(failure)) => return Err(failure.clone()),
            None => return Err(out_of_place(*place, sketches.len())),
        }
    }
    Ok(if union.wants_sketch {
        UnionAnswer::Sketch(Box::new(merged))
    } else {
        UnionAnswer::Count(merged.count())
    })
}

fn out_of_place(place: usize, keys: usize) -> Failure {
    Failure::new(
        Reason::InvalidStatement,
        format!("a union names key {place} of a question with {keys} keys"),
    )
}
