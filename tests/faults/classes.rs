//! Classes and listeners that panic, through the library: each costs its own metric.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use service_ping::config::MetricGlobs;
use service_ping::definition::{self, DataCategory, ValueType};
use service_ping::instrumentation::{Context, InstrumentationClass, Registry, Request};
use service_ping::keyspace::Keyspace;
use service_ping::measure::{Failure, Measure, Reading, Reason};
use service_ping::report::{Collection, NoProgress, Outcome, Selection, collect, metadata, payload, plan};
use service_ping::source::Sources;
use service_ping::source::component::Components;
use service_ping::source::database::{Database, DatabaseOptions, DatabaseUrl, Interrupt, StatementLog};
use service_ping::source::facts::Facts;

use super::instance::Instance;
use super::server::Watched;
use crate::support::postgres::Postgres;

/// What a panic says may be a row's value.
const CANARY: &str = "canary_81d2e7";

/// A class that panics where it is told to.
struct Panicking {
    name: &'static str,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Describe,
    /// With a text that is fixed in the code, which may be shown.
    DescribeWithFixedText,
    Shape,
    Fallback,
    Nowhere,
}

impl InstrumentationClass for Panicking {
    fn name(&self) -> &str {
        self.name
    }

    fn describe(&self, _request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        match self.place {
            Place::Describe => panic!("the row says {CANARY}{}", self.name),
            Place::DescribeWithFixedText => panic!("an index is out of bounds"),
            Place::Fallback => Err(Failure::new(Reason::InvalidOptions, "nothing fits")),
            Place::Shape | Place::Nowhere => Ok(Measure::Constant(json!(41))),
        }
    }

    fn shape(&self, reading: Reading, _value_type: ValueType) -> Result<Value, Failure> {
        assert!(self.place != Place::Shape, "the reading says {CANARY}{}", self.name);
        Ok(reading.to_json())
    }

    fn fallback(&self, _options: &Map<String, Value>) -> Option<Value> {
        assert!(self.place != Place::Fallback, "the options say {CANARY}{}", self.name);
        Some(json!(7))
    }
}

const CLASSES: [(&str, Place); 5] = [
    ("PanicsInDescribe", Place::Describe),
    ("PanicsWithFixedText", Place::DescribeWithFixedText),
    ("PanicsInShape", Place::Shape),
    ("PanicsInFallback", Place::Fallback),
    ("PanicsNowhere", Place::Nowhere),
];

fn registry() -> Registry {
    let mut registry = Registry::built_in();
    for (name, place) in CLASSES {
        registry.add(Box::new(Panicking { name, place }));
    }
    registry
}

fn sources(url: &str, application_name: &str, log: StatementLog) -> Sources {
    let options = DatabaseOptions {
        statement_timeout: Duration::from_secs(60),
        lock_timeout: Duration::from_secs(60),
        application_name: application_name.to_owned(),
        ..DatabaseOptions::new("main", DatabaseUrl::new(url))
    };
    let database = Database::new(options).expect("the scheme is known");
    // The switch is gone: nobody interrupts.
    let (_, interrupt) = Interrupt::channel();
    Sources {
        databases: BTreeMap::from([("main".to_owned(), Arc::new(database))]),
        event_store: None,
        prometheus: None,
        facts: Facts::at(chrono::Utc::now()),
        components: Components::default(),
        geo: None,
        interrupt,
        log,
    }
}

/// Collects the instance's definitions with the classes above.
fn collected(instance: &Instance, sources: &Sources) -> Collection {
    let loaded = definition::load(instance.cli.folder()).expect("the folder is readable");
    assert_eq!(loaded.problems.len(), 0, "{:?}", loaded.problems);
    let registry = registry();
    let keyspace = Keyspace::default();
    let context = Context {
        catalog: &loaded.catalog,
        registry: &registry,
        keyspace: &keyspace,
        now: sources.facts.recorded_at,
        depth: 0,
    };
    let selection = Selection {
        categories: [DataCategory::Optional].into(),
        disabled: MetricGlobs::default(),
        only: None,
    };
    let plan = plan(&loaded, &registry, &context, &selection);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime
        .expect("a runtime starts")
        .block_on(collect(&plan, sources, &NoProgress))
}

