//! What a run would do on a database, told before it does: nothing is counted.
//!
//! What is asked are the catalogue, plans, and the ends of tables where an index has them. Measures go through the very
//! steps that the lanes take, so that a plan and its run cannot differ.

use std::collections::{BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use super::bitmap::BitmapBudget;
use super::board::{Family, Task};
use super::bounds;
use super::choice::{self, designs};
use super::lanes::ends_session;
use super::member::Limits;
use super::partition::Partition;
use super::piece::{Piece, Way};
use super::prepare::{Tables, prepared};
use super::price::Price;
use super::ranges::{Next, Ranges};
use super::reading::Work;
use super::row_estimate;
use super::scan::{Claim, Design, Scan};
use super::split::Split;
use super::strategy::{Sharing, Strategy};
use super::why::Why;
use crate::measure::{DatabaseMeasure, Failure};
use crate::relation::{Dialect, KeyRange};
use crate::source::database::{Database, Session};

/// What a unit of the planner takes by and large, in memory (measured: 0.9 to 5.4 us).
const TYPICAL_UNIT: Duration = Duration::from_micros(2);
/// Units of the planner that a look for the ends of ranges may cost.
const LOOK: f64 = 50_000.0;

/// Plans that are switched off, or over nonsense, cost more than any table.
const MOST_UNITS: f64 = 1e12;

/// What a run would do on one database; measures by the numbers that the caller gave them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    pub scans: Vec<PlannedScan>,
    /// Measures that the database's statistics answer.
    pub estimated: Vec<usize>,
    /// Measures that are one query of their own.
    pub queries: Vec<usize>,
    /// Measures that cannot be read.
    pub failures: Vec<(usize, Failure)>,
}

/// One pass over the rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedScan {
    pub members: Vec<usize>,
    /// The table whose rows are split; `None` where rows come from a query.
    pub table: Option<String>,
    pub split: Split,
    /// How the rows are split where one statement for all of them takes too long.
    pub otherwise: Option<Split>,
    pub why: Why,
    /// About how many statements it takes; `None` where nobody knows beforehand.
    pub statements: Option<u64>,
    /// The statement of the first range, or of all rows where the ends were not looked for.
    pub sample: String,
    /// What its select list asks, group keys aside; what several members ask alike is asked once.
    pub aggregates: usize,
}

impl Survey {
    /// About how many statements all of it takes, as far as anybody knows.
    pub fn statements(&self) -> u64 {
        let of_scans: u64 = self.scans.iter().filter_map(|scan| scan.statements).sum();
        of_scans + (self.estimated.len() + self.queries.len()) as u64
    }

    /// The scan that a measure stands in.
    pub fn scan_of(&self, index: usize) -> Option<&PlannedScan> {
        self.scans.iter().find(|scan| scan.members.contains(&index))
    }
}

/// Looks over the work without doing it.
///
/// # Errors
/// The session ended, or the run was interrupted.
pub async fn survey(work: Work<'_>, session: &mut Session, database: &Database) -> Result<Survey, Failure> {
    let mut surveyor = Surveyor {
        database,
        strategy: work.strategy,
        limits: Limits {
            bitmaps: BitmapBudget::default(),
            max_groups: database.options().max_groups,
        },
        walks: HashMap::new(),
        survey: Survey::default(),
    };
    for task in work.tasks() {
        match task {
            Task::Plan(family) => surveyor.family(family, session).await?,
            Task::Value(index, _) => surveyor.survey.queries.push(index),
            Task::Read(_) => {}
        }
    }
    Ok(surveyor.survey)
}

struct Surveyor<'b> {
    database: &'b Database,
    strategy: Strategy,
    limits: Limits,
    /// The walks over tables, by what was asked for their ends: many measures have the same.
    walks: HashMap<String, Walked>,
    survey: Survey,
}

/// What is known of the ranges of a scan.
#[derive(Debug, Clone)]
enum Walked {
    Ranges(Ranges),
    /// There are no rows.
    Nothing,
    /// To look for the ends would cost too much.
    Unknown,
}

