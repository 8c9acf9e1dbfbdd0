//! Rows out of the file, for many keys at once.

use std::collections::BTreeMap;

use sqlx::sqlite::Sqlite;
use sqlx::{FromRow, QueryBuilder, SqliteConnection};

use super::clock::Instant;
use super::slot::Kind;

/// Keys in one statement: far below the 32,766 values that SQLite takes in one, and few enough to plan quickly.
pub(super) const CHUNK: usize = 500;

#[derive(Debug, FromRow)]
pub(super) struct EntryRow {
    pub(super) key: String,
    pub(super) kind: Kind,
    pub(super) number: Option<String>,
    pub(super) expires_at: Option<Instant>,
}

#[derive(Debug, FromRow)]
pub(super) struct SketchRow {
    pub(super) key: String,
    pub(super) bytes: Vec<u8>,
}

#[derive(Debug, FromRow)]
pub(super) struct FieldRow {
    pub(super) key: String,
    pub(super) field: String,
    pub(super) value: i64,
}

/// The entries of these keys, those that have expired among them.
pub(super) async fn entries(connection: &mut SqliteConnection, keys: &[&str]) -> Result<Vec<EntryRow>, sqlx::Error> {
    let mut rows = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(CHUNK) {
        let mut query = QueryBuilder::new("SELECT key, kind, number, expires_at FROM entries WHERE key IN ");
        push_list(&mut query, chunk);
        let found = query.build_query_as().persistent(false).fetch_all(&mut *connection);
        rows.extend(found.await?);
    }
    Ok(rows)
}

/// The entries of these keys by their keys, without those that have expired.
pub(super) async fn live_entries(
    connection: &mut SqliteConnection,
    keys: &[&str],
    now: Instant,
) -> Result<BTreeMap<String, EntryRow>, sqlx::Error> {
    let rows = entries(connection, keys).await?;
    let live = rows
        .into_iter()
        .filter(|row| row.expires_at.is_none_or(|expiry| expiry > now));
    Ok(live.map(|row| (row.key.clone(), row)).collect())
}

pub(super) async fn sketches(connection: &mut SqliteConnection, keys: &[&str]) -> Result<Vec<SketchRow>, sqlx::Error> {
    let mut rows = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(CHUNK) {
        let mut query = QueryBuilder::new("SELECT key, bytes FROM sketches WHERE key IN ");
        push_list(&mut query, chunk);
        let found = query.build_query_as().persistent(false).fetch_all(&mut *connection);
        rows.extend(found.await?);
    }
    Ok(rows)
}

/// All fields of these keys.
pub(super) async fn fields(connection: &mut SqliteConnection, keys: &[&str]) -> Result<Vec<FieldRow>, sqlx::Error> {
    let mut rows = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        let mut query = QueryBuilder::new("SELECT key, field, value FROM fields WHERE key IN ");
        push_list(&mut query, chunk);
        let found = query.build_query_as().persistent(false).fetch_all(&mut *connection);
        rows.extend(found.await?);
    }
    Ok(rows)
}

/// Those of these fields that there are, each named by its key and its name.
pub(super) async fn named_fields(
    connection: &mut SqliteConnection,
    names: &[(&str, &str)],
) -> Result<Vec<FieldRow>, sqlx::Error> {
    let mut rows = Vec::with_capacity(names.len());
    for chunk in names.chunks(CHUNK) {
        let mut query = QueryBuilder::new("SELECT key, field, value FROM fields WHERE (key, field) IN (");
        query.push_values(chunk, |mut row, (key, field)| {
            row.push_bind((*key).to_owned()).push_bind((*field).to_owned());
        });
        query.push(")");
        let found = query.build_query_as().persistent(false).fetch_all(&mut *connection);
        rows.extend(found.await?);
    }
    Ok(rows)
}

/// Appends the keys as a list in brackets.
pub(super) fn push_list(query: &mut QueryBuilder<Sqlite>, keys: &[&str]) {
    query.push("(");
    let mut list = query.separated(", ");
    for key in keys {
        list.push_bind((*key).to_owned());
    }
    query.push(")");
}
