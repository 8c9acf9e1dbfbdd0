//! How a measure would be read, without counting anything: for dumps and reviews.

use super::bounds;
use super::member::Asked;
use super::partition::Partition;
use super::parts;
use super::prepare::{Prepared, Tables, counted_column, of_alias, prepared};
use super::ranges::{Next, Ranges};
use super::row_estimate;
use super::scan::unwritable;
use super::strategy::{Sharing, Strategy};
use crate::measure::{DatabaseMeasure, Failure, PrimaryKey};
use crate::relation::{Aggregate, Column, KeyRange};
use crate::source::database::{Database, Session, TableInfo};

/// Ranges that are shown of a measure with many.
const SAMPLES: usize = 5;

/// The statements that a measure would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// How many ranges there are; an estimate where keys are stepped over, `None` where nobody knows.
    pub ranges: Option<u64>,
    /// The statements of some ranges, the first and the last among them; never none.
    pub samples: Vec<String>,
}

/// The measure with the key that the catalogue knows, where an `id` was only assumed and the table has none.
///
/// # Errors
/// As a look at the catalogue.
pub async fn with_known_key(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<DatabaseMeasure, Failure> {
    let mut known = measure.clone();
    let assumed = measure.column.is_none() && measure.counted_column().is_some();
    if !assumed {
        return Ok(known);
    }
    let mut tables = Tables::default();
    tables.look_up_all(measure, session, database).await?;
    let alias = measure.relation.main_alias();
    if counted_column(measure, &tables).is_none()
        && let Some(table) = of_alias(measure, alias, &tables)
    {
        let column = |name: &String| Column {
            table: alias.to_owned(),
            name: name.clone(),
        };
        known.key = PrimaryKey::Declared(table.primary_key.iter().map(column).collect());
    }
    Ok(known)
}

/// The statement that looks for the ends of the ranges, of the first partition where each has its own; `None` where none
/// does.
///
/// # Errors
/// As a look at the catalogue, and what the dialect cannot write.
pub async fn ends(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<Option<String>, Failure> {
    let both_given = measure.start.is_some() && measure.finish.is_some();
    if both_given || row_estimate::read(session, database, measure).await?.is_some() {
        return Ok(None);
    }
    let Prepared { partition, table, .. } = by_itself(session, database, measure).await?;
    let Partition::Integer { column, .. } = &partition else {
        return Ok(None);
    };
    let of_first = table.and_then(|table| parts::of_first(&partition, measure, &table));
    bounds::statement(session, of_first.as_ref().unwrap_or(measure), column).map(Some)
}

/// The statements of some ranges, as the catalogue and the ends of the table give them; nothing is counted. Without
/// `look` the ends are not looked for, and the statement over all rows stands for every range.
///
/// # Errors
/// As the statements that look for ends and keys.
pub async fn preview(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    look: bool,
) -> Result<Preview, Failure> {
    if row_estimate::read(session, database, measure).await?.is_some() {
        let estimate = measure.relation.row_estimate(session.dialect());
        return Ok(Preview::of(estimate.map_err(unwritable)?, Some(1)));
    }
    let Prepared {
        member,
        partition,
        table,
    } = by_itself(session, database, measure).await?;
    if let (Asked::Histogram { from, to, size }, Some(column)) = (&member.asked, &measure.column) {
        let histogram = measure.relation.histogram(session.dialect(), column, *from, *to, *size);
        return Ok(Preview::of(histogram.map_err(unwritable)?, Some(1)));
    }
    if !look && partition != Partition::Whole {
        let everything = member.unpacked().aggregates();
        return Ok(Preview::of(statement(session, measure, &everything, None)?, None));
    }
    let wanted = member.aggregates();
    let ranges = partition.ranges(session, database, measure, table.as_deref()).await?;
    let ranges = ranges.unwrap_or_else(Ranges::empty);
    let (number, ranges) = match ranges.next() {
        Next::Step { columns, from, rows } => {
            let step = measure.relation.step(session.dialect(), &columns, Some(&from), rows);
            let found = session.rows(&step.map_err(unwritable)?).await?;
            let key = found.into_iter().next().map(|row| ranges.key_of(row));
            (stepped(rows, table.as_deref()), vec![Some(ranges.step_to(key))])
        }
        _ => counted(ranges),
    };
    let mut samples = Vec::with_capacity(ranges.len());
    for range in ranges {
        samples.push(statement(session, measure, &wanted, range.as_ref())?);
    }
    if samples.is_empty() {
        samples.push(statement(session, measure, &wanted, None)?);
    }
    Ok(Preview {
        ranges: number,
        samples,
    })
}

impl Preview {
    fn of(statement: String, ranges: Option<u64>) -> Preview {
        Preview {
            ranges,
            samples: vec![statement],
        }
    }
}

/// The measure as it is read where it shares nothing.
async fn by_itself<'a>(
    session: &mut Session,
    database: &Database,
    measure: &'a DatabaseMeasure,
) -> Result<Prepared<'a>, Failure> {
    let strategy = Strategy {
        sharing: Sharing::Never,
        ..Strategy::default()
    };
    prepared(0, measure, session, database, &mut Tables::default(), strategy).await
}

fn statement(
    session: &Session,
    measure: &DatabaseMeasure,
    wanted: &[Aggregate],
    range: Option<&KeyRange>,
) -> Result<String, Failure> {
    let sql = measure.relation.select(session.dialect(), wanted, range);
    sql.map_err(unwritable)
}

/// Ranges whose ends are known without asking: all are made, some are kept.
fn counted(mut ranges: Ranges) -> (Option<u64>, Vec<Option<KeyRange>>) {
    let mut all = Vec::new();
    loop {
        match ranges.next() {
            Next::Everything => all.push(None),
            Next::Range(range) => all.push(Some(range)),
            // Only the database knows where the steps of a later partition end.
            Next::Step { .. } => return (None, spread(all)),
            Next::End => break,
        }
        ranges.advance(None);
    }
    (Some(all.len() as u64), spread(all))
}

/// The first, the last, and some at equal distances between them.
fn spread<T>(all: Vec<T>) -> Vec<T> {
    let last = all.len().saturating_sub(1);
    let mut places: Vec<usize> = (0..SAMPLES).map(|place| place * last / (SAMPLES - 1)).collect();
    places.dedup();
    all.into_iter()
        .enumerate()
        .filter(|(place, _)| places.contains(place))
        .map(|(_, item)| item)
        .collect()
}

/// How many ranges of `rows` further rows a table has, as its statistics know it.
fn stepped(rows: u64, table: Option<&TableInfo>) -> Option<u64> {
    let in_table = table.and_then(|table| table.estimated_rows);
    in_table.map(|in_table| in_table.div_ceil(rows + 1).max(1))
}
