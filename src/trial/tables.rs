//! The tables that a test stands on: those that its rows are of, and those that the metric reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::literal::instant;
use crate::definition::{MetricTest, MetricTests, nearest};
use crate::measure::{Bound, DatabaseMeasure, Measure};
use crate::relation::{Column, Operation, Query};

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
    let named = Named::of(leaves);
    let read: BTreeSet<&str> = named.columns.iter().map(|(table, _)| table.as_str()).collect();
    let mut tables = Tables::new();
    for table in tests.tables.keys().chain(test.rows.keys()) {
        if !read.contains(table.as_str()) {
            return Err(unread(table, &read));
        }
    }
    for (table, column) in &named.columns {
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
            let summed = || named.summed.contains(&(name.clone(), column.clone()));
            *kind = kind_of(column, values(tests, name, column), &summed).to_owned();
        }
    }
    Ok(tables)
}

fn unread(table: &str, read: &BTreeSet<&str>) -> String {
    if read.is_empty() {
        return format!("there are rows of {table:?}, but the metric reads no table");
    }
    let close = nearest(table, read.iter().copied());
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

/// What measures read.
#[derive(Default)]
struct Named {
    /// Tables, each with the columns that are named; a table of which none is stands alone.
    columns: Vec<(String, Option<String>)>,
    /// Columns that hold numbers, as they are summed.
    summed: BTreeSet<(String, String)>,
}

impl Named {
    fn of(leaves: &[&Measure]) -> Named {
        let mut named = Named::default();
        for leaf in leaves {
            match leaf {
                Measure::Database(measure) => named.note(measure),
                Measure::SqlValue(measure) => named.note_query(&measure.query),
                _ => {}
            }
        }
        named
    }

    fn note(&mut self, measure: &DatabaseMeasure) {
        let tables = measure.relation.tables();
        let counted = measure.counted_column().and_then(|column| {
            let table = tables.iter().find(|table| table.alias == column.table)?;
            Some((table.name.clone(), column.name))
        });
        if let Some((table, column)) = counted {
            self.columns.push((table.clone(), Some(column.clone())));
            if matches!(measure.operation, Operation::Sum | Operation::Average) {
                self.summed.insert((table, column));
            }
        }
        self.columns.extend(measure.relation.columns().into_iter().map(pair));
        self.columns.extend(tables.into_iter().map(|table| (table.name, None)));
        for bound in [&measure.start, &measure.finish].into_iter().flatten() {
            if let Bound::Query(query) = bound {
                self.note_query(query);
            }
        }
    }

    fn note_query(&mut self, query: &Query) {
        self.columns.extend(query.columns().into_iter().map(pair));
        self.columns
            .extend(query.tables().into_iter().map(|table| (table.name, None)));
    }
}

fn pair(column: Column) -> (String, Option<String>) {
    (column.table, Some(column.name))
}

/// What all tests of the file have in the column: it is of one type in all of them.
fn values<'a>(tests: &'a MetricTests, table: &'a str, column: &'a str) -> impl Iterator<Item = &'a Value> {
    let rows = tests
        .tests
        .iter()
        .filter_map(move |test| test.rows.get(table))
        .flatten();
    rows.filter_map(move |row| row.get(column))
        .filter(|value| !value.is_null())
}

/// The type that all values fit; where there is none, the one that columns of such a name have.
fn kind_of<'a>(column: &str, values: impl Iterator<Item = &'a Value>, summed: &dyn Fn() -> bool) -> &'static str {
    let mut kinds: Vec<&'static str> = values.map(|value| kind(column, value)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.as_slice() {
        [] if summed() => "numeric",
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
