//! The tables and columns that may have been meant, where a database does not have those that were named.

use super::wanted::did_you_mean;
use crate::measure::{Failure, Measure, Reason};
use crate::relation::MainTable;
use crate::source::Sources;
use crate::source::database::{ListedTable, StatementLog};

/// What may have been meant; empty where the failure is another.
pub(super) async fn of(leaves: &[&Measure], failure: Option<&Failure>, sources: &Sources) -> Vec<String> {
    let Some(failure) =
        failure.filter(|failure| [Reason::MissingTable, Reason::MissingColumn].contains(&failure.reason))
    else {
        return Vec::new();
    };
    let mut remarks = Vec::new();
    for (database, tables) in leaves.iter().filter_map(|leaf| asked(leaf)) {
        let known = listed(database, sources).await;
        remarks.extend(match failure.reason {
            Reason::MissingTable => tables_meant(&tables, &known),
            _ => column_meant(&failure.message, &tables, &known).into_iter().collect(),
        });
    }
    remarks
}

/// The tables that a measure names, and their database.
fn asked(leaf: &Measure) -> Option<(&str, Vec<MainTable>)> {
    match leaf {
        Measure::Database(measure) => Some((&measure.database, measure.relation.tables())),
        Measure::SqlValue(measure) => Some((&measure.database, measure.query.tables())),
        _ => None,
    }
}

/// Nothing where the database cannot be asked: what failed before is what counts.
async fn listed(database: &str, sources: &Sources) -> Vec<ListedTable> {
    let Some(database) = sources.databases.get(database) else {
        return Vec::new();
    };
    let Ok(mut session) = database.open(&sources.interrupt, StatementLog::default()).await else {
        return Vec::new();
    };
    let tables = session.list_tables().await.unwrap_or_default();
    session.close().await;
    tables
}

fn tables_meant(tables: &[MainTable], known: &[ListedTable]) -> Vec<String> {
    let missing = tables
        .iter()
        .filter(|table| !known.iter().any(|known| known.name.eq_ignore_ascii_case(&table.name)));
    missing
        .filter_map(|table| {
            let help = did_you_mean(&table.name, known.iter().map(|known| known.name.as_str()))?;
            Some(format!("there is no table {:?}\n  {help}", table.name))
        })
        .collect()
}

fn column_meant(message: &str, tables: &[MainTable], known: &[ListedTable]) -> Option<String> {
    let name = missing_column(message)?;
    let of_tables = known
        .iter()
        .filter(|known| tables.iter().any(|table| table.name == known.name));
    let columns = of_tables
        .flat_map(|table| &table.columns)
        .map(|column| column.name.as_str());
    let help = did_you_mean(name, columns)?;
    Some(format!("there is no column {name:?}\n  {help}"))
}

/// The name in `column users.naem does not exist` and `no such column: users.naem`.
fn missing_column(message: &str) -> Option<&str> {
    let mut words = message
        .split_whitespace()
        .skip_while(|word| !["column", "column:"].contains(word));
    let name = words.nth(1)?.trim_matches('"');
    name.rsplit('.').next()
}
