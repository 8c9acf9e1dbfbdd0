//! A test's tables and rows, made where nobody else sees them.

use uuid::Uuid;

use super::fill::{create, insert};
use super::literal::{name, text};
use super::tables::{Table, Tables};
use crate::definition::MetricTest;
use crate::relation::Dialect;
use crate::source::database::{DatabaseError, Rehearsal};

/// Makes all tables and their rows.
///
/// # Errors
/// What the author of the test reads: what could not be made, and why.
pub(super) async fn set(rehearsal: &Rehearsal, tables: &Tables, test: &MetricTest) -> Result<(), String> {
    let schema = match rehearsal.dialect() {
        Dialect::Postgres => Some(schema(rehearsal).await?),
        Dialect::Sqlite => None,
    };
    for (table_name, table) in tables {
        let made = make(rehearsal, schema.as_deref(), table_name, table).await;
        made.map_err(|error| format!("the table {table_name:?} cannot be made: {error}"))?;
    }
    if let Some(schema) = &schema {
        // What a test does not make is not to be found either: it would be the instance's own.
        let path = format!("SET LOCAL search_path TO {}", name(schema));
        rehearsal.rows(&path).await.map_err(|error| error.to_string())?;
    }
    for (table_name, rows) in &test.rows {
        let Some(table) = tables.get(table_name) else { continue };
        if let Some(sql) = insert(table_name, table, rows, rehearsal.dialect()) {
            let made = rehearsal.rows(&sql).await;
            made.map_err(|error| {
                format!("the rows of {table_name:?} cannot be made: {error}; `tables` says types of columns")
            })?;
        }
    }
    Ok(())
}

/// A schema of a name that nobody else has.
async fn schema(rehearsal: &Rehearsal) -> Result<String, String> {
    let schema = format!("service_ping_test_{}", Uuid::now_v7().simple());
    let made = rehearsal.rows(&format!("CREATE SCHEMA {}", name(&schema))).await;
    made.map_err(|error| {
        format!("no schema can be made for the test: {error}; its role needs CREATE on the database, or --database names another one")
    })?;
    Ok(schema)
}

/// Like the live table of the same name, where there is one: its columns and types, and no constraint.
async fn make(
    rehearsal: &Rehearsal,
    schema: Option<&str>,
    table_name: &str,
    table: &Table,
) -> Result<(), DatabaseError> {
    let Some(schema) = schema else {
        return rehearsal
            .rows(&create(table_name, table, Dialect::Sqlite))
            .await
            .map(drop);
    };
    let live = format!("SELECT to_regclass({}) IS NOT NULL", text(&name(table_name)));
    let is_live = rehearsal
        .rows(&live)
        .await?
        .into_iter()
        .flatten()
        .flatten()
        .next()
        .as_deref()
        == Some("t");
    let target = format!("{}.{}", name(schema), name(table_name));
    let sql = if is_live {
        format!("CREATE TABLE {target} AS TABLE {} WITH NO DATA", name(table_name))
    } else {
        create(table_name, table, Dialect::Postgres).replacen(&name(table_name), &target, 1)
    };
    rehearsal.rows(&sql).await.map(drop)
}
