//! The one statement of each planned metric, as the live schema has its tables.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::plan::Plan;
use crate::batch;
use crate::definition::KeyPath;
use crate::measure::{DatabaseMeasure, Failure, Measure};
use crate::relation::{Dialect, RelationError};
use crate::source::Sources;
use crate::source::database::Session;

/// Statements, and what was not known while they were written.
#[derive(Debug, Default)]
pub struct Statements {
    /// Of each metric that one statement gives, in the order of the plan.
    pub entries: Vec<(KeyPath, Result<String, RelationError>)>,
    /// Databases that did not answer, with the reason: their tables are taken to have an `id`.
    pub assumed: BTreeMap<String, String>,
}

/// Writes the statement of each metric of the plan. A table that may lack the `id` that its measure counts is looked up
/// once; nothing is counted.
pub async fn statements(plan: &Plan<'_>, sources: &Sources, dialect: &dyn Fn(&str) -> Dialect) -> Statements {
    let mut schemas = Schemas::default();
    for (leaf, _) in &plan.readings {
        if let Measure::Database(measure) = leaf
            && assumes_a_key(measure)
        {
            schemas.look_up(measure, sources).await;
        }
    }
    schemas.close().await;
    let mut statements = Statements::default();
    for metric in &plan.metrics {
        let Ok(Some(measure)) = &metric.measure else { continue };
        let known = measure.with_leaves(&|leaf| schemas.known.get(leaf).unwrap_or(leaf).clone());
        if let Some(statement) = known.statement(dialect) {
            statements.entries.push((metric.key_path.clone(), statement));
        }
    }
    statements.assumed = schemas.away;
    statements
}

fn assumes_a_key(measure: &DatabaseMeasure) -> bool {
    measure.column.is_none() && measure.counted_column().is_some()
}

/// What databases said of the tables that were looked up.
#[derive(Default)]
struct Schemas {
    /// Measures that the catalogue knows more of.
    known: HashMap<Measure, Measure>,
    sessions: BTreeMap<String, Session>,
    away: BTreeMap<String, String>,
}

impl Schemas {
    async fn look_up(&mut self, measure: &DatabaseMeasure, sources: &Sources) {
        let name = &measure.database;
        if self.away.contains_key(name) {
            return;
        }
        match self.ask(measure, sources).await {
            Ok(known) => {
                let measure = Measure::Database(Arc::new(measure.clone()));
                self.known.insert(measure, Measure::Database(Arc::new(known)));
            }
            Err(failure) => drop(self.away.insert(name.clone(), failure.message)),
        }
    }

    async fn ask(&mut self, measure: &DatabaseMeasure, sources: &Sources) -> Result<DatabaseMeasure, Failure> {
        let database = sources.database(&measure.database)?;
        let mut session = match self.sessions.remove(&measure.database) {
            Some(session) => session,
            None => database.open(&sources.interrupt, sources.log.clone()).await?,
        };
        let known = batch::with_known_key(&mut session, database, measure).await?;
        self.sessions.insert(measure.database.clone(), session);
        Ok(known)
    }

    async fn close(&mut self) {
        for (_, session) in std::mem::take(&mut self.sessions) {
            session.close().await;
        }
    }
}
