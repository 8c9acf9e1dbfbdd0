//! Every statement prepared on the live schema, and what the catalogue says against it.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;

use super::finding::{self, Finding, FindingKind};
use super::statistics::Statistics;
use crate::batch;
use crate::measure::{Bound, DatabaseMeasure, Failure, Measure, PrimaryKey, SqlValueMeasure};
use crate::relation::{MainTable, Operation};
use crate::source::Sources;
use crate::source::database::{ColumnKind, Database, DatabaseError, Session, TableInfo, indexes};

/// Rows, by statistics, from which on a distinct count or a window wants an index (spec 15).
const LARGE_TABLE: u64 = 10_000;
/// Rows, by statistics, from which on a histogram is too much for one statement.
const HUGE_TABLE: u64 = 1_000_000;

/// What was found of each measure that has anything against it.
pub type Prepared = HashMap<Measure, Vec<Finding>>;

/// Has each measure's statements parsed and planned, and its rights checked; nothing runs. Databases are asked over as
/// many connections as they allow.
///
/// # Errors
/// The name of a database that cannot be asked, and why.
pub async fn prepare(measures: &[&Measure], sources: &Sources) -> Result<Prepared, (String, DatabaseError)> {
    let mut prepared = Prepared::new();
    let mut by_database: HashMap<&str, Vec<&Measure>> = HashMap::new();
    let mut known: HashSet<&Measure> = HashSet::new();
    for measure in measures {
        let name = match measure {
            Measure::Database(measure) => &measure.database,
            Measure::SqlValue(measure) => &measure.database,
            _ => continue,
        };
        if known.insert(measure) {
            by_database.entry(name).or_default().push(measure);
        }
    }
    for (name, measures) in by_database {
        let Ok(database) = sources.database(name) else {
            let message = format!("the configuration has no [database.{name}]");
            let finding = |measure: &&Measure| ((*measure).clone(), vec![Finding::refused(message.clone())]);
            prepared.extend(measures.iter().map(finding));
            continue;
        };
        let found = on(database, &measures, sources).await;
        prepared.extend(found.map_err(|error| (name.to_owned(), error))?);
    }
    Ok(prepared)
}

async fn on(database: &Database, measures: &[&Measure], sources: &Sources) -> Result<Prepared, DatabaseError> {
    let lanes = database.options().connections.clamp(1, measures.len().max(1));
    let first = database.open_patiently(&sources.interrupt, sources.log.clone()).await?;
    let mut sessions = vec![first];
    for _ in 1..lanes {
        // A server that allows no more connections is asked over those that there are.
        match database.open(&sources.interrupt, sources.log.clone()).await {
            Ok(session) => sessions.push(session),
            Err(_) => break,
        }
    }
    let share = measures.len().div_ceil(sessions.len());
    let lanes = sessions
        .into_iter()
        .zip(measures.chunks(share.max(1)))
        .map(|(session, mine)| lane(session, database, mine));
    let mut prepared = Prepared::new();
    for found in join_all(lanes).await {
        prepared.extend(found?);
    }
    Ok(prepared)
}

async fn lane(mut session: Session, database: &Database, measures: &[&Measure]) -> Result<Prepared, DatabaseError> {
    let mut prepared = Prepared::new();
    for measure in measures {
        let found = match measure {
            Measure::Database(measure) => of_batches(&mut session, database, measure).await?,
            Measure::SqlValue(measure) => of_query(&mut session, database, measure).await?,
            _ => Vec::new(),
        };
        if !found.is_empty() {
            prepared.insert((*measure).clone(), found);
        }
    }
    session.close().await;
    Ok(prepared)
}

async fn of_query(
    session: &mut Session,
    database: &Database,
    measure: &SqlValueMeasure,
) -> Result<Vec<Finding>, DatabaseError> {
    match measure.query.render(session.dialect()) {
        Ok(sql) => planned(session, database, &sql, &measure.query.tables()).await,
        Err(error) => Ok(vec![Finding::refused(error.to_string())]),
    }
}

