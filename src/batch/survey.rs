//! What a run would do on a database, told before it does: nothing is counted.
//!
//! What is asked are the catalogue, plans, and the ends of tables where an index has them. Measures go through the very
//! steps that the lanes take, so that a plan and its run cannot differ.

mod walk;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use self::walk::Walks;
use super::bitmap::BitmapBudget;
use super::board::{Family, Task};
use super::choice::{self, designs};
use super::keys::KeySets;
use super::lanes::ends_session;
use super::member::Limits;
use super::prepare::{Tables, prepared};
use super::reading::Work;
use super::row_estimate;
use super::scan::{Claim, Design, Scan, Took};
use super::split::Split;
use super::strategy::{Sharing, Strategy};
use super::why::Why;
use crate::measure::{Failure, Reason};
use crate::relation::{Dialect, KeyRange, MainTable};
use crate::source::database::{Database, Session};

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
    /// The statements that give the keys which `$1`, `$2`, … of the sample hold, in their order.
    pub keys: Vec<String>,
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
    looked_over(work, session, database, true).await
}

/// About how many statements the work takes where each measure is read by itself.
///
/// # Errors
/// As [`survey`].
pub async fn statements_apart(mut work: Work<'_>, session: &mut Session, database: &Database) -> Result<u64, Failure> {
    work.strategy.sharing = Sharing::Never;
    let survey = looked_over(work, session, database, false).await?;
    Ok(survey.statements())
}

async fn looked_over(
    work: Work<'_>,
    session: &mut Session,
    database: &Database,
    asks: bool,
) -> Result<Survey, Failure> {
    let mut surveyor = Surveyor {
        database,
        strategy: work.strategy,
        limits: Limits {
            bitmaps: BitmapBudget::default(),
            keys: KeySets::default(),
            max_groups: database.options().max_groups,
        },
        walks: Walks::default(),
        asks,
        survey: Survey::default(),
    };
    for task in work.tasks() {
        match task {
            Task::Plan(family) => surveyor.family(family, session).await?,
            Task::Value(query) => surveyor.survey.queries.push(query.index),
            // A statement for all who ask, whatever the plan.
            Task::Ask(_) | Task::Read(_) => {}
        }
    }
    Ok(surveyor.survey)
}

struct Surveyor<'b> {
    database: &'b Database,
    strategy: Strategy,
    limits: Limits,
    walks: Walks,
    /// Whether the server is asked for plans of what it would be sent.
    asks: bool,
    survey: Survey,
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
            if let Err(failure) = self.scan(design, session).await {
                self.fail(members, &failure)?;
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

    async fn scan(&mut self, design: Design<'_>, session: &mut Session) -> Result<(), Failure> {
        let walked = self.walks.of(&design, session, self.database).await?;
        let adapts = self.strategy.sharing != Sharing::Never && !design.pace.is_fixed();
        let mut planned = PlannedScan {
            members: design.members.iter().map(|member| member.index).collect(),
            table: design.ends.relation.main_table().map(MainTable::quoted),
            split: Split::of(&design.partition, walked.ranges(), adapts),
            otherwise: design.otherwise.as_ref().map(|other| Split::of(other, None, adapts)),
            why: design.why,
            statements: walked.statements(&design),
            sample: String::new(),
            keys: Vec::new(),
            aggregates: 0,
        };
        if self.asks {
            let range = walked.first(&design, session).await?;
            let keys = key_statements(&design);
            let scan = Scan::new(design, &self.limits, Took::default());
            let Some(claim) = self.asked(&scan, range, session).await? else {
                return Ok(());
            };
            let asked = claim
                .places
                .iter()
                .flat_map(|places| places.values.iter().chain(&places.rows));
            planned.aggregates = asked.collect::<BTreeSet<_>>().len().max(1);
            planned.members = claim
                .members()
                .iter()
                .filter_map(|place| index(&scan, *place))
                .collect();
            planned.sample = claim.sql;
            planned.keys = keys;
        }
        self.survey.scans.push(planned);
        Ok(())
    }

    /// The statement that a lane would send, for the members that can be planned; `None` where none can.
    async fn asked(
        &mut self,
        scan: &Scan<'_>,
        range: Option<KeyRange>,
        session: &mut Session,
    ) -> Result<Option<Claim>, Failure> {
        let all: Vec<usize> = (0..scan.design.members.len()).collect();
        let claim = scan.shown(session.dialect(), all.clone(), range.clone()).await?;
        match plan(session, &claim).await {
            Ok(()) => return Ok(Some(claim)),
            // What is locked is locked for all of them.
            Err(failure) if all.len() == 1 || failure.reason == Reason::LockTimeout || ends_session(failure.reason) => {
                return Err(failure);
            }
            Err(_) => {}
        }
        let mut sound = Vec::with_capacity(all.len());
        for place in all {
            let alone = scan.shown(session.dialect(), vec![place], range.clone()).await?;
            match plan(session, &alone).await {
                Ok(()) => sound.push(place),
                Err(failure) => self.fail(index(scan, place), &failure)?,
            }
        }
        match sound.is_empty() {
            true => Ok(None),
            false => scan.shown(session.dialect(), sound, range).await.map(Some),
        }
    }
}

/// What gives the parameters of a scan's statement; empty texts for those that it does not name.
fn key_statements(design: &Design<'_>) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    for keys in design.members.iter().filter_map(|member| member.keys.as_ref()) {
        statements.resize(statements.len().max(keys.parameter), String::new());
        if let Some(place) = statements.get_mut(keys.parameter - 1) {
            place.clone_from(&keys.statement);
        }
    }
    statements
}

/// # Errors
/// What the server has against the statement.
async fn plan(session: &mut Session, claim: &Claim) -> Result<(), Failure> {
    let explain = match session.dialect() {
        Dialect::Postgres => "EXPLAIN",
        Dialect::Sqlite => "EXPLAIN QUERY PLAN",
    };
    let planned = session
        .cells(&format!("{explain} {}", claim.sql), false, &claim.keys)
        .await;
    planned.map(drop).map_err(Failure::from)
}

fn index(scan: &Scan<'_>, place: usize) -> Option<usize> {
    scan.design.members.get(place).map(|member| member.index)
}