fn outcome<'a>(collection: &'a Collection, key_path: &str) -> &'a Outcome {
    let found = collection
        .outcomes
        .iter()
        .find(|outcome| outcome.key_path.as_str() == key_path);
    found.unwrap_or_else(|| panic!("no outcome of {key_path}"))
}

fn assert_fallback(collection: &Collection, key_path: &str, reason: Reason, value: Value) {
    let outcome = outcome(collection, key_path);
    let seen = outcome.failure().map(|failure| failure.reason);
    assert_eq!((seen, &outcome.value), (Some(reason), &value), "{outcome:?}");
}

#[test]
fn a_class_that_panics_costs_its_own_metric() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 500)");
    let watched = Watched::new(&database);
    let instance = Instance::new(&database.url(), "");
    let none = || json!({});
    for (name, _) in CLASSES {
        instance.definition(&format!("classes.{}", name.to_lowercase()), name, json!({}), none());
        let parts = json!({"operation": "add", "data": [{"instrumentation_class": name}]});
        instance.definition(&format!("sums.{}", name.to_lowercase()), "NumbersMetric", parts, none());
        instance.count(
            &format!("counts.beside_{}", name.to_lowercase()),
            &format!("users WHERE id > {}", name.len()),
        );
    }
    let sources = sources(&database.url(), &watched.application_name, StatementLog::default());
    let collection = collected(&instance, &sources);

    for name in ["panicsindescribe", "panicswithfixedtext"] {
        assert_fallback(&collection, &format!("classes.{name}"), Reason::Panic, json!(-2));
        assert_fallback(&collection, &format!("sums.{name}"), Reason::Panic, json!(-2));
    }
    assert_fallback(&collection, "classes.panicsinshape", Reason::Panic, json!(-2));
    assert_fallback(
        &collection,
        "classes.panicsinfallback",
        Reason::InvalidOptions,
        json!(-1),
    );
    assert_fallback(&collection, "sums.panicsinfallback", Reason::InvalidOptions, json!(-1));
    for key_path in ["classes.panicsnowhere", "sums.panicsnowhere"] {
        let outcome = outcome(&collection, key_path);
        assert_eq!((outcome.failure(), &outcome.value), (None, &json!(41)));
    }
    for (name, _) in CLASSES {
        let outcome = outcome(&collection, &format!("counts.beside_{}", name.to_lowercase()));
        assert_eq!((outcome.failure(), &outcome.value), (None, &json!(500 - name.len())));
    }
    let fixed = outcome(&collection, "classes.panicswithfixedtext")
        .failure()
        .map(|failure| failure.message.as_str());
    assert_eq!(fixed, Some("an index is out of bounds"));
    assert_no_canary(&collection);
    watched.assert_nothing_is_left();
}

fn assert_no_canary(collection: &Collection) {
    let printed = format!(
        "{collection:?} {} {}",
        payload(&collection.outcomes),
        serde_json::to_value(metadata(uuid::Uuid::nil(), &collection.outcomes)).expect("metadata are JSON")
    );
    assert!(!printed.contains(CANARY), "{printed}");
}

/// Whatever code runs while a session is open, a panic in it costs one metric and that session.
#[test]
fn a_panic_in_mid_count_costs_its_own_metric() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 500)");
    let watched = Watched::new(&database);
    let instance = Instance::new(&database.url(), "");
    for number in 0..12 {
        instance.count(&format!("counts.n{number:02}"), &format!("users WHERE id > {number}"));
    }
    let log = StatementLog::new(|statement| {
        let sql = statement.sql;
        assert!(!sql.contains("> 5"), "the listener met {CANARY}: {sql}");
    });
    let sources = sources(&database.url(), &watched.application_name, log);
    let collection = collected(&instance, &sources);
    for number in 0..12 {
        let key_path = format!("counts.n{number:02}");
        if number == 5 {
            assert_fallback(&collection, &key_path, Reason::Panic, json!(-2));
        } else {
            let outcome = outcome(&collection, &key_path);
            assert_eq!((outcome.failure(), &outcome.value), (None, &json!(500 - number)));
        }
    }
    assert_no_canary(&collection);
    watched.assert_nothing_is_left();
}
