//! The tables that a test stands on: those that its rows are of, and those that the metric reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::literal::instant;
use crate::definition::{MetricTest, MetricTests, nearest};
use crate::measure::{Bound, DatabaseMeasure, Measure};
use crate::relation::Column;

/// How many names are offered in place of an unknown one.
const OFFERED: usize = 3;

/// A table with all columns that are named anywhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Table {
    /// Each with its type as PostgreSQL spells it.
    pub columns: BTreeMap<String, String>,
}

/// Tables by name.
pub(super) type Tables = BTreeMap<String, Table>;

/// # Errors
/// A table of the test that the metric does not read.
pub(super) fn tables(tests: &MetricTests, test: &MetricTest, leaves: &[&Measure]) -> Result<Tables, String> {
    let named = columns(leaves);
    let read: BTreeSet<&str> = named.iter().map(|(table, _)| table.as_str()).collect();
    let mut tables = Tables::new();
    for table in tests.tables.keys().chain(test.rows.keys()) {
        if !read.contains(table.as_str()) {
            return Err(unread(table, &read));
        }
    }
    for (table, column) in &named {
        let columns = &mut tables.entry(table.clone()).or_default().columns;
        if let Some(column) = column {
            columns.insert(column.clone(), String::new());
        }
    }
    for (table, rows) in &test.rows {
        let columns = &mut tables.entry(table.clone()).or_default().columns;
        for column in rows.iter().flat_map(|row| row.keys()) {
            columns.insert(column.clone(), String::new());
        }
    }
    for (name, table) in &mut tables {
        let declared = tests.tables.get(name);
        table.columns.extend(
            declared
                .into_iter()
                .flatten()
                .map(|(column, kind)| (column.clone(), kind.clone())),
        );
        for (column, kind) in table.columns.iter_mut().filter(|(_, kind)| kind.is_empty()) {
            *kind = kind_of(column, values(test, name, column)).to_owned();
        }
    }
    Ok(tables)
}

fn unread(table: &str, read: &BTreeSet<&str>) -> String {
    if read.is_empty() {
        return format!("there are rows of {table:?}, but the metric reads no table");
    }
    let close = nearest(table, read.iter().copied(), OFFERED);
    let offered = if close.is_empty() {
        read.iter().copied().collect()
    } else {
        close
    };
    format!(
        "the metric does not read the table {table:?}; it reads {}",
        offered.join(", ")
    )
}

/// Tables that measures read, each with the columns that they name; a table of which no column is named stands alone.
fn columns(leaves: &[&Measure]) -> Vec<(String, Option<String>)> {
    let mut named = Vec::new();
    for leaf in leaves {
        match leaf {
            Measure::Database(measure) => of_measure(measure, &mut named),
            Measure::SqlValue(measure) => {
                named.extend(measure.query.tables().into_iter().map(|table| (table.name, None)));
                named.extend(measure.query.columns().into_iter().map(pair));
            }
            _ => {}
        }
    }
    named
}

fn of_measure(measure: &DatabaseMeasure, named: &mut Vec<(String, Option<String>)>) {
    let tables = measure.relation.tables();
    let own_name = |column: &Column| {
        let table = tables.iter().find(|table| table.alias == column.table)?;
        Some((table.name.clone(), Some(column.name.clone())))
    };
    named.extend(measure.counted_column().as_ref().and_then(own_name));
    named.extend(measure.relation.columns().into_iter().map(pair));
    for bound in [&measure.start, &measure.finish].into_iter().flatten() {
        if let Bound::Query(query) = bound {
            named.extend(query.tables().into_iter().map(|table| (table.name, None)));
            named.extend(query.columns().into_iter().map(pair));
        }
    }
    named.extend(tables.iter().map(|table| (table.name.clone(), None)));
}

fn pair(column: Column) -> (String, Option<String>) {
    (column.table, Some(column.name))
}

fn values<'a>(test: &'a MetricTest, table: &str, column: &'a str) -> impl Iterator<Item = &'a Value> {
    let rows = test.rows.get(table).into_iter().flatten();
    rows.filter_map(move |row| row.get(column))
        .filter(|value| !value.is_null())
}

/// The type that all values fit; where there is none, the one that columns of such a name have.
fn kind_of<'a>(column: &str, values: impl Iterator<Item = &'a Value>) -> &'static str {
    let mut kinds: Vec<&'static str> = values.map(|value| kind(column, value)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.as_slice() {
        [] if is_moment(column) => "timestamp",
        [] if column == "id" || column.ends_with("_id") => "bigint",
        [] => "text",
        [one] => one,
        ["bigint", "numeric"] => "numeric",
        _ => "text",
    }
}

fn kind(column: &str, value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "numeric",
        Value::Number(_) => "bigint",
        Value::String(text) if instant(text).is_some() && (is_moment(column) || text.len() > 10) => "timestamp",
        Value::String(text) if instant(text).is_some() => "date",
        Value::String(_) | Value::Null => "text",
        Value::Array(_) | Value::Object(_) => "jsonb",
    }
}

fn is_moment(column: &str) -> bool {
    column.ends_with("_at")
}
