//! Definitions of a test, collected as a run does it, under a strategy of the test's choice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use serde_json::{Value, json};
use service_ping::batch::{RangeKind, Sharing, Strategy};
use service_ping::config::MetricGlobs;
use service_ping::definition::{self, DataCategory, Loaded};
use service_ping::instrumentation::{Context, Registry};
use service_ping::keyspace::Keyspace;
use service_ping::report::{self, Collection, NoProgress, Outcome, OutcomeState, Selection};
use service_ping::source::Sources;
use service_ping::source::component::Components;
use service_ping::source::database::{Database, DatabaseOptions, DatabaseUrl, Interrupt, StatementLog};
use service_ping::source::facts::Facts;

pub const SHARINGS: [Sharing; 3] = [Sharing::Auto, Sharing::Always, Sharing::Never];
pub const RANGES: [RangeKind; 3] = [RangeKind::Auto, RangeKind::Blocks, RangeKind::Keyset];

/// The moment of every run.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 19, 10, 54, 30).unwrap()
}

/// The strategies that share as each of `SHARINGS` says, with the ranges of the engine's choice.
pub fn sharing() -> impl Iterator<Item = Strategy> {
    SHARINGS.into_iter().map(|sharing| Strategy {
        sharing,
        ranges: RangeKind::Auto,
    })
}

/// Every strategy there is.
pub fn strategies() -> impl Iterator<Item = Strategy> {
    SHARINGS
        .into_iter()
        .flat_map(|sharing| RANGES.into_iter().map(move |ranges| Strategy { sharing, ranges }))
}

/// How a database is read.
#[derive(Debug, Clone)]
pub struct Reader {
    pub url: String,
    /// Further servers of the same data.
    pub others: Vec<String>,
    pub connections: usize,
    pub statement_timeout: Duration,
    pub lock_timeout: Duration,
    pub application_name: String,
}

impl Reader {
    /// With the patience that nothing tries.
    pub fn new(url: &str) -> Reader {
        Reader {
            url: url.to_owned(),
            others: Vec::new(),
            connections: 1,
            statement_timeout: Duration::from_secs(60),
            lock_timeout: Duration::from_secs(60),
            application_name: "service-ping".to_owned(),
        }
    }

    fn sources(&self) -> Sources {
        let options = DatabaseOptions {
            statement_timeout: self.statement_timeout,
            lock_timeout: self.lock_timeout,
            application_name: self.application_name.clone(),
            connections: self.connections,
            others: self.others.iter().map(DatabaseUrl::new).collect(),
            ..DatabaseOptions::new("main", DatabaseUrl::new(&self.url))
        };
        let database = Database::new(options).expect("the scheme is known");
        // The switch is gone: nobody interrupts.
        let (_, interrupt) = Interrupt::channel();
        Sources {
            databases: BTreeMap::from([("main".to_owned(), Arc::new(database))]),
            event_store: None,
            prometheus: None,
            facts: Facts::at(now()),
            components: Components::default(),
            geo: None,
            interrupt,
            log: StatementLog::default(),
        }
    }
}

/// Definitions as files, read by the engine's own reader.
pub struct Definitions {
    loaded: Loaded,
}

impl Definitions {
    /// A `DatabaseMetric` for each key path, with its time frame and options.
    pub fn of<'a>(metrics: impl IntoIterator<Item = (&'a str, &'a str, &'a Value)>) -> Definitions {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("metrics")).expect("the folder is writable");
        for (key_path, time_frame, options) in metrics {
            let definition = json!({
                "key_path": key_path,
                "description": "A metric of a test",
                "product_group": "tests",
                "value_type": "number",
                "status": "active",
                "milestone": "0.1",
                "time_frame": time_frame,
                "data_source": "database",
                "instrumentation_class": "DatabaseMetric",
                "options": options,
            });
            // JSON is YAML.
            let file = folder.path().join(format!("metrics/{key_path}.yml"));
            std::fs::write(file, definition.to_string()).expect("the folder is writable");
        }
        let loaded = definition::load(folder.path()).expect("the folder is readable");
        assert!(loaded.problems.is_empty(), "{:#?}", loaded.problems);
        Definitions { loaded }
    }

    /// What a run under the strategy gives.
    pub fn collect(&self, reader: &Reader, strategy: Strategy) -> Collected {
        let (registry, keyspace) = (Registry::built_in(), Keyspace::default());
        let context = Context {
            catalog: &self.loaded.catalog,
            registry: &registry,
            keyspace: &keyspace,
            now: now(),
            depth: 0,
        };
        let selection = Selection {
            categories: [DataCategory::Optional].into(),
            disabled: MetricGlobs::default(),
            only: None,
        };
        let plan = report::plan(&self.loaded, &registry, &context, &selection).with(strategy);
        let sources = reader.sources();
        let collection = crate::block_on(report::collect(&plan, &sources, &NoProgress));
        Collected {
            strategy,
            outcomes: of_key_paths(collection),
        }
    }
}

fn of_key_paths(collection: Collection) -> BTreeMap<String, Outcome> {
    let named = |outcome: Outcome| (outcome.key_path.to_string(), outcome);
    collection.outcomes.into_iter().map(named).collect()
}

/// The outcomes of one run.
pub struct Collected {
    pub strategy: Strategy,
    pub outcomes: BTreeMap<String, Outcome>,
}

impl Collected {
    pub fn outcome(&self, key_path: &str) -> &Outcome {
        let found = self.outcomes.get(key_path);
        found.unwrap_or_else(|| panic!("no outcome of {key_path}"))
    }

    /// The metric's own value, or what it fell back for.
    pub fn value(&self, key_path: &str) -> Result<&Value, String> {
        let outcome = self.outcome(key_path);
        match &outcome.state {
            OutcomeState::Ok => Ok(&outcome.value),
            state => Err(format!("{state:?}")),
        }
    }

    /// The code of the reason that the metric fell back for.
    pub fn reason(&self, key_path: &str) -> Option<&'static str> {
        self.outcome(key_path).failure().map(|failure| failure.reason.code())
    }

    pub fn assert_value(&self, key_path: &str, value: &Value) {
        assert_eq!(self.value(key_path), Ok(value), "{key_path} under {:?}", self.strategy);
    }

    pub fn assert_reason(&self, key_path: &str, reason: &str) {
        let outcome = self.outcome(key_path);
        assert_eq!(
            self.reason(key_path),
            Some(reason),
            "{outcome:?} under {:?}",
            self.strategy
        );
    }
}
