//! What a measure would cost, told before it runs: plans, indexes, the slowest batch, a verdict.
//!
//! Nothing is counted here, unless one batch is to be analysed. What is asked of a database are plans, its catalogue, and
//! the ends of a table where the plan says that an index has them.

mod advice;
mod analysis;
mod cost;
mod finding;
mod json;
mod migration;
mod plan;
mod prepare;
mod sqlite_plan;
mod statement;
mod statistics;
mod subject;

pub use advice::Advice;
pub use analysis::Analysis;
pub use cost::{BATCH_BUDGET, COLD_BUDGET, MODEL, Prediction};
pub use finding::{Finding, FindingKind};
pub use migration::IndexAdvice;
pub use plan::PlanNode;
pub use prepare::{Prepared, prepare};
pub use statement::{Examined, Explained, Verdict};
pub use subject::{Subject, statements_of};

use std::collections::BTreeMap;

use crate::measure::{Failure, Measure, Reason};
use crate::source::Sources;
use crate::source::database::Session;

/// What a measure would cost: one part for each distinct leaf.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    pub parts: Vec<Part>,
}

/// One leaf of a measure.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A database answers it.
    Statement(Box<Explained>),
    /// The event store answers it.
    Events { command: String, keys: usize },
    /// The run knows it; in words.
    Known(String),
    /// It cannot be explained; the statement, as far as it can be written.
    Failed {
        /// The name under `[database.*]`.
        database: String,
        statement: Option<String>,
        failure: Failure,
    },
}

impl Explanation {
    /// Of a deprecated metric, for which nothing is asked.
    pub fn of_deprecated() -> Explanation {
        Explanation {
            parts: vec![Part::Known("deprecated: nothing is computed".to_owned())],
        }
    }

    /// A database that could not be asked, and why.
    pub fn unreachable(&self) -> Option<(&str, &Failure)> {
        self.parts.iter().find_map(|part| match part {
            Part::Failed { database, failure, .. } if failure.reason == Reason::SourceUnavailable => {
                Some((database.as_str(), failure))
            }
            _ => None,
        })
    }
}

/// Explains measures, over one session a database.
pub struct Explainer<'a> {
    sources: &'a Sources,
    sessions: BTreeMap<String, Session>,
    analyzes: bool,
}

impl<'a> Explainer<'a> {
    /// With `analyzes`, the slowest batch of each measure is run, read-only and under the statement timeout.
    pub fn new(sources: &'a Sources, analyzes: bool) -> Explainer<'a> {
        Explainer {
            sources,
            sessions: BTreeMap::new(),
            analyzes,
        }
    }

    /// What the measure would cost.
    pub async fn explain(&mut self, measure: &Measure) -> Explanation {
        let mut parts = Vec::new();
        let mut known: Vec<&Measure> = Vec::new();
        for leaf in measure.leaves() {
            if !known.contains(&leaf) {
                known.push(leaf);
                parts.push(self.part(leaf).await);
            }
        }
        Explanation { parts }
    }

    /// Ends its sessions in good order.
    pub async fn close(self) {
        for (_, session) in self.sessions {
            session.close().await;
        }
    }

    async fn part(&mut self, leaf: &Measure) -> Part {
        let database = match leaf {
            Measure::Database(measure) => &measure.database,
            Measure::SqlValue(measure) => &measure.database,
            Measure::Event(measure) => {
                return Part::Events {
                    command: measure.command(),
                    keys: measure.keys().len(),
                };
            }
            other => return Part::Known(in_words(other)),
        };
        match self.statement(database, leaf).await {
            Ok(explained) => Part::Statement(Box::new(explained)),
            Err(failure) => Part::Failed {
                database: database.clone(),
                statement: self.written(database, leaf),
                failure,
            },
        }
    }

    async fn statement(&mut self, name: &str, leaf: &Measure) -> Result<Explained, Failure> {
        let database = self.sources.database(name)?;
        let mut session = match self.sessions.remove(name) {
            Some(session) => session,
            None => {
                database
                    .open_patiently(&self.sources.interrupt, self.sources.log.clone())
                    .await?
            }
        };
        let explained = statement::explained(&mut session, database, leaf, self.analyzes).await;
        let usable = !explained.as_ref().is_err_and(|failure| ends_session(failure.reason));
        if usable {
            self.sessions.insert(name.to_owned(), session);
        }
        explained
    }

    fn written(&self, name: &str, leaf: &Measure) -> Option<String> {
        let dialect = self.sources.database(name).ok()?.dialect();
        leaf.statement(&|_| dialect)?.ok()
    }
}

fn ends_session(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ConnectionLost | Reason::ConnectionTerminated | Reason::Cancelled | Reason::SourceUnavailable
    )
}

fn in_words(measure: &Measure) -> String {
    match measure {
        Measure::Setting(setting) => format!("the setting {}", setting.in_words()),
        Measure::Http(measure) => measure.in_words(),
        Measure::Server(measure) => {
            format!(
                "the {} of the database {}, by its own word",
                measure.fact.as_str(),
                measure.database
            )
        }
        Measure::GeoNodes => "what secondary sites told this one".to_owned(),
        Measure::License(attribute) => format!("{} of the licence; nothing is asked", attribute.as_str()),
        Measure::Constant(value) => format!("the definition's own value {value}; nothing is asked"),
        Measure::Prometheus(measure) => format!("{}; what that costs, Prometheus does not tell", measure.in_words()),
        _ => "known to the run itself; nothing is asked".to_owned(),
    }
}
