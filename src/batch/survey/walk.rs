//! The ranges of a scan, as far as a look at its table's ends costs next to nothing.

use std::collections::HashMap;
use std::time::Duration;

use crate::batch::bounds;
use crate::batch::partition::Partition;
use crate::batch::price::Price;
use crate::batch::ranges::{Next, Ranges};
use crate::batch::scan::{Design, unwritable};
use crate::measure::{DatabaseMeasure, Failure};
use crate::relation::{Dialect, KeyRange};
use crate::source::database::{Database, Session};

/// What a unit of the planner takes by and large, in memory (measured: 0.9 to 5.4 us).
const TYPICAL_UNIT: Duration = Duration::from_micros(2);
/// Units of the planner that a look for the ends of ranges may cost.
const LOOK: f64 = 50_000.0;
/// Plans that are switched off, or over nonsense, cost more than any table.
const MOST_UNITS: f64 = 1e12;

/// The walks over tables, by what was asked for their ends: many measures have the same.
#[derive(Debug, Default)]
pub(super) struct Walks(HashMap<String, Walked>);

/// What is known of the ranges of a scan.
#[derive(Debug, Clone)]
pub(super) enum Walked {
    Ranges(Box<Ranges>),
    /// There are no rows.
    Nothing,
    /// To look for the ends would cost too much.
    Unknown,
}

impl Walks {
    /// What is known of a design's ranges.
    ///
    /// # Errors
    /// As the statements that look for ends.
    pub(super) async fn of(
        &mut self,
        design: &Design<'_>,
        session: &mut Session,
        database: &Database,
    ) -> Result<Walked, Failure> {
        let Partition::Integer { column, .. } = &design.partition else {
            return looked(design, &design.ends, session, database).await;
        };
        let measure = &design.ends;
        let statement = bounds::statement(session, measure, column)?;
        let given = (&measure.start, &measure.finish, measure.operation, measure.consistency);
        let key = format!("{:?} {statement:?} {given:?}", design.partition);
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let walked = match affordable(design, session).await? {
            Some(ends) => looked(design, &ends, session, database).await?,
            None => Walked::Unknown,
        };
        self.0.insert(key, walked.clone());
        Ok(walked)
    }
}

impl Walked {
    pub(super) fn ranges(&self) -> Option<&Ranges> {
        match self {
            Walked::Ranges(ranges) => Some(ranges),
            Walked::Nothing | Walked::Unknown => None,
        }
    }

    /// About how many statements the design takes: one a range, and one more for its end where keys are stepped over.
    pub(super) fn statements(&self, design: &Design<'_>) -> Option<u64> {
        let ranges = match self {
            Walked::Ranges(ranges) => ranges,
            Walked::Nothing => return Some(1),
            Walked::Unknown => return is_one_range(&design.partition).then_some(1),
        };
        let rows = design.table.as_ref().and_then(|table| table.estimated_rows);
        let time = TYPICAL_UNIT.mul_f64(design.cost.clamp(0.0, MOST_UNITS));
        let number = ranges.forecast(rows, &design.pace, time)?;
        Some(number * (1 + u64::from(ranges.is_stepped())))
    }

    /// The first range, as the database has its end; `None` is all rows.
    ///
    /// # Errors
    /// As the statement that steps over keys.
    pub(super) async fn first(&self, design: &Design<'_>, session: &mut Session) -> Result<Option<KeyRange>, Failure> {
        let Some(ranges) = self.ranges() else { return Ok(None) };
        match ranges.next() {
            Next::Everything | Next::End => Ok(None),
            Next::Range(range) => Ok(Some(range)),
            Next::Step { columns, from, rows } => {
                let step = design
                    .ends
                    .relation
                    .step(session.dialect(), &columns, Some(&from), rows);
                let found = session.rows(&step.map_err(unwritable)?).await;
                match found {
                    Ok(found) => Ok(Some(
                        ranges.step_to(found.into_iter().next().map(|row| ranges.key_of(row))),
                    )),
                    // A run would try smaller steps; one of them looks as this one.
                    Err(error) if error.is_cancelled() => Ok(Some(from)),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }
}

async fn looked(
    design: &Design<'_>,
    ends: &DatabaseMeasure,
    session: &mut Session,
    database: &Database,
) -> Result<Walked, Failure> {
    let table = design.table.as_deref();
    let ranges = design.partition.ranges(session, database, ends, table).await?;
    Ok(ranges.map_or(Walked::Nothing, |ranges| Walked::Ranges(Box::new(ranges))))
}

/// The measure whose ends cost little to look for: as it is, or without its window.
async fn affordable(design: &Design<'_>, session: &mut Session) -> Result<Option<DatabaseMeasure>, Failure> {
    let mut ends = design.ends.clone();
    if is_affordable(design, &ends, session).await? {
        return Ok(Some(ends));
    }
    if ends.window.take().is_some() && is_affordable(design, &ends, session).await? {
        return Ok(Some(ends));
    }
    Ok(None)
}

async fn is_affordable(design: &Design<'_>, ends: &DatabaseMeasure, session: &mut Session) -> Result<bool, Failure> {
    let Partition::Integer { column, .. } = &design.partition else {
        return Ok(true);
    };
    if ends.start.is_some() && ends.finish.is_some() {
        return Ok(true);
    }
    if session.dialect() == Dialect::Sqlite {
        let is_indexed = |name: &str| design.table.as_ref().is_some_and(|table| table.indexed.contains(name));
        let window = ends.window.as_ref().map(|(column, _)| column.name.as_str());
        return Ok(window.map_or(column.name == "rowid" || is_indexed(&column.name), is_indexed));
    }
    let statement = bounds::statement(session, ends, column)?;
    let plan = session.plans(&[statement]).await.into_iter().next();
    let cost = match plan {
        Some(Ok(plan)) => Price::cost(&plan),
        Some(Err(error)) => return Err(error.into()),
        None => None,
    };
    Ok(cost.is_some_and(|cost| cost <= LOOK))
}

/// However large the table is.
fn is_one_range(partition: &Partition) -> bool {
    match partition {
        Partition::Whole => true,
        Partition::Integer {
            batch_size, nullable, ..
        } => *batch_size == Some(u64::MAX) && !nullable,
        Partition::Keyset { .. } | Partition::Blocks { .. } => false,
    }
}
