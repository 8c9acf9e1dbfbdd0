//! One statement of a database: how it would be split, and what its slowest batch would take.

use super::advice::{self, Advice};
use super::analysis::{self, Analysis};
use super::cost::{self, COLD_BUDGET, Prediction, Scale};
use super::plan::{self, PlanNode};
use super::sqlite_plan;
use super::statistics::Statistics;
use crate::batch;
use crate::measure::{DatabaseMeasure, Failure, Measure, Reason, SqlValueMeasure};
use crate::relation::{Dialect, MainTable, Operation, RelationError, Window};
use crate::source::database::{Database, Session};

/// What a leaf that a database answers would cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The name under `[database.*]`.
    pub database: String,
    /// The whole in one statement, as dumps show it.
    pub statement: String,
    pub window: Option<Window>,
    /// How many statements it takes; `None` where nobody knows without reading the table.
    pub batches: Option<u64>,
    /// The statement that looks for the ends of the ranges, if one does.
    pub ends: Option<Examined>,
    /// The batch that is predicted to be the slowest of those that were looked at.
    pub slowest: Examined,
    /// All batches together.
    pub whole: Option<Prediction>,
    pub advice: Advice,
    /// What the slowest batch took; `None` unless it was asked for.
    pub analysis: Option<Result<Analysis, Failure>>,
}

/// A statement with its plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    pub sql: String,
    pub plan: Vec<PlanNode>,
    pub prediction: Prediction,
}

/// Whether the slowest batch keeps to the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Within,
    Over,
}

impl Explained {
    pub fn verdict(&self) -> Verdict {
        let ends = self.ends.as_ref().is_none_or(|ends| ends.prediction.is_within_budget());
        match ends && self.slowest.prediction.is_within_budget() {
            true => Verdict::Within,
            false => Verdict::Over,
        }
    }

    /// The indexes that the slowest batch uses, each once.
    pub fn uses(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.slowest.plan.iter().filter_map(|node| node.index.as_deref()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// # Errors
/// As the statements that look at the catalogue, for ends and for plans.
pub(super) async fn explained(
    session: &mut Session,
    database: &Database,
    leaf: &Measure,
    analyzes: bool,
) -> Result<Explained, Failure> {
    let mut explained = match leaf {
        Measure::Database(measure) => of_batches(session, database, measure).await?,
        Measure::SqlValue(measure) => of_query(session, database, measure).await?,
        _ => return Err(Failure::new(Reason::InvalidOptions, "no database answers the measure")),
    };
    if analyzes {
        explained.analysis = Some(analysis::run(session, &explained.slowest.sql).await);
    }
    Ok(explained)
}

async fn of_batches(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<Explained, Failure> {
    let measure = batch::with_known_key(session, database, measure).await?;
    let statement = measure.statement(session.dialect()).map_err(unwritable)?;
    let tables = measure.relation.tables();
    let statistics = Statistics::of(&tables, session, database).await?;
    let distinct = measure.operation == Operation::DistinctCount;
    let mut examiner = Examiner {
        tables: &tables,
        statistics: &statistics,
        distinct: false,
        range: 1.0,
    };
    let ends = match batch::ends(session, database, &measure).await? {
        Some(sql) => Some(examiner.examine(session, sql).await?),
        None => None,
    };
    let look = ends.as_ref().is_none_or(|ends| ends.prediction.cold <= COLD_BUDGET);
    let preview = batch::preview(session, database, &measure, look).await?;
    examiner.distinct = distinct;
    examiner.range = 1.0 / preview.ranges.unwrap_or(1).max(1) as f64;
    let mut samples = Vec::with_capacity(preview.samples.len());
    for sql in preview.samples {
        samples.push(examiner.examine(session, sql).await?);
    }
    let slowest = samples.into_iter().max_by_key(|sample| sample.prediction);
    let slowest = slowest.ok_or_else(|| Failure::new(Reason::NotRun, "there is no statement to explain"))?;
    let advice = advice::of(session, database, &measure, &slowest.plan, &statistics).await?;
    Ok(Explained {
        database: measure.database.clone(),
        statement,
        window: measure.window.as_ref().map(|(_, window)| *window),
        batches: preview.ranges,
        whole: preview.ranges.map(|ranges| slowest.prediction.times(ranges)),
        ends,
        slowest,
        advice,
        analysis: None,
    })
}

async fn of_query(session: &mut Session, database: &Database, measure: &SqlValueMeasure) -> Result<Explained, Failure> {
    let statement = measure.query.render(session.dialect()).map_err(unwritable)?;
    let tables = measure.query.tables();
    let statistics = Statistics::of(&tables, session, database).await?;
    let examiner = Examiner {
        tables: &tables,
        statistics: &statistics,
        distinct: false,
        range: 1.0,
    };
    let slowest = examiner.examine(session, statement.clone()).await?;
    Ok(Explained {
        database: measure.database.clone(),
        statement,
        window: None,
        batches: Some(1),
        ends: None,
        whole: Some(slowest.prediction),
        slowest,
        advice: Advice::NotNeeded("a query of its own is not split"),
        analysis: None,
    })
}

/// Has statements planned, and puts a time to their plans.
struct Examiner<'a> {
    tables: &'a [MainTable],
    statistics: &'a Statistics,
    distinct: bool,
    /// The part of its table that one range holds, as far as the planner does not say.
    range: f64,
}

impl Examiner<'_> {
    async fn examine(&self, session: &mut Session, sql: String) -> Result<Examined, Failure> {
        let (plan, prediction) = match session.dialect() {
            Dialect::Postgres => {
                let plan = planned(session, &sql).await?;
                let scale = Scale {
                    blocks: &self.statistics.blocks,
                    random_page_cost: self.statistics.random_page_cost,
                    distinct: self.distinct,
                };
                let prediction = cost::of_postgres(&plan, &scale);
                (plan, prediction)
            }
            Dialect::Sqlite => {
                let answer = session.rows(&format!("EXPLAIN QUERY PLAN {sql}")).await?;
                let rows_of = |name: &str| self.statistics.rows.get(name).copied();
                let mut plan = sqlite_plan::read(&answer, &rows_of, self.range);
                self.name_tables(&mut plan);
                let prediction = cost::of_sqlite(&plan, self.distinct);
                (plan, prediction)
            }
        };
        Ok(Examined { sql, plan, prediction })
    }

    /// SQLite names aliases alone.
    fn name_tables(&self, plan: &mut [PlanNode]) {
        for name in plan.iter_mut().filter_map(|node| node.table.as_mut()) {
            if let Some(table) = self.tables.iter().find(|table| table.alias == *name) {
                *name = table.name.clone();
            }
        }
    }
}

/// PostgreSQL's plan of a statement, which does not run.
///
/// # Errors
/// As any statement of the session.
pub(super) async fn planned(session: &mut Session, sql: &str) -> Result<Vec<PlanNode>, Failure> {
    plan::read(&analysis::document(session, &format!("EXPLAIN (FORMAT JSON) {sql}")).await?)
}

pub(super) fn unwritable(error: RelationError) -> Failure {
    Failure::new(Reason::InvalidStatement, error.to_string())
}
