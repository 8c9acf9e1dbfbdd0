//! The same sample rows in SQLite, and in PostgreSQL with GitLab's own tables.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeZone, Utc};
use service_ping::sample::{Cell, Filling, Table, tables};

use crate::support::gitlab_schema::GitlabSchema;
use crate::support::postgres::{Database, Postgres};

/// A few thousand rows in each of the larger tables.
const SCALE: f64 = 0.05;
/// Rows of one INSERT.
const BATCH: usize = 500;

/// The moment of every run, and of the sample.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 19, 10, 54, 30).unwrap()
}

/// The sample instance as a SQLite file in `folder`.
pub fn sqlite(folder: &Path) -> PathBuf {
    let path = folder.join("sample.db");
    crate::block_on(service_ping::sample::create(&path, now(), SCALE)).expect("a sample is made");
    path
}

/// The sample instance in PostgreSQL; `None` where GitLab's schema is not at hand.
pub fn postgres() -> Option<Database<'static>> {
    let schema = GitlabSchema::load()?;
    let database = Postgres::shared().database();
    let names: Vec<&str> = tables().map(|table| table.name).collect();
    // The sample has GitLab's columns and keys, not all of its rules: a small one repeats a few pairs.
    let mut statements: Vec<String> = schema
        .create_tables(&names)
        .iter()
        .map(|sql| sql.replacen("CREATE UNIQUE INDEX", "CREATE INDEX", 1))
        .collect();
    statements.extend(
        tables()
            .map(|table| loosened(&schema, table))
            .filter(|sql| !sql.is_empty()),
    );
    let filling = Filling::new(now(), SCALE).expect("the scale is one");
    statements.extend(tables().flat_map(|table| inserts(table, &filling)));
    database.execute(&statements);
    database.psql("ANALYZE");
    Some(database)
}

/// Columns that the sample does not fill, or fills as releases before this one did, may be NULL.
fn loosened(schema: &GitlabSchema, table: &Table) -> String {
    let required = schema
        .columns(table.name)
        .iter()
        .filter(|column| column.not_null && !column.primary_key);
    let parts: Vec<String> = required
        .map(|column| format!("ALTER COLUMN \"{}\" DROP NOT NULL", column.name))
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("ALTER TABLE \"{}\" {}", table.name, parts.join(", "))
}

fn inserts(table: &'static Table, filling: &Filling) -> Vec<String> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let head = format!("INSERT INTO \"{}\" ({}) VALUES ", table.name, columns.join(", "));
    let rows: Vec<String> = filling
        .table(table)
        .map(|row| format!("({})", row.iter().map(literal).collect::<Vec<_>>().join(", ")))
        .collect();
    rows.chunks(BATCH)
        .map(|chunk| format!("{head}{}", chunk.join(", ")))
        .collect()
}

fn literal(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(integer) => integer.to_string(),
        Cell::Boolean(flag) => flag.to_string(),
        Cell::Text(text) => format!("'{}'", text.replace('\'', "''")),
    }
}
