//! A run's collection: the plan's readings taken, each metric brought to its one outcome.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::journal::ReadingJournal;
use super::outcome::{Outcome, OutcomeState, deprecated_value, fallback_value};
use super::plan::{Plan, PlannedMetric};
use super::read::{Progress, isolated, read_all};
use super::source_read::SourceRead;
use super::trace::RunTrace;
use crate::batch::{NoJournal, Taken};
use crate::definition::AggregateOperator;
use crate::measure::{Failure, Measure, Reading, Reason};
use crate::source::Sources;
use crate::source::database::ThrottleCause;
use crate::state::OutcomeRecord;

/// Every metric's outcome, in the order of the plan.
#[derive(Debug, Clone)]
pub struct Collection {
    pub outcomes: Vec<Outcome>,
    /// Statements that the databases were sent; those that several metrics shared count once.
    pub statements: u64,
    /// What was read of each source that was asked.
    pub sources: Vec<SourceRead>,
    pub elapsed: Duration,
    /// What databases were spared for, and for how long; nothing where no throttle held the run back.
    pub waited: Vec<Waited>,
}

/// A time in which a database was not read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waited {
    pub database: String,
    pub cause: ThrottleCause,
    pub time: Duration,
}

impl Collection {
    /// The collection of a run that another process has measured, as far as it is kept.
    pub(super) fn restored(plan: &Plan<'_>, records: &[OutcomeRecord]) -> Collection {
        let metrics: HashMap<&str, &PlannedMetric<'_>> = plan
            .metrics
            .iter()
            .map(|metric| (metric.key_path.as_str(), metric))
            .collect();
        let outcomes = records.iter().filter_map(|record| {
            let metric = metrics.get(record.key_path.as_str());
            Outcome::restored(record, metric.map(|metric| metric.data_category))
        });
        Collection {
            outcomes: outcomes.collect(),
            statements: 0,
            sources: Vec::new(),
            elapsed: Duration::ZERO,
            waited: Vec::new(),
        }
    }

    /// The metrics that have no value of their own.
    pub fn fallbacks(&self) -> impl Iterator<Item = (&Outcome, &Failure)> {
        self.outcomes
            .iter()
            .filter_map(|outcome| outcome.failure().map(|failure| (outcome, failure)))
    }
}

/// Takes the readings of the plan and makes the outcomes of it.
pub async fn collect(plan: &Plan<'_>, sources: &Sources, progress: &dyn Progress) -> Collection {
    collect_on(plan, sources, progress, &NoJournal, None).await
}

/// As [`collect`], but for the readings that the journal has already; the trace is told of it, if there is one.
pub(super) async fn collect_on(
    plan: &Plan<'_>,
    sources: &Sources,
    progress: &dyn Progress,
    journal: &dyn ReadingJournal,
    trace: Option<&RunTrace>,
) -> Collection {
    let begun = Instant::now();
    let read = read_all(&plan.readings, plan.strategy, sources, progress, journal, trace).await;
    let measures = plan.readings.iter().map(|(measure, _)| measure);
    let readings: HashMap<&Measure, Taken> = measures.zip(read.taken).collect();
    let outcomes: Vec<Outcome> = plan.metrics.iter().map(|metric| outcome(metric, &readings)).collect();
    if let Some(trace) = trace {
        trace.collected(plan, &outcomes);
    }
    Collection {
        outcomes,
        statements: read.statements,
        sources: read.sources,
        elapsed: begun.elapsed(),
        waited: waited(sources).await,
    }
}

async fn waited(sources: &Sources) -> Vec<Waited> {
    let mut all = Vec::new();
    for (name, database) in &sources.databases {
        let of_database = database.waited().await.into_iter().map(|(cause, time)| Waited {
            database: name.clone(),
            cause,
            time,
        });
        all.extend(of_database);
    }
    all
}

fn outcome(metric: &PlannedMetric<'_>, readings: &HashMap<&Measure, Taken>) -> Outcome {
    // What is logged meanwhile, such as a panic of the class, is of this metric.
    let _span = tracing::error_span!("metric", key_path = %metric.key_path).entered();
    let mut outcome = Outcome {
        key_path: metric.key_path.clone(),
        data_category: metric.data_category,
        value: deprecated_value(),
        state: OutcomeState::Deprecated,
        elapsed: Duration::ZERO,
        statements: 0,
        retries: 0,
        error_bound: None,
        window: None,
    };
    let result = match &metric.measure {
        Ok(None) => return outcome,
        Err(failure) => Err(failure.clone()),
        Ok(Some(measure)) => {
            account(&mut outcome, measure, readings);
            shaped(metric, measure, readings)
        }
    };
    match result {
        Ok(shaped) => {
            outcome.value = shaped.value;
            outcome.error_bound = shaped.error_bound;
            outcome.state = match (shaped.unreliable, shaped.binned) {
                (Some(unreliable), _) => OutcomeState::Unreliable(unreliable),
                (None, Some(binned)) => OutcomeState::Binned(binned),
                (None, None) => OutcomeState::Ok,
            };
        }
        Err(failure) => {
            let declared = metric.declared_fallback();
            outcome.value = fallback_value(&failure, metric.is_histogram(), declared.as_ref());
            outcome.state = OutcomeState::Fallback(failure);
        }
    }
    outcome
}

fn account(outcome: &mut Outcome, measure: &Measure, readings: &HashMap<&Measure, Taken>) {
    outcome.window = measure.window();
    for taken in measure.leaves().into_iter().filter_map(|leaf| readings.get(leaf)) {
        outcome.elapsed += taken.elapsed;
        outcome.statements += taken.statements;
        outcome.retries += taken.retries;
    }
}

/// A value, and what there is to say of it.
struct Shaped {
    value: serde_json::Value,
    error_bound: Option<f64>,
    unreliable: Option<Failure>,
    binned: Option<Failure>,
}

fn shaped(
    metric: &PlannedMetric<'_>,
    measure: &Measure,
    readings: &HashMap<&Measure, Taken>,
) -> Result<Shaped, Failure> {
    let read = |leaf: &Measure| match readings.get(leaf) {
        Some(taken) => taken.result.clone(),
        None => Err(Failure::new(Reason::NotRun, "the measure was not read")),
    };
    let reading = isolated(|| measure.reading(&read))?;
    let error_bound = reading.error_bound();
    let unreliable = unreliable(measure, &reading);
    let value = match (&metric.class, metric.definition) {
        (Some(class), Some(definition)) => isolated(|| class.shape(reading, definition.value_type))?,
        _ => reading.to_json(),
    };
    let (value, binned) = metric.disclosure().of(value);
    Ok(Shaped {
        value,
        error_bound,
        unreliable,
        binned,
    })
}

/// An intersection is unreliable if its bound is more than half its value (design 4).
fn unreliable(measure: &Measure, reading: &Reading) -> Option<Failure> {
    let (Measure::Aggregate(aggregate), Reading::Estimate(estimate)) = (measure, reading) else {
        return None;
    };
    if aggregate.operator != AggregateOperator::And || estimate.bound <= estimate.value / 2.0 {
        return None;
    }
    let message = format!(
        "the intersection is {:.0} give or take {:.0}",
        estimate.value, estimate.bound
    );
    Some(Failure::new(Reason::Unreliable, message))
}
