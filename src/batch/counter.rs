//! The loop: a range, its statement, its part of the result, the next range.

use super::partition::{Partition, choose};
use super::ranges::{Next, Ranges};
use super::row_estimate;
use super::tally::{Tally, aggregates, group_key};
use crate::measure::{DatabaseMeasure, Failure, Number, Reading, Reason};
use crate::relation::{Aggregate, Column, KeyRange, KeyValue, Operation, RelationError};
use crate::sketch::HyperLogLog;
use crate::source::database::{ColumnKind, Database, DatabaseError, Row, Session, TableInfo};

/// A reading, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchReading {
    pub reading: Result<Reading, Failure>,
    /// Ranges that were cancelled and tried again at half their size.
    pub retries: u32,
}

/// Reads a measure in ranges, each a statement of its own.
pub async fn read(session: &mut Session, database: &Database, measure: &DatabaseMeasure) -> BatchReading {
    let mut retries = 0;
    if let Some(reading) = row_estimate::read(session, database, measure).await.transpose() {
        return BatchReading { reading, retries };
    }
    let reading = match measure.operation {
        Operation::Histogram { from, to, size } => histogram(session, measure, from, to, size).await,
        Operation::EstimateBatchDistinctCount => estimate(session, database, measure, &mut retries).await,
        _ => count(session, database, measure, &mut retries).await,
    };
    BatchReading { reading, retries }
}

async fn count(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    retries: &mut u32,
) -> Result<Reading, Failure> {
    let column = counted_column(session, database, measure).await?;
    let Some((merge, wanted)) = aggregates(measure.operation, column.as_ref()) else {
        return Err(Failure::new(Reason::InvalidOptions, "the operation needs a column"));
    };
    refuse_text_arithmetic(session, database, measure).await?;
    let mut tally = Tally::new(merge, measure.relation.group_width());
    let mut ranges = plan(session, database, measure).await?;
    if ranges.next() == Next::End {
        explain(session, measure, &wanted).await?;
    }
    while let Some(step) = next(session, measure, &mut ranges, retries).await? {
        let sql = statement(session, measure, &wanted, step.range.as_ref())?;
        match session.rows(&sql).await {
            Ok(rows) => {
                tally.add(&rows)?;
                ranges.advance(step.key);
            }
            Err(error) if error.is_missing_table() && ranges.leave_part() => explain(session, measure, &wanted).await?,
            Err(error) => again(error, &mut ranges, retries)?,
        }
    }
    tally.reading()
}

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

/// A cancelled range leaves what it gave in the sketch: to add a value twice changes nothing.
async fn estimate(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    retries: &mut u32,
) -> Result<Reading, Failure> {
    let Some(column) = &measure.column else {
        return Err(Failure::new(Reason::InvalidOptions, "an estimate needs a column"));
    };
    let mut sketch = HyperLogLog::default();
    let mut ranges = plan(session, database, measure).await?;
    if ranges.next() == Next::End {
        explain(session, measure, &[Aggregate::Values(column.clone())]).await?;
    }
    let integers = column_kind(session, database, measure, column).await? == Some(ColumnKind::Integer);
    while let Some(step) = next(session, measure, &mut ranges, retries).await? {
        // One packed value holds a whole range, which must therefore have a bounded number of rows.
        let result = match &step.range {
            Some(range) if integers => {
                let wanted = [Aggregate::PackedIntegers(column.clone())];
                let sql = statement(session, measure, &wanted, Some(range))?;
                session
                    .packed_integers(&sql, &mut |integer| {
                        sketch.add_integer(integer);
                    })
                    .await
            }
            range => {
                let sql = statement(session, measure, &[Aggregate::Values(column.clone())], range.as_ref())?;
                session
                    .values(&sql, &mut |value| {
                        sketch.add(value);
                    })
                    .await
            }
        };
        match result {
            Ok(()) => ranges.advance(step.key),
            Err(error) if error.is_missing_table() && ranges.leave_part() => {
                explain(session, measure, &[Aggregate::Values(column.clone())]).await?;
            }
            Err(error) => again(error, &mut ranges, retries)?,
        }
    }
    Ok(Reading::Sketch(Box::new(sketch)))
}

async fn histogram(
    session: &mut Session,
    measure: &DatabaseMeasure,
    from: i64,
    to: i64,
    size: i64,
) -> Result<Reading, Failure> {
    let Some(column) = &measure.column else {
        return Err(Failure::new(Reason::InvalidOptions, "a histogram needs a column"));
    };
    let sql = measure
        .relation
        .histogram(session.dialect(), column, from, to, size)
        .map_err(unwritable)?;
    let rows = session.rows(&sql).await?;
    let bucket = |row: &Row| {
        let groups = row.get(1).cloned().flatten().and_then(|text| text.parse().ok());
        let groups = groups.ok_or_else(|| Failure::new(Reason::WrongType, "a bucket does not hold a count"))?;
        Ok((group_key(&row[..1]), Some(Number::Integer(groups))))
    };
    Ok(Reading::Groups(
        rows.iter().map(bucket).collect::<Result<_, Failure>>()?,
    ))
}

/// One range to count, and the key it was stepped to.
pub(super) struct Step {
    pub(super) range: Option<KeyRange>,
    key: Option<Vec<KeyValue>>,
}

async fn plan(session: &mut Session, database: &Database, measure: &DatabaseMeasure) -> Result<Ranges, Failure> {
    let (partition, table) = partition(session, database, measure).await?;
    let ranges = partition.ranges(session, database, measure, table.as_deref()).await?;
    Ok(ranges.unwrap_or_else(Ranges::empty))
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

/// Has the statement planned where there is no range to run it on, or where a partition was dropped: a name that is wrong,
/// or a right that is missing, must not pass for the 0 of an empty table.
async fn explain(session: &mut Session, measure: &DatabaseMeasure, wanted: &[Aggregate]) -> Result<(), Failure> {
    let sql = statement(session, measure, wanted, None)?;
    Ok(session.explain(&sql).await?)
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
                    Err(error) if error.is_missing_table() && ranges.leave_part() => {
                        explain(session, measure, &[Aggregate::CountRows]).await?;
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

/// SQLite reads a number out of any text, which would make a wrong sum of what PostgreSQL refuses.
async fn refuse_text_arithmetic(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<(), Failure> {
    let (Operation::Sum | Operation::Average, Some(column)) = (measure.operation, &measure.column) else {
        return Ok(());
    };
    if column_kind(session, database, measure, column).await? != Some(ColumnKind::Text) {
        return Ok(());
    }
    let message = format!(
        "column {:?} of {:?} holds text, which cannot be summed",
        column.name, column.table
    );
    Err(Failure::new(Reason::WrongType, message))
}
