//! Where cases run, one after the other: a thread's own runtime, state store and log.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
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
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::drawn::{Drawn, loaded};
use crate::instance::NOW;

/// Everything that leaves, or that is kept or printed on the way.
pub(super) struct Traces {
    pub(super) keys: BTreeSet<String>,
    pub(super) texts: Vec<(&'static str, String)>,
}

/// What cases share, because making it takes longer than they do.
pub(super) struct Place {
    runtime: Runtime,
    registry: Registry,
    keyspace: Keyspace,
    state: StateStore,
    key: InstanceKey,
    log: Log,
    cases: i64,
    /// What the program logs on this thread is written down for as long as the place is there.
    _logging: tracing::subscriber::DefaultGuard,
}

/// What was logged since it was last looked at.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn taken(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().expect("nobody panicked"));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Place {
    pub(super) fn new() -> Place {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (state, key) = runtime.block_on(async {
            let state = StateStore::open("sqlite::memory:").await.expect("a store");
            let key = InstanceKey::of(&state).await.expect("a key");
            (state, key)
        });
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        Place {
            runtime,
            registry: Registry::built_in(),
            keyspace: Keyspace::default(),
            state,
            key,
            log,
            cases: 0,
            _logging: tracing::subscriber::set_default(subscriber),
        }
    }

    /// A run of these definitions, with all that it leaves behind.
    pub(super) fn traces(&mut self, drawn: &[Drawn], selection: &Selection) -> Traces {
        self.cases += 1;
        self.log.taken();
        let mut traces = self.runtime.block_on(self.run(drawn, selection));
        traces.texts.push(("log", self.log.taken()));
        traces
    }

    async fn run(&self, drawn: &[Drawn], selection: &Selection) -> Traces {
        let now = NOW.parse::<DateTime<Utc>>().expect("an instant") + TimeDelta::seconds(self.cases);
        let loaded = loaded(drawn);
        let context = Context {
            catalog: &loaded.catalog,
            registry: &self.registry,
            keyspace: &self.keyspace,
            now,
            depth: 0,
        };
        let asked = Standing::of(&loaded, &context, selection, Vec::new());
        let standing = Standing::of(&loaded, &context, selection, acceptances(drawn, &asked));
        let plan = report::plan(&loaded, &self.registry, &context, selection).keep(standing.takes());
        let statements: Arc<Mutex<String>> = Arc::default();
        let into = Arc::clone(&statements);
        let log = StatementLog::new(move |statement| {
            let mut statements = into.lock().expect("nobody panicked");
            *statements += &format!("{} {:?}\n", statement.sql, statement.error);
        });
        let sources = sources(now, log);
        let collection = report::collect(&plan, &sources, &NoProgress).await;
        let dump = report::statements(&plan, &sources, &|_| Dialect::Sqlite).await;
        let payload = report::payload(&collection.outcomes).to_string();
        let metadata = report::metadata(Uuid::nil(), &collection.outcomes)
            .to_body()
            .expect("JSON");
        let outcomes: Vec<Value> = collection.outcomes.iter().map(report::Outcome::to_json).collect();
        let bundle = self.bundle(now, &payload, &metadata).await;
        let statements = statements.lock().expect("nobody panicked").clone();
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
                ("statements", statements),
                ("bundle", bundle),
            ],
        }
    }

    async fn bundle(&self, now: DateTime<Utc>, payload: &str, metadata: &str) -> String {
        let run = NewRun {
            id: Uuid::now_v7(),
            recorded_at: now,
            started_at: now,
            definitions_digest: "digest".to_owned(),
            trigger: "cli".to_owned(),
        };
        self.state.begin_run(&run).await.expect("a run");
        let report = NewReport {
            run_id: run.id,
            recorded_at: now,
            payload_json: payload.to_owned(),
            metadata_json: Some(metadata.to_owned()),
        };
        let report = self.state.enqueue(&report).await.expect("a report");
        let stored = self.state.stored_report(report.id).await;
        let stored = stored.expect("the store answers").expect("it is there");
        let bundle = Bundle::new(stored, "an instance".to_owned(), &self.key);
        bundle.to_text().expect("JSON")
    }
}

/// One database for all cases: its rows hold the canary in every text.
pub(super) fn database() -> &'static str {
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
