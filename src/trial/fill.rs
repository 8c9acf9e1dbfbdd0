//! Rows of a test as statements.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::literal::{literal, name};
use super::tables::Table;
use crate::measure::PrimaryKey;
use crate::relation::Dialect;

/// `CREATE TABLE` with the table's columns and no constraints.
pub(super) fn create(table_name: &str, table: &Table, dialect: Dialect) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(column, kind)| format!("{} {}", name(column), spelled(kind, dialect)))
        .collect();
    // A table of which nothing is known but its rows' number.
    let columns = if columns.is_empty() {
        format!("{} bigint", name(PrimaryKey::ASSUMED))
    } else {
        columns.join(", ")
    };
    format!("CREATE TABLE {} ({columns})", name(table_name))
}

/// SQLite knows types by what is in their names; an array or a document is text to it.
fn spelled(kind: &str, dialect: Dialect) -> &str {
    match (dialect, kind) {
        (Dialect::Sqlite, "json" | "jsonb" | "timestamp" | "date") => "text",
        (Dialect::Sqlite, kind) if kind.ends_with("[]") || kind.starts_with("timestamp") => "text",
        _ => kind,
    }
}

/// The rows, in one statement; `None` where there are none.
pub(super) fn insert(table_name: &str, table: &Table, rows: &[Map<String, Value>], dialect: Dialect) -> Option<String> {
    let numbered = numbered(table, rows);
    let columns: BTreeSet<&String> = numbered.iter().flat_map(Map::keys).collect();
    if rows.is_empty() {
        return None;
    }
    if columns.is_empty() {
        let rows = vec!["(NULL)"; rows.len()].join(", ");
        return Some(format!("INSERT INTO {} VALUES {rows}", name(table_name)));
    }
    let row = |row: &Map<String, Value>| {
        let values: Vec<String> = columns
            .iter()
            .map(|column| {
                literal(
                    row.get(*column).unwrap_or(&Value::Null),
                    holds_moments(table, column),
                    dialect,
                )
            })
            .collect();
        format!("({})", values.join(", "))
    };
    let values: Vec<String> = numbered.iter().map(row).collect();
    let columns: Vec<String> = columns.iter().map(|column| name(column)).collect();
    Some(format!(
        "INSERT INTO {} ({}) VALUES {}",
        name(table_name),
        columns.join(", "),
        values.join(", ")
    ))
}

fn holds_moments(table: &Table, column: &str) -> bool {
    table
        .columns
        .get(column)
        .is_some_and(|kind| kind.starts_with("timestamp"))
}

/// Rows without an `id` get the next ones that are free, as a sequence would give them.
fn numbered(table: &Table, rows: &[Map<String, Value>]) -> Vec<Map<String, Value>> {
    let id = PrimaryKey::ASSUMED;
    if !table.columns.contains_key(id) {
        return rows.to_vec();
    }
    let taken: BTreeSet<i64> = rows.iter().filter_map(|row| row.get(id)?.as_i64()).collect();
    let mut free = (1..).filter(|number| !taken.contains(number));
    rows.iter()
        .map(|row| {
            let mut row = row.clone();
            if !row.contains_key(id) {
                row.insert(id.to_owned(), free.next().into());
            }
            row
        })
        .collect()
}
