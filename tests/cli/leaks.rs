//! A leaf without an accepted definition never leaves, and no value of a row does: random definitions, selections and
//! consent over rows that hold a canary. SERVICE_PING_CASES says how many cases; `scripts/soak leaks` runs many.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use service_ping::config::MetricGlobs;
use service_ping::definition::{self, DataCategory, Loaded};
use service_ping::instrumentation::{Context, Registry};
use service_ping::keyspace::Keyspace;
use service_ping::relation::Dialect;
use service_ping::report::{self, NoProgress, Selection, Standing};
use service_ping::source::Sources;
use service_ping::source::component::Components;
use service_ping::source::database::{Database, DatabaseOptions, DatabaseUrl, Interrupt, StatementLog};
use service_ping::source::facts::Facts;
use service_ping::state::{Acceptance, NewReport, NewRun, StateStore};
use service_ping::versions::bundle::{Bundle, InstanceKey};
use uuid::Uuid;

use crate::instance::NOW;

/// Cases where nothing is said.
const CASES: u32 = 200;
const CANARY: &str = "canary-7d1f";
const CATEGORIES: [DataCategory; 4] = [
    DataCategory::Standard,
    DataCategory::Subscription,
    DataCategory::Operational,
    DataCategory::Optional,
];
const DISABLED: [&str; 4] = ["counts.m1*", "*.m2", "m*", "counts.deep.*"];

/// What a metric may measure; those that could tell a row's text say what may be told, or fail.
const BODIES: [(&str, &str, &str); 8] = [
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "count", "relation": "users"}"#,
    ),
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "distinct_count", "relation": "users", "column": "secret"}"#,
    ),
    (
        "object",
        "DatabaseMetric",
        r#"{"operation": "count", "relation": "users GROUP BY secret"}"#,
    ),
    (
        "object",
        "DatabaseMetric",
        r#"{"operation": "count", "relation": "users GROUP BY secret, plan"}"#,
    ),
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "sum", "relation": "users", "column": "secret"}"#,
    ),
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "count", "relation": "missing WHERE secret = 'x'"}"#,
    ),
    (
        "number",
        "SqlValueMetric",
        r#"{"query": "SELECT secret FROM users WHERE id = 1"}"#,
    ),
    (
        "string",
        "SqlValueMetric",
        r#"{"query": "SELECT secret FROM users WHERE id = 1"}"#,
    ),
];

/// One drawn definition.
#[derive(Debug, Clone)]
struct Drawn {
    key_path: String,
    body: usize,
    category: usize,
    minimum_count: Option<u64>,
    /// Whether it was accepted: not at all, as another text, or as it reads.
    accepted: u8,
}

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let place = prop_oneof![Just("counts."), Just(""), Just("counts.deep.")];
    let one = (
        place,
        0..BODIES.len(),
        0..CATEGORIES.len(),
        proptest::option::of(2..9_u64),
        0..3_u8,
    );
    proptest::collection::vec(one, 1..8).prop_map(|all| {
        let named = all.into_iter().enumerate();
        let drawn = named.map(|(number, (place, body, category, minimum_count, accepted))| Drawn {
            key_path: format!("{place}m{number}"),
            body,
            category,
            minimum_count,
            accepted,
        });
        drawn.collect()
    })
}

fn loaded(drawn: &[Drawn]) -> Loaded {
    let files = drawn.iter().map(|metric| {
        let (value_type, class, options) = BODIES[metric.body];
        let mut definition = json!({
            "key_path": metric.key_path,
            "description": "A metric of a test.",
            "value_type": value_type,
            "status": "active",
            "time_frame": "all",
            "data_source": "database",
            "data_category": CATEGORIES[metric.category].as_str(),
            "instrumentation_class": class,
            "options": serde_json::from_str::<Value>(options).expect("JSON"),
        });
        if value_type != "number" {
            definition["allowed_values"] = json!(["free"]);
        }
        if let (Some(minimum), true) = (metric.minimum_count, value_type != "string") {
            definition["minimum_count"] = json!(minimum);
        }
        let file = PathBuf::from(format!("metrics/{}.yml", metric.key_path));
        (file, definition.to_string().into_bytes())
    });
    let loaded = definition::load_files("definitions", files.collect());
    assert!(!loaded.has_errors(), "{:#?}", loaded.problems);
    loaded
}

