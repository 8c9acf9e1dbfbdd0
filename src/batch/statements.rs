//! The statements of one measure by itself, as its table has them: for those who review.

use super::partition::{Partition, choose};
use super::ranges::{Next, Ranges};
use super::tally::aggregates;
use crate::measure::{DatabaseMeasure, Failure, Reason};
use crate::relation::{Aggregate, Column, KeyRange, KeyValue, Operation, RelationError};
use crate::source::database::{ColumnKind, Database, DatabaseError, Session, TableInfo};

/// What `COUNT` is asked of: rows, where an `id` was only assumed and the table has none.
pub(super) async fn counted_column(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<Option<Column>, Failure> {
    let assumed = measure.column.is_none().then(|| measure.counted_column()).flatten();
    let Some(column) = assumed else {
        return Ok(measure.column.clone());
    };
    let table = table_info(session, database, measure, &column.table).await?;
    let is_there = table.is_none_or(|table| table.columns.contains_key(&column.name));
    Ok(is_there.then_some(column))
}

/// One range to count, and the key it was stepped to.
pub(super) struct Step {
    pub(super) range: Option<KeyRange>,
    key: Option<Vec<KeyValue>>,
}

/// How a measure is split, and the table that says so.
pub(super) async fn partition(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<(Partition, Option<std::sync::Arc<TableInfo>>), Failure> {
    let alias = match (measure.operation, &measure.column) {
        (Operation::DistinctCount, Some(column)) => column.table.as_str(),
        _ => measure.relation.main_alias(),
    };
    let table = table_info(session, database, measure, alias).await?;
    let partition = choose(measure, table.as_deref(), session.reads_block_ranges())?;
    Ok((partition, table))
}

/// What is asked of each range.
pub(super) async fn wanted(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    in_ranges: bool,
) -> Result<Vec<Aggregate>, Failure> {
    if measure.operation == Operation::EstimateBatchDistinctCount {
        let Some(column) = &measure.column else {
            return Err(Failure::new(Reason::InvalidOptions, "an estimate needs a column"));
        };
        let integers = column_kind(session, database, measure, column).await? == Some(ColumnKind::Integer);
        return Ok(vec![match integers && in_ranges {
            true => Aggregate::PackedIntegers(column.clone()),
            false => Aggregate::Values(column.clone()),
        }]);
    }
    let column = counted_column(session, database, measure).await?;
    match aggregates(measure.operation, column.as_ref()) {
        Some((_, wanted)) => Ok(wanted),
        None => Err(Failure::new(Reason::InvalidOptions, "the operation needs a column")),
    }
}

pub(super) async fn next(
    session: &mut Session,
    measure: &DatabaseMeasure,
    ranges: &mut Ranges,
    retries: &mut u32,
) -> Result<Option<Step>, Failure> {
    loop {
        match ranges.next() {
            Next::End => return Ok(None),
            Next::Everything => return Ok(Some(Step { range: None, key: None })),
            Next::Range(range) => {
                return Ok(Some(Step {
                    range: Some(range),
                    key: None,
                }));
            }
            Next::Step { columns, from, rows } => {
                let sql = measure
                    .relation
                    .step(session.dialect(), &columns, Some(&from), rows)
                    .map_err(unwritable)?;
                match session.rows(&sql).await {
                    Ok(found) => {
                        let key = found.into_iter().next().map(|row| ranges.key_of(row));
                        return Ok(Some(Step {
                            range: Some(ranges.step_to(key.clone())),
                            key,
                        }));
                    }
                    Err(error) => again(error, ranges, retries)?,
                }
            }
        }
    }
}

/// Halves a cancelled range; any other error, or a range that is small already, ends the measure.
fn again(error: DatabaseError, ranges: &mut Ranges, retries: &mut u32) -> Result<(), Failure> {
    if error.is_cancelled() && ranges.halve() {
        *retries += 1;
        return Ok(());
    }
    Err(error.into())
}

pub(super) fn statement(
    session: &Session,
    measure: &DatabaseMeasure,
    wanted: &[Aggregate],
    range: Option<&KeyRange>,
) -> Result<String, Failure> {
    measure
        .relation
        .select(session.dialect(), wanted, range)
        .map_err(unwritable)
}

pub(super) fn unwritable(error: RelationError) -> Failure {
    Failure::new(Reason::InvalidStatement, error.to_string())
}

pub(super) async fn table_info(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    alias: &str,
) -> Result<Option<std::sync::Arc<TableInfo>>, Failure> {
    match measure.relation.table(alias) {
        Some(table) => Ok(database.table(session, &table).await?),
        None => Ok(None),
    }
}

async fn column_kind(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    column: &Column,
) -> Result<Option<ColumnKind>, Failure> {
    let table = table_info(session, database, measure, &column.table).await?;
    Ok(table.and_then(|table| table.columns.get(&column.name).map(|info| info.kind)))
}
