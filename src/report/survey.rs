//! What a run of a plan would do on each database, told before it does.

use std::collections::{BTreeSet, HashMap};

use super::plan::Plan;
use super::read::work_of;
use crate::batch::{self, Sharing, Survey};
use crate::measure::{Failure, Measure};
use crate::source::Sources;
use crate::source::database::{Database, DatabaseError};

/// What a run would do on one database; measures by their places among the plan's readings.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseSurvey {
    /// The name under `[database.*]`.
    pub database: String,
    /// The failure where it cannot be asked.
    pub surveyed: Result<Surveyed, Failure>,
}

/// What was found out of a database that was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Surveyed {
    pub survey: Survey,
    /// About how many statements it would take to read each measure by itself.
    pub separate: u64,
}

/// Looks over what the plan reads of databases; each is tried once, and nothing is counted. With `around`, what these
/// readings do not stand in a scan with is left out.
pub async fn survey(plan: &Plan<'_>, sources: &Sources, around: Option<&[usize]>) -> Vec<DatabaseSurvey> {
    let names: BTreeSet<&str> = plan
        .readings
        .iter()
        .filter_map(|(measure, _)| database_of(measure))
        .collect();
    let mut surveys = Vec::with_capacity(names.len());
    for name in names {
        let surveyed = match sources.database(name) {
            Ok(database) => of_database(plan, sources, database, around).await,
            Err(failure) => Err(failure),
        };
        surveys.push(DatabaseSurvey {
            database: name.to_owned(),
            surveyed,
        });
    }
    surveys
}

async fn of_database(
    plan: &Plan<'_>,
    sources: &Sources,
    database: &Database,
    around: Option<&[usize]>,
) -> Result<Surveyed, Failure> {
    let mut session = database.open(&sources.interrupt, sources.log.clone()).await?;
    let work = || {
        let work = work_of(database.name(), &plan.readings, plan.strategy, sources, &|_| true);
        match around {
            Some(indexes) => work.around(indexes),
            None => work,
        }
    };
    let survey = batch::survey(work(), &mut session, database).await?;
    let separate = match plan.strategy.sharing {
        Sharing::Never => survey.statements(),
        _ => {
            let failed: Vec<usize> = survey.failures.iter().map(|(index, _)| *index).collect();
            batch::statements_apart(work().without(&failed), &mut session, database).await?
        }
    };
    session.close().await;
    match sources.interrupt.is_raised() {
        true => Err(DatabaseError::Interrupted.into()),
        false => Ok(Surveyed { survey, separate }),
    }
}

/// The database that answers a reading, if one does.
fn database_of(measure: &Measure) -> Option<&str> {
    match measure {
        Measure::Database(measure) => Some(&measure.database),
        Measure::SqlValue(measure) => Some(&measure.database),
        _ => None,
    }
}

impl Plan<'_> {
    /// The readings of each metric, as places among the plan's; in the order of the metrics.
    pub fn readings_of_metrics(&self) -> Vec<Vec<usize>> {
        let places = self.places();
        let readings = self.metrics.iter().map(|metric| match &metric.measure {
            Ok(Some(measure)) => places_of(measure, &places),
            _ => Vec::new(),
        });
        readings.collect()
    }

    /// The readings that a measure is made of, those that the plan takes.
    pub fn readings_of(&self, measure: &Measure) -> Vec<usize> {
        places_of(measure, &self.places())
    }

    fn places(&self) -> HashMap<&Measure, usize> {
        let readings = self.readings.iter().enumerate();
        readings.map(|(place, (measure, _))| (measure, place)).collect()
    }
}

fn places_of(measure: &Measure, places: &HashMap<&Measure, usize>) -> Vec<usize> {
    let mut of_measure: Vec<usize> = measure
        .leaves()
        .into_iter()
        .filter_map(|leaf| places.get(leaf).copied())
        .collect();
    of_measure.sort_unstable();
    of_measure.dedup();
    of_measure
}
