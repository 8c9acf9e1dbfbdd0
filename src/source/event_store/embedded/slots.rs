//! The keys of a batch in memory: read together, changed one write after the other, written down together.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, SqliteConnection};

use super::number::Number;
use super::rows::{self, CHUNK, EntryRow};
use super::slot::{Held, Kind, Slot};
use crate::sketch::HyperLogLog;

/// Slots by their keys.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: BTreeMap<String, Slot>,
}

impl Slots {
    /// Reads these keys, and of hashes those of these fields that there are.
    pub(super) async fn load(
        connection: &mut SqliteConnection,
        keys: &BTreeSet<&str>,
        names: &BTreeSet<(&str, &str)>,
    ) -> Result<Slots, sqlx::Error> {
        let keys: Vec<&str> = keys.iter().copied().collect();
        let entries = rows::entries(connection, &keys).await?;
        let of_kind = |kind| {
            entries
                .iter()
                .filter(move |row| row.kind == kind)
                .map(|row| row.key.as_str())
        };
        let sketches: Vec<&str> = of_kind(Kind::Sketch).collect();
        let hashes: BTreeSet<&str> = of_kind(Kind::Fields).collect();
        let names: Vec<(&str, &str)> = names.iter().copied().filter(|(key, _)| hashes.contains(key)).collect();
        let sketches = rows::sketches(connection, &sketches).await?;
        let fields = rows::named_fields(connection, &names).await?;
        let slots = entries.iter().map(|row| (row.key.clone(), slot(row)));
        let mut slots = Slots { slots: slots.collect() };
        for row in sketches {
            slots.take_sketch(&row.key, &row.bytes);
        }
        for row in fields {
            slots.take_field(&row.key, row.field, row.value);
        }
        Ok(slots)
    }

    /// The slot of a key, empty where the file has none.
    pub(super) fn slot(&mut self, key: &str) -> &mut Slot {
        self.slots.entry(key.to_owned()).or_default()
    }

    fn take_sketch(&mut self, key: &str, bytes: &[u8]) {
        if let Ok(sketch) = HyperLogLog::from_redis_bytes(bytes) {
            self.slot(key).held = Some(Held::Sketch(sketch));
        }
    }

    fn take_field(&mut self, key: &str, field: String, value: i64) {
        if let Some(Held::Fields(fields)) = &mut self.slot(key).held {
            fields.insert(field, value);
        }
    }

    /// Writes down what changed.
    pub(super) async fn save(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        self.delete_restarted(connection).await?;
        self.save_entries(connection).await?;
        self.save_sketches(connection).await?;
        self.save_fields(connection).await
    }

    async fn delete_restarted(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let restarted = self.slots.iter().filter(|(_, slot)| slot.changes.restarted);
        let keys: Vec<&str> = restarted.map(|(key, _)| key.as_str()).collect();
        for chunk in keys.chunks(CHUNK) {
            let mut query = QueryBuilder::new("DELETE FROM entries WHERE key IN ");
            rows::push_list(&mut query, chunk);
            execute(connection, query).await?;
        }
        Ok(())
    }

    async fn save_entries(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let changed = self.slots.iter().filter(|(_, slot)| slot.changes.entry);
        let rows: Vec<_> = changed
            .filter_map(|(key, slot)| Some((key, slot.held.as_ref()?, slot.expires_at)))
            .collect();
        for chunk in rows.chunks(CHUNK) {
            let mut query = QueryBuilder::new("INSERT INTO entries (key, kind, number, expires_at) ");
            query.push_values(chunk, |mut row, (key, held, expires_at)| {
                row.push_bind((*key).clone())
                    .push_bind(held.kind())
                    .push_bind(number(held))
                    .push_bind(*expires_at);
            });
            query.push(" ON CONFLICT (key) DO UPDATE SET number = excluded.number, expires_at = excluded.expires_at");
            execute(connection, query).await?;
        }
        Ok(())
    }

    async fn save_sketches(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let changed = self.slots.iter().filter(|(_, slot)| slot.changes.sketch);
        let rows: Vec<_> = changed
            .filter_map(|(key, slot)| match &slot.held {
                Some(Held::Sketch(sketch)) => Some((key, sketch)),
                _ => None,
            })
            .collect();
        for chunk in rows.chunks(CHUNK) {
            let mut query = QueryBuilder::new("INSERT INTO sketches (key, bytes) ");
            query.push_values(chunk, |mut row, (key, sketch)| {
                row.push_bind((*key).clone()).push_bind(sketch.to_redis_compact_bytes());
            });
            query.push(" ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes");
            execute(connection, query).await?;
        }
        Ok(())
    }

    async fn save_fields(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<_> = self
            .slots
            .iter()
            .flat_map(|(key, slot)| changed_fields(key, slot))
            .collect();
        for chunk in rows.chunks(CHUNK) {
            let mut query = QueryBuilder::new("INSERT INTO fields (key, field, value) ");
            query.push_values(chunk, |mut row, (key, field, value)| {
                row.push_bind((*key).to_owned())
                    .push_bind((*field).to_owned())
                    .push_bind(*value);
            });
            query.push(" ON CONFLICT (key, field) DO UPDATE SET value = excluded.value");
            execute(connection, query).await?;
        }
        Ok(())
    }
}

/// The slot of an entry whose sketch and fields are still to come: a sketch that does not come is damaged.
fn slot(row: &EntryRow) -> Slot {
    let held = match row.kind {
        Kind::Number => row
            .number
            .as_deref()
            .and_then(Number::parse)
            .map_or(Held::Damaged(Kind::Number), Held::Number),
        Kind::Fields => Held::Fields(BTreeMap::new()),
        Kind::Sketch => Held::Damaged(Kind::Sketch),
    };
    Slot::new(held, row.expires_at)
}

fn number(held: &Held) -> Option<String> {
    match held {
        Held::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn changed_fields<'a>(key: &'a str, slot: &'a Slot) -> impl Iterator<Item = (&'a str, &'a str, i64)> {
    let fields = match &slot.held {
        Some(Held::Fields(fields)) => Some(fields),
        _ => None,
    };
    let names = slot.changes.fields.iter();
    names.filter_map(move |name| Some((key, name.as_str(), *fields?.get(name)?)))
}

async fn execute(connection: &mut SqliteConnection, mut query: QueryBuilder<Sqlite>) -> Result<(), sqlx::Error> {
    query.build().persistent(false).execute(connection).await.map(drop)
}
