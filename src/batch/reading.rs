//! What is to be read of one database, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::bitmap::BitmapBudget;
use super::board::{Ask, Family, Query, Question, Task};
use super::choice::{self, designs};
use super::journal::{Journal, NoJournal};
use super::keys::KeySets;
use super::lanes::{self, answer};
use super::member::Limits;
use super::observer::Observer;
use super::prepare::{Tables, prepared};
use super::row_estimate;
use super::scan::{Lane, Scan, Took};
use super::strategy::{Sharing, Strategy};
use crate::measure::{
    DatabaseMeasure, Failure, Measure, Reading, Reason, ServerMeasure, SettingMeasure, SqlValueMeasure,
};
use crate::source::database::{Database, Interrupt, Session, StatementLog};

/// What a measure gave, and what it took.
#[derive(Debug, Clone)]
pub struct Taken {
    pub result: Result<Reading, Failure>,
    /// The time of its statements, those included that it shared with others.
    pub elapsed: Duration,
    pub statements: u64,
    /// Ranges that were cancelled and tried again smaller.
    pub retries: u32,
}

/// The measures of one database, each with a number of the caller's.
#[derive(Debug, Default)]
pub struct Work<'a> {
    databases: Vec<(usize, &'a DatabaseMeasure)>,
    values: Vec<(usize, &'a SqlValueMeasure)>,
    settings: Vec<(usize, &'a SettingMeasure)>,
    /// The table that the settings are columns of.
    settings_table: &'a str,
    facts: Vec<(usize, &'a ServerMeasure)>,
    pub(super) strategy: Strategy,
}

/// A reading, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchReading {
    pub reading: Result<Reading, Failure>,
    /// Ranges that were cancelled and tried again at half their size.
    pub retries: u32,
}

impl<'a> Work<'a> {
    /// Nothing yet.
    pub fn new(strategy: Strategy) -> Work<'a> {
        Work {
            strategy,
            ..Work::default()
        }
    }

    /// The same work, its settings read from this table.
    pub fn with_settings_of(self, table: &'a str) -> Work<'a> {
        Work {
            settings_table: table,
            ..self
        }
    }

    /// Adds a measure; what no database reads is left out.
    pub fn add(&mut self, index: usize, measure: &'a Measure) {
        match measure {
            Measure::Database(measure) => self.databases.push((index, measure)),
            Measure::SqlValue(measure) => self.values.push((index, measure)),
            Measure::Setting(measure) => self.settings.push((index, measure)),
            Measure::Server(measure) => self.facts.push((index, measure)),
            _ => {}
        }
    }

    /// How many measures there are.
    pub fn len(&self) -> usize {
        self.databases.len() + self.values.len() + self.settings.len() + self.facts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Leaves out these measures.
    pub fn without(mut self, indexes: &[usize]) -> Work<'a> {
        self.databases.retain(|(index, _)| !indexes.contains(index));
        self.values.retain(|(index, _)| !indexes.contains(index));
        self.settings.retain(|(index, _)| !indexes.contains(index));
        self.facts.retain(|(index, _)| !indexes.contains(index));
        self
    }

    /// Leaves out what no measure of these stands in a scan with.
    pub fn around(mut self, indexes: &[usize]) -> Work<'a> {
        let is_wanted = |index: &usize| indexes.contains(index);
        let wanted = self.databases.iter().filter(|(index, _)| is_wanted(index));
        let tables: BTreeSet<String> = wanted.map(|(_, measure)| table_of(measure)).collect();
        self.databases
            .retain(|(_, measure)| tables.contains(&table_of(measure)));
        self.values.retain(|(index, _)| is_wanted(index));
        self.settings.retain(|(index, _)| is_wanted(index));
        self.facts.retain(|(index, _)| is_wanted(index));
        self
    }

    /// What takes one statement each, whoever asks.
    fn questions(&self) -> impl Iterator<Item = Task<'a>> + use<'a> {
        let settings = (!self.settings.is_empty()).then(|| Question::Settings {
            table: self.settings_table,
            measures: self.settings.clone(),
        });
        let facts = (!self.facts.is_empty()).then(|| Question::Facts(self.facts.clone()));
        let asks = settings.into_iter().chain(facts);
        asks.map(|question| Task::Ask(Ask { question, attempts: 0 }))
    }

    /// The measures by the table whose rows they are about, those of most first; before them what is asked for all at once.
    pub(super) fn tasks(self) -> Vec<Task<'a>> {
        let questions = self.questions();
        let mut families: BTreeMap<String, Vec<(usize, &'a DatabaseMeasure)>> = BTreeMap::new();
        for (index, measure) in self.databases {
            families.entry(table_of(measure)).or_default().push((index, measure));
        }
        let mut families: Vec<_> = families.into_values().collect();
        families.sort_by_key(|measures| std::cmp::Reverse(measures.len()));
        let sharing = self.strategy.sharing;
        let plans = families.into_iter().map(|measures| {
            Task::Plan(Family {
                measures,
                sharing,
                attempts: 0,
                not_on: None,
            })
        });
        let values = self.values.into_iter().map(|(index, measure)| {
            Task::Value(Query {
                index,
                measure,
                attempts: 0,
            })
        });
        questions.chain(plans).chain(values).collect()
    }
}

/// What is first in FROM.
fn table_of(measure: &DatabaseMeasure) -> String {
    measure.relation.base().from_text().unwrap_or_default()
}

/// Reads all measures over as many connections as the database allows; the readings in no order, and how many statements
/// they took in all. `told` hears of each reading when it is there, before the journal is next asked to keep what it knows,
/// and after the observer has heard of its last range.
pub async fn read_all<'a>(
    work: Work<'a>,
    database: &'a Database,
    interrupt: &'a Interrupt,
    log: &'a StatementLog,
    told: &'a (dyn Fn(usize, &Taken) + Sync),
    journal: &'a dyn Journal,
    observer: &'a dyn Observer,
) -> (Vec<(usize, Taken)>, u64) {
    if work.is_empty() {
        return (Vec::new(), 0);
    }
    lanes::run(work, database, interrupt, log, told, journal, observer).await
}

