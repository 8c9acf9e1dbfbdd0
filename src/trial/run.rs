//! One test: its stage is set, its metric planned, read and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::{DateTime, Utc};

use super::compare::is_as_expected;
use super::events::Store;
use super::verdict::{Sent, Verdict};
use super::{Ground, stage, tables};
use crate::definition::{Catalog, MetricDefinition, MetricTest, MetricTests, Tested};
use crate::instrumentation::{Context, Registry};
use crate::keyspace::Keyspace;
use crate::measure::Measure;
use crate::report::{NoProgress, Outcome, Plan, collect, plan_one};
use crate::source::Sources;
use crate::source::component::Components;
use crate::source::database::{Interrupt, Rehearsal, StatementLog};
use crate::source::facts::Facts;

/// The moment of a run where a test names none: 2026-01-01T00:00:00Z, a Thursday.
pub const USUAL_NOW: DateTime<Utc> = match DateTime::from_timestamp(1_767_225_600, 0) {
    Some(instant) => instant,
    None => DateTime::UNIX_EPOCH,
};

/// What tests are run with.
pub struct Bench<'a> {
    pub catalog: &'a Catalog,
    pub registry: &'a Registry,
    pub keyspace: &'a Keyspace,
    pub interrupt: Interrupt,
}

/// Runs one test of a file on a ground. Whatever goes wrong is in the verdict.
pub async fn run(tests: &MetricTests, test: &MetricTest, ground: &Ground, bench: &Bench<'_>) -> Verdict {
    let begun = Instant::now();
    let verdict = Verdict::of(tests, test, ground.name());
    let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
    let mut verdict = match outcome(tests, test, ground, bench, log_into(&sent)).await {
        Ok(outcome) => verdict.ended(&outcome, is_as_expected(&test.expected, &outcome)),
        Err(why) => verdict.not_made(why),
    };
    verdict.sent = sent.lock().map(|sent| sent.clone()).unwrap_or_default();
    verdict.elapsed = begun.elapsed();
    verdict
}

fn log_into(sent: &Arc<Mutex<Vec<Sent>>>) -> StatementLog {
    let sent = sent.clone();
    StatementLog::new(move |statement| {
        if let Ok(mut sent) = sent.lock() {
            sent.push(Sent {
                sql: statement.sql.to_owned(),
                error: statement.error.clone(),
            });
        }
    })
}

async fn outcome(
    tests: &MetricTests,
    test: &MetricTest,
    ground: &Ground,
    bench: &Bench<'_>,
    log: StatementLog,
) -> Result<Outcome, String> {
    let now = test.now.unwrap_or(USUAL_NOW);
    let definition = definition(tests, bench.catalog)?;
    let context = Context {
        catalog: bench.catalog,
        registry: bench.registry,
        keyspace: bench.keyspace,
        now,
        depth: 0,
    };
    let plan = plan_one(&definition, bench.registry, &context);
    let store = Store::new(now);
    store.fill(&test.events, bench.keyspace, now).await?;
    let rehearsals = rehearsals(tests, test, &plan, ground, &bench.interrupt).await?;
    let sources = sources(&rehearsals, &store, now, bench, log).await?;
    let collection = collect(&plan, &sources, &NoProgress).await;
    drop(sources);
    for rehearsal in rehearsals.into_values() {
        rehearsal.end().await.map_err(|error| error.to_string())?;
    }
    let outcome = collection.outcomes.into_iter().next();
    outcome.ok_or_else(|| "the metric was removed: nothing is computed for it".to_owned())
}

fn definition(tests: &MetricTests, catalog: &Catalog) -> Result<MetricDefinition, String> {
    let name = tests.subject.name();
    let found = match &tests.subject {
        Tested::Metric(_) => catalog.metric(name).cloned(),
        Tested::Class { options, .. } => MetricDefinition::of_class(name).map(|definition| MetricDefinition {
            options: options.clone(),
            ..definition
        }),
    };
    let missing = || format!("there is no metric {name:?} here: is the feature flag of its aggregate off?");
    let mut definition = found.ok_or_else(missing)?;
    definition.time_frame = tests.time_frame.unwrap_or(definition.time_frame);
    Ok(definition)
}

/// A stage for each database that the metric asks, with the tables that it reads there.
async fn rehearsals(
    tests: &MetricTests,
    test: &MetricTest,
    plan: &Plan<'_>,
    ground: &Ground,
    interrupt: &Interrupt,
) -> Result<BTreeMap<String, Rehearsal>, String> {
    let leaves: Vec<&Measure> = plan.readings.iter().map(|(measure, _)| measure).collect();
    let is_described = plan.metrics.iter().all(|metric| metric.measure.is_ok());
    // A metric that cannot be planned reads nothing; its own reason says more than that.
    if !is_described {
        return Ok(BTreeMap::new());
    }
    let tables = tables::tables(tests, test, &leaves)?;
    let mut rehearsals = BTreeMap::new();
    for name in databases(&leaves) {
        let rehearsal = ground
            .rehearsal(name, interrupt)
            .await
            .map_err(|error| error.to_string())?;
        stage::set(&rehearsal, &tables, test).await?;
        rehearsals.insert(name.to_owned(), rehearsal);
    }
    Ok(rehearsals)
}

fn databases<'a>(leaves: &[&'a Measure]) -> BTreeSet<&'a str> {
    let named = leaves.iter().filter_map(|leaf| match leaf {
        Measure::Database(measure) => Some(measure.database.as_str()),
        Measure::SqlValue(measure) => Some(measure.database.as_str()),
        _ => None,
    });
    named.collect()
}

async fn sources(
    rehearsals: &BTreeMap<String, Rehearsal>,
    store: &Store,
    now: DateTime<Utc>,
    bench: &Bench<'_>,
    log: StatementLog,
) -> Result<Sources, String> {
    let mut databases = BTreeMap::new();
    for (name, rehearsal) in rehearsals {
        let database = rehearsal.database().await.map_err(|error| error.to_string())?;
        databases.insert(name.clone(), Arc::new(database));
    }
    Ok(Sources {
        databases,
        event_store: Some(store.handle()),
        prometheus: None,
        // What an instance knows of itself is no part of a definition.
        facts: Facts::at(now),
        components: Components::default(),
        geo: None,
        interrupt: bench.interrupt.clone(),
        log,
    })
}
