//! A run's collection: the plan's readings taken, each metric brought to its one outcome.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::outcome::{Outcome, OutcomeState, deprecated_value, fallback_value};
use super::plan::{Plan, PlannedMetric};
use super::read::{Progress, Taken, isolated, read_all};
use crate::measure::{Failure, Measure, Reading, Reason};
use crate::sketch;
use crate::source::Sources;

/// Every metric's outcome, in the order of the plan.
#[derive(Debug, Clone)]
pub struct Collection {
    pub outcomes: Vec<Outcome>,
    pub elapsed: Duration,
}

impl Collection {
    /// The metrics that have no value of their own.
    pub fn fallbacks(&self) -> impl Iterator<Item = (&Outcome, &Failure)> {
        self.outcomes
            .iter()
            .filter_map(|outcome| outcome.failure().map(|failure| (outcome, failure)))
    }
}

/// Takes the readings of the plan and makes the outcomes of it.
pub async fn collect(plan: &Plan<'_>, sources: &Sources, progress: &dyn Progress) -> Collection {
    let begun = Instant::now();
    let taken = read_all(&plan.readings, sources, progress).await;
    let measures = plan.readings.iter().map(|(measure, _)| measure);
    let readings: HashMap<&Measure, Taken> = measures.zip(taken).collect();
    let outcomes = plan.metrics.iter().map(|metric| outcome(metric, &readings)).collect();
    Collection {
        outcomes,
        elapsed: begun.elapsed(),
    }
}

fn outcome(metric: &PlannedMetric<'_>, readings: &HashMap<&Measure, Taken>) -> Outcome {
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
        Ok((value, error_bound)) => {
            outcome.value = value;
            outcome.error_bound = error_bound;
            outcome.state = OutcomeState::Ok;
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

fn shaped(
    metric: &PlannedMetric<'_>,
    measure: &Measure,
    readings: &HashMap<&Measure, Taken>,
) -> Result<(serde_json::Value, Option<f64>), Failure> {
    let read = |leaf: &Measure| match readings.get(leaf) {
        Some(taken) => taken.result.clone(),
        None => Err(Failure::new(Reason::NotRun, "the measure was not read")),
    };
    let reading = measure.reading(&read)?;
    let error_bound = match &reading {
        Reading::Sketch(sketch) => Some(sketch::error_bound(sketch.count())),
        _ => None,
    };
    let (Some(class), Some(definition)) = (&metric.class, metric.definition) else {
        return Ok((reading.to_json(), error_bound));
    };
    let value = isolated(|| class.shape(reading, definition.value_type))?;
    Ok((value, error_bound))
}