impl Surveyor<'_> {
    async fn family(&mut self, family: Family<'_>, session: &mut Session) -> Result<(), Failure> {
        let strategy = Strategy {
            sharing: family.sharing,
            ..self.strategy
        };
        let mut tables = Tables::default();
        let mut ready = Vec::with_capacity(family.measures.len());
        for (index, measure) in family.measures {
            let estimate = row_estimate::read(session, self.database, measure).await;
            if estimate.is_ok_and(|estimate| estimate.is_some()) {
                self.survey.estimated.push(index);
                continue;
            }
            let attempt = prepared(index, measure, session, self.database, &mut tables, strategy);
            let result = AssertUnwindSafe(attempt).catch_unwind().await;
            match result.unwrap_or_else(|panic| Err(Failure::of_panic(panic.as_ref()))) {
                Ok(prepared) => ready.push(prepared),
                Err(failure) => self.fail([index], &failure)?,
            }
        }
        let chosen = choice::Family {
            prepared: ready,
            tables: &tables,
            strategy,
            batch_time: self.database.options().batch_time,
        };
        let (designs, failures) = designs(chosen, session).await;
        for (index, failure) in failures {
            self.fail([index], &failure)?;
        }
        for design in designs {
            let members: Vec<usize> = design.members.iter().map(|member| member.index).collect();
            match self.scan(design, session).await {
                Ok(scan) => self.survey.scans.push(scan),
                Err(failure) => self.fail(members, &failure)?,
            }
        }
        Ok(())
    }

    /// # Errors
    /// The failure itself, where nothing can be asked any more.
    fn fail(&mut self, members: impl IntoIterator<Item = usize>, failure: &Failure) -> Result<(), Failure> {
        if ends_session(failure.reason) {
            return Err(failure.clone());
        }
        let failed = members.into_iter().map(|index| (index, failure.clone()));
        self.survey.failures.extend(failed);
        Ok(())
    }

    async fn scan(&mut self, design: Design<'_>, session: &mut Session) -> Result<PlannedScan, Failure> {
        let walked = self.walked(&design, session).await?;
        let ranges = match &walked {
            Walked::Ranges(ranges) => Some(ranges),
            Walked::Nothing | Walked::Unknown => None,
        };
        let adapts = self.strategy.sharing != Sharing::Never && !design.pace.is_fixed();
        let table = design.ends.relation.main_table();
        let statements = match &walked {
            Walked::Ranges(ranges) => forecast(&design, ranges),
            Walked::Nothing => Some(1),
            Walked::Unknown => Some(1).filter(|_| is_one_range(&design.partition)),
        };
        let planned = PlannedScan {
            members: design.members.iter().map(|member| member.index).collect(),
            table: table.map(|table| table.quoted()),
            split: Split::of(&design.partition, ranges, adapts),
            otherwise: design.otherwise.as_ref().map(|other| Split::of(other, None, adapts)),
            why: design.why,
            statements,
            sample: String::new(),
            aggregates: 0,
        };
        let range = match ranges {
            Some(ranges) => first(&design, ranges, session).await?,
            None => None,
        };
        let claim = self.written(design, range, session.dialect())?;
        let asked = claim
            .places
            .iter()
            .flat_map(|places| places.values.iter().chain(&places.rows));
        Ok(PlannedScan {
            aggregates: asked.collect::<BTreeSet<_>>().len().max(1),
            sample: claim.sql,
            ..planned
        })
    }

    /// The statement that a lane would send.
    fn written(&self, design: Design<'_>, range: Option<KeyRange>, dialect: Dialect) -> Result<Claim, Failure> {
        let members = (0..design.members.len()).collect();
        let scan = Scan::new(design, &self.limits);
        let piece = Piece::of(Way::Walk(Ranges::whole()), None);
        scan.written(dialect, members, range, Ranges::whole(), piece)
    }

    async fn walked(&mut self, design: &Design<'_>, session: &mut Session) -> Result<Walked, Failure> {
        let Partition::Integer { column, .. } = &design.partition else {
            return self.looked(design, &design.ends, session).await;
        };
        let measure = &design.ends;
        let statement = bounds::statement(session, measure, column)?;
        let given = (&measure.start, &measure.finish, measure.operation, measure.consistency);
        let key = format!("{:?} {statement:?} {given:?}", design.partition);
        if let Some(known) = self.walks.get(&key) {
            return Ok(known.clone());
        }
        let walked = match self.affordable(design, session).await? {
            Some(ends) => self.looked(design, &ends, session).await?,
            None => Walked::Unknown,
        };
        self.walks.insert(key, walked.clone());
        Ok(walked)
    }

    async fn looked(
        &self,
        design: &Design<'_>,
        ends: &DatabaseMeasure,
        session: &mut Session,
    ) -> Result<Walked, Failure> {
        let table = design.table.as_deref();
        let ranges = design.partition.ranges(session, self.database, ends, table).await?;
        Ok(ranges.map_or(Walked::Nothing, Walked::Ranges))
    }

    /// The measure whose ends cost little to look for: as it is, or without its window.
    async fn affordable(&self, design: &Design<'_>, session: &mut Session) -> Result<Option<DatabaseMeasure>, Failure> {
        let mut ends = design.ends.clone();
        if is_affordable(design, &ends, session).await? {
            return Ok(Some(ends));
        }
        if ends.window.take().is_some() && is_affordable(design, &ends, session).await? {
            return Ok(Some(ends));
        }
        Ok(None)
    }
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

/// The first range of a walk, as the database has its end.
async fn first(design: &Design<'_>, ranges: &Ranges, session: &mut Session) -> Result<Option<KeyRange>, Failure> {
    match ranges.next() {
        Next::Everything | Next::End => Ok(None),
        Next::Range(range) => Ok(Some(range)),
        Next::Step { columns, from, rows } => {
            let step = design
                .ends
                .relation
                .step(session.dialect(), &columns, Some(&from), rows);
            let found = session.rows(&step.map_err(super::scan::unwritable)?).await;
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

/// Each range is a statement; where keys are stepped over there is another one for its end.
fn forecast(design: &Design<'_>, ranges: &Ranges) -> Option<u64> {
    let rows = design.table.as_ref().and_then(|table| table.estimated_rows);
    let number = ranges.forecast(
        rows,
        &design.pace,
        TYPICAL_UNIT.mul_f64(design.cost.clamp(0.0, MOST_UNITS)),
    )?;
    Some(number * (1 + u64::from(ranges.is_stepped())))
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