/// One database for all cases: its rows hold the canary in every text.
fn database() -> &'static str {
    static FOLDER: OnceLock<(tempfile::TempDir, String)> = OnceLock::new();
    let (_, url) = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("canary.db");
        crate::instance::database(
            &file,
            "CREATE TABLE users (id INTEGER PRIMARY KEY, secret TEXT, plan TEXT); \
             INSERT INTO users VALUES (1, 'canary-7d1f-1', 'free'), (2, 'canary-7d1f-2', 'canary-7d1f'), \
             (3, '[\"canary-7d1f\"]', 'free'), (4, 'free', 'free'), (5, NULL, NULL)",
        );
        let url = format!("sqlite://{}", file.display());
        (folder, url)
    });
    url
}

fn sources(now: DateTime<Utc>, log: StatementLog) -> Sources {
    let options = DatabaseOptions {
        connections: 1,
        ..DatabaseOptions::new("main", DatabaseUrl::new(database()))
    };
    // The switch is gone: nobody interrupts.
    let (_, interrupt) = Interrupt::channel();
    let database = Database::new(options).expect("a database");
    Sources {
        databases: BTreeMap::from([("main".to_owned(), Arc::new(database))]),
        event_store: None,
        prometheus: None,
        facts: Facts {
            uuid: Some("an instance".to_owned()),
            ..Facts::at(now)
        },
        components: Components::default(),
        geo: None,
        interrupt,
        log,
    }
}

fn acceptances(drawn: &[Drawn], standing: &Standing) -> Vec<Acceptance> {
    let of = |metric: &Drawn| {
        let subject = standing
            .subjects
            .iter()
            .find(|subject| subject.key_path == metric.key_path)?;
        let now = subject.now.as_ref()?;
        let digest = match metric.accepted {
            0 => return None,
            1 => "of another text".to_owned(),
            _ => now.digest.clone(),
        };
        Some(Acceptance {
            key_path: metric.key_path.clone(),
            digest,
            terms: now.text.clone(),
            accepted_at: DateTime::UNIX_EPOCH,
            accepted_by: "Ada".to_owned(),
        })
    };
    drawn.iter().filter_map(of).collect()
}