/// Reads one measure by itself over a session at hand, in ranges of fixed size, each a statement of its own.
pub async fn read(session: &mut Session, database: &Database, measure: &DatabaseMeasure) -> BatchReading {
    let strategy = Strategy {
        sharing: Sharing::Never,
        ..Strategy::default()
    };
    let mut retries = 0;
    if let Some(reading) = row_estimate::read(session, database, measure).await.transpose() {
        return BatchReading { reading, retries };
    }
    let reading = alone(session, database, measure, strategy, &mut retries).await;
    BatchReading { reading, retries }
}

async fn alone(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    strategy: Strategy,
    retries: &mut u32,
) -> Result<Reading, Failure> {
    let mut tables = Tables::default();
    let prepared = prepared(0, measure, session, database, &mut tables, strategy).await?;
    let family = choice::Family {
        prepared: vec![prepared],
        tables: &tables,
        strategy,
        batch_time: database.options().batch_time,
    };
    let (designs, failures) = designs(family, session).await;
    if let Some((_, failure)) = failures.into_iter().next() {
        return Err(failure);
    }
    let design = designs.into_iter().next().ok_or_else(unread)?;
    let limits = Limits {
        bitmaps: BitmapBudget::default(),
        keys: KeySets::default(),
        max_groups: database.options().max_groups,
    };
    let scan = Scan::new(design, &limits, Took::default());
    let lane = Lane {
        lanes: 1,
        server: session.server(),
        alone: true,
        dialect: session.dialect(),
    };
    loop {
        let settled = match scan.claim(session, database, lane).await? {
            Some(claim) => {
                let begun = Instant::now();
                let answer = answer(session, &claim).await;
                scan.settle(claim, answer, begun.elapsed(), lane, &NoJournal).await
            }
            None => scan.finish().await,
        };
        if let Some(ended) = settled.ended.into_iter().next() {
            *retries = ended.took.retries;
            return ended.result;
        }
        if scan.is_over() {
            return Err(unread());
        }
    }
}

fn unread() -> Failure {
    Failure::new(Reason::NotRun, "the measure was not read")
}