async fn of_batches(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<Vec<Finding>, DatabaseError> {
    // A table that cannot be looked up says so when its statement is planned.
    let known = batch::with_known_key(session, database, measure)
        .await
        .unwrap_or_else(|_| measure.clone());
    let column = known.counted_column();
    let statement = known
        .relation
        .statement(session.dialect(), known.operation, column.as_ref());
    let mut found = match statement {
        Ok(sql) => planned(session, database, &sql, &known.relation.tables()).await?,
        Err(error) => vec![Finding::refused(error.to_string())],
    };
    for bound in [&known.start, &known.finish].into_iter().flatten() {
        if let Bound::Query(query) = bound
            && let Ok(sql) = query.render(session.dialect())
        {
            found.extend(planned(session, database, &sql, &query.tables()).await?);
        }
    }
    if found.is_empty() {
        found = against(session, database, &known).await?;
    }
    Ok(found)
}

/// What the server says when it plans the statement.
async fn planned(
    session: &mut Session,
    database: &Database,
    sql: &str,
    tables: &[MainTable],
) -> Result<Vec<Finding>, DatabaseError> {
    match session.explain(sql).await {
        Ok(()) => Ok(Vec::new()),
        Err(error) if error.ends_session() => Err(error),
        Err(error) => finding::of_refusal(session, database, tables, &Failure::from(error)).await,
    }
}

/// What the catalogue has against a statement that can be planned.
async fn against(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<Vec<Finding>, DatabaseError> {
    let mut found = Vec::new();
    if let PrimaryKey::Declared(key) = &measure.key
        && let Some((table, info)) = table(session, database, measure, measure.relation.main_alias()).await?
    {
        let missing = key.iter().filter(|column| !info.columns.contains_key(&column.name));
        found.extend(missing.map(|column| finding::unknown_column(&column.name, &table.name, &info)));
    }
    if let Some(column) = &measure.column
        && let Some((table, info)) = table(session, database, measure, &column.table).await?
    {
        let is_text = info
            .columns
            .get(&column.name)
            .is_some_and(|info| info.kind == ColumnKind::Text);
        let of_numbers = matches!(measure.operation, Operation::Sum | Operation::Average);
        if is_text && of_numbers {
            let message = format!(
                "column `{}` of `{}` holds text, which cannot be summed",
                column.name, table.name
            );
            found.push(Finding::refused(message).at_counted());
        }
        let unindexed = measure.operation == Operation::DistinctCount && !info.indexed.contains(&column.name);
        if unindexed && is_larger(session, database, &table, LARGE_TABLE).await? {
            found.push(Finding::new(
                FindingKind::DistinctCountUnindexed,
                &column.name,
                &table.name,
            ));
        }
        let histogram = matches!(measure.operation, Operation::Histogram { .. });
        if histogram && is_larger(session, database, &table, HUGE_TABLE).await? {
            found.push(Finding::new(
                FindingKind::HistogramLargeTable,
                &column.name,
                &table.name,
            ));
        }
    }
    if let Some((column, _)) = &measure.window
        && let Some((table, info)) = table(session, database, measure, &column.table).await?
        && !info.indexed.contains(&column.name)
        && is_larger(session, database, &table, LARGE_TABLE).await?
    {
        // A partial index, or one with equal columns before the time, serves a window as well.
        let there = indexes(session, &table).await?;
        if !there.iter().any(|index| index.columns.contains(&column.name)) {
            found.push(Finding::new(FindingKind::WindowUnindexed, &column.name, &table.name));
        }
    }
    Ok(found)
}

async fn table(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    alias: &str,
) -> Result<Option<(MainTable, std::sync::Arc<TableInfo>)>, DatabaseError> {
    let Some(table) = measure.relation.table(alias) else {
        return Ok(None);
    };
    Ok(database.table(session, &table).await?.map(|info| (table, info)))
}

async fn is_larger(
    session: &mut Session,
    database: &Database,
    table: &MainTable,
    rows: u64,
) -> Result<bool, DatabaseError> {
    let statistics = Statistics::of(std::slice::from_ref(table), session, database).await?;
    Ok(statistics.rows.get(&table.name).is_some_and(|there| *there > rows))
}