/// Everything that leaves, or that is kept or printed on the way.
struct Traces {
    keys: BTreeSet<String>,
    texts: Vec<(&'static str, String)>,
}

async fn traces(drawn: &[Drawn], selection: &Selection) -> Traces {
    let (now, registry, keyspace) = (
        NOW.parse().expect("an instant"),
        Registry::built_in(),
        Keyspace::default(),
    );
    let loaded = loaded(drawn);
    let context = Context {
        catalog: &loaded.catalog,
        registry: &registry,
        keyspace: &keyspace,
        now,
        depth: 0,
    };
    let asked = Standing::of(&loaded, &context, selection, Vec::new());
    let standing = Standing::of(&loaded, &context, selection, acceptances(drawn, &asked));
    let plan = report::plan(&loaded, &registry, &context, selection).keep(standing.takes());
    let logged: Arc<Mutex<String>> = Arc::default();
    let into = Arc::clone(&logged);
    let log = StatementLog::new(move |statement| {
        let mut logged = into.lock().expect("nobody panicked");
        *logged += &format!("{} {:?}\n", statement.sql, statement.error);
    });
    let sources = sources(now, log);
    let collection = report::collect(&plan, &sources, &NoProgress).await;
    let dump = report::statements(&plan, &sources, &|_| Dialect::Sqlite).await;
    let payload = report::payload(&collection.outcomes).to_string();
    let metadata = report::metadata(Uuid::nil(), &collection.outcomes)
        .to_body()
        .expect("JSON");
    let outcomes: Vec<Value> = collection.outcomes.iter().map(report::Outcome::to_json).collect();
    let bundle = bundle(now, &payload, &metadata).await;
    let logged = logged.lock().expect("nobody panicked").clone();
    Traces {
        keys: collection
            .outcomes
            .iter()
            .map(|outcome| outcome.key_path.to_string())
            .collect(),
        texts: vec![
            ("payload", payload),
            ("metadata", metadata),
            ("outcomes", Value::from(outcomes).to_string()),
            ("dump", format!("{:?}", dump.entries)),
            ("log", logged),
            ("bundle", bundle),
        ],
    }
}

async fn bundle(now: DateTime<Utc>, payload: &str, metadata: &str) -> String {
    let store = StateStore::open("sqlite::memory:").await.expect("a store");
    let run = NewRun {
        id: Uuid::now_v7(),
        recorded_at: now,
        started_at: now,
        definitions_digest: "digest".to_owned(),
        trigger: "cli".to_owned(),
    };
    store.begin_run(&run).await.expect("a run");
    let report = NewReport {
        run_id: run.id,
        recorded_at: now,
        payload_json: payload.to_owned(),
        metadata_json: Some(metadata.to_owned()),
    };
    let report = store.enqueue(&report).await.expect("a report");
    let stored = store
        .stored_report(report.id)
        .await
        .expect("the store answers")
        .expect("it is there");
    let key = InstanceKey::of(&store).await.expect("a key");
    Bundle::new(stored, "an instance".to_owned(), &key)
        .to_text()
        .expect("JSON")
}

/// The key paths of all leaves, as the payload has them; a group's keys stand below its metric.
fn leaves(value: &Value, path: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            leaves(value, &path, into);
        }),
        _ => into.push(path.to_owned()),
    }
}

#[test]
fn what_was_not_accepted_does_not_leave_and_no_row_does() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    // Made before the first case: it needs a runtime of its own.
    database();
    let cases = std::env::var("SERVICE_PING_CASES").map_or(CASES, |cases| cases.parse().expect("a number"));
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let selections = (0..16_u8, proptest::option::of(0..DISABLED.len()));
    proptest!(config, |(drawn in drawn(), (categories, disabled) in selections)| {
        let of_bit = |(bit, category): (usize, &DataCategory)| (categories >> bit & 1 == 1).then_some(*category);
        let selection = Selection {
            categories: CATEGORIES.iter().enumerate().filter_map(of_bit).collect(),
            disabled: MetricGlobs::new(disabled.map(|index| DISABLED[index])).expect("globs"),
            only: None,
        };
        let traces = runtime.block_on(traces(&drawn, &selection));
        let may_leave = |metric: &&Drawn| {
            metric.accepted == 2
                && selection.categories.contains(&CATEGORIES[metric.category])
                && !selection.disabled.is_match(&metric.key_path)
        };
        let expected: BTreeSet<String> = drawn.iter().filter(may_leave).map(|metric| metric.key_path.clone()).collect();
        prop_assert_eq!(&traces.keys, &expected);
        let mut found = Vec::new();
        leaves(&serde_json::from_str(&traces.texts[0].1).expect("JSON"), "", &mut found);
        for leaf in found {
            let is_of = |key: &String| leaf == *key || leaf.starts_with(&format!("{key}."));
            prop_assert!(expected.iter().any(is_of), "{} left", leaf);
        }
        for (place, text) in &traces.texts {
            prop_assert!(!text.contains(CANARY), "{}: {}", place, text);
            for metric in drawn.iter().filter(|metric| !may_leave(metric)) {
                prop_assert!(!text.contains(&format!("\"{}\"", metric.key_path)), "{}: {}", place, text);
            }
        }
    });
}
