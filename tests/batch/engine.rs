//! The engine over small databases: a measure from a definition's options, read as a run reads it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use serde_json::{Map, Value, json};
use service_ping::batch;
use service_ping::definition::{Catalog, TimeFrame};
use service_ping::instrumentation::{Context, Registry, Request};
use service_ping::keyspace::Keyspace;
use service_ping::measure::{DatabaseMeasure, Failure, Measure, Reading};
use service_ping::source::database::{Database, DatabaseOptions, DatabaseUrl, Interrupt, StatementLog};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};

use crate::oracle::{self, Rows};
use crate::support::postgres;

/// A reading with what was sent for it.
pub struct Read {
    pub result: Result<Reading, Failure>,
    pub sent: Vec<String>,
    pub retries: u32,
}

impl Read {
    /// The value that a payload would carry.
    pub fn value(&self) -> Value {
        match &self.result {
            Ok(reading) => reading.to_json(),
            Err(failure) => panic!("{failure}; sent:\n{}", self.sent.join("\n")),
        }
    }

    /// The statements that asked for a part of the result: not those to the catalogue or for the ends of a table.
    pub fn ranges(&self) -> Vec<&String> {
        let parts = ["COUNT(", "SUM(", "string_agg(", "group_concat("];
        self.sent
            .iter()
            .filter(|sql| !sql.contains("pg_catalog") && !sql.contains("pragma_"))
            .filter(|sql| parts.iter().any(|part| sql.contains(part)))
            .collect()
    }
}

/// The moment of every measure.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 19, 10, 54, 30).unwrap()
}

/// The measure of a `DatabaseMetric` with these options.
pub fn measure(options: &Value, time_frame: TimeFrame) -> Result<DatabaseMeasure, Failure> {
    let options: &Map<String, Value> = options.as_object().expect("options are a mapping");
    let (registry, catalog, keyspace) = (Registry::built_in(), Catalog::default(), Keyspace::default());
    let context = Context {
        catalog: &catalog,
        registry: &registry,
        keyspace: &keyspace,
        now: now(),
        depth: 0,
    };
    let class = registry
        .class("DatabaseMetric", &catalog)
        .expect("the class is built in");
    let request = Request {
        options,
        time_frame,
        data_source: service_ping::definition::DataSource::Database,
        events: &[],
    };
    match class.describe(&request, &context)? {
        Measure::Database(measure) => Ok((*measure).clone()),
        other => panic!("{other:?} is no measure of a database"),
    }
}

/// Reads a measure through a session of its own, with nothing known of the database beforehand.
pub fn read_from(url: &str, measure: &DatabaseMeasure) -> Read {
    read_after(url, measure, None)
}

/// The same, where `change` happens after the catalogue was asked and the ends of the ranges are known.
pub fn read_changed(url: &str, measure: &DatabaseMeasure, change: &dyn Fn()) -> Read {
    read_after(url, measure, Some(change))
}

fn read_after(url: &str, measure: &DatabaseMeasure, change: Option<&dyn Fn()>) -> Read {
    let sent: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = sent.clone();
    let log = StatementLog::new(move |statement| listener.lock().unwrap().push(statement.sql.to_owned()));
    let options = DatabaseOptions {
        statement_timeout: Duration::from_secs(60),
        lock_timeout: Duration::from_secs(5),
        connections: 1,
        ..DatabaseOptions::new("main", DatabaseUrl::new(url))
    };
    let database = Database::new(options).expect("the url is one");
    let (_switch, interrupt) = Interrupt::channel();
    let read = crate::block_on(async {
        let mut session = database.open(&interrupt, log).await.expect("a session opens");
        if let Some(change) = change {
            let looked = batch::preview(&mut session, &database, measure, true).await;
            looked.expect("the ranges are known");
            change();
        }
        let read = batch::read(&mut session, &database, measure).await;
        session.close().await;
        read
    });
    let sent = sent.lock().unwrap().clone();
    Read {
        result: read.reading,
        sent,
        retries: read.retries,
    }
}

/// A PostgreSQL database of the test's own.
pub struct Postgres(pub postgres::Database<'static>);

/// A SQLite file of the test's own.
pub struct Sqlite {
    folder: tempfile::TempDir,
}

/// A database that the engine reads and that answers plain SQL.
pub trait Instance {
    fn url(&self) -> String;
    fn execute(&self, statements: &[&str]);
    fn plain(&self, sql: &str) -> Rows;

    /// Reads `options` with a time frame.
    fn read_in(&self, options: &Value, time_frame: TimeFrame) -> Read {
        let measure = measure(options, time_frame).unwrap_or_else(|failure| panic!("{failure}: {options}"));
        read_from(&self.url(), &measure)
    }

    fn read(&self, options: &Value) -> Read {
        self.read_in(options, TimeFrame::All)
    }

    /// Asserts that the engine gives what `sql` gives.
    fn check(&self, options: Value, sql: &str) -> Read {
        self.check_within(options, sql, 0.0)
    }

    /// The same in batches of each size, and in those of the engine's own choice.
    fn check_sizes(&self, options: &Value, sql: &str, within: f64, sizes: &[u64]) {
        let rows = self.plain(sql);
        let batched = sizes.iter().map(|size| with(options, &json!({"batch_size": size})));
        for options in batched.chain([options.clone()]) {
            let read = self.read(&options);
            if let Some(wrong) = oracle::mismatch(&read.value(), &rows, within) {
                panic!("{options}\n{sql}\n{wrong}\nsent:\n{}", read.sent.join("\n"));
            }
        }
    }

    /// The same for an estimate, with the relative error it may have.
    fn check_within(&self, options: Value, sql: &str, within: f64) -> Read {
        let read = self.read(&options);
        if let Some(wrong) = oracle::mismatch(&read.value(), &self.plain(sql), within) {
            panic!("{options}\n{sql}\n{wrong}\nsent:\n{}", read.sent.join("\n"));
        }
        read
    }
}

impl Postgres {
    pub fn new() -> Postgres {
        Postgres(postgres::Postgres::shared().database())
    }

    pub fn with(statements: &[&str]) -> Postgres {
        let database = Postgres::new();
        database.execute(statements);
        database
    }
}

impl Instance for Postgres {
    fn url(&self) -> String {
        self.0.reader_url()
    }

    fn execute(&self, statements: &[&str]) {
        let statements: Vec<String> = statements.iter().map(|sql| (*sql).to_owned()).collect();
        self.0.execute(&statements);
    }

    fn plain(&self, sql: &str) -> Rows {
        oracle::split(&self.0.psql(sql))
    }
}

impl Sqlite {
    pub fn new() -> Sqlite {
        Sqlite {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn with(statements: &[&str]) -> Sqlite {
        let database = Sqlite::new();
        database.execute(statements);
        database
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }
}

impl Instance for Sqlite {
    fn url(&self) -> String {
        format!("sqlite://{}", self.path().display())
    }

    fn execute(&self, statements: &[&str]) {
        let script = format!("BEGIN; {}; COMMIT", statements.join(";\n"));
        crate::block_on(async {
            let options = SqliteConnectOptions::new()
                .filename(self.path())
                .create_if_missing(true);
            let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
            let done = connection.execute(sqlx::raw_sql(AssertSqlSafe(script.clone()))).await;
            done.unwrap_or_else(|error| panic!("{error}: {script}"));
            connection.close().await.expect("the file closes");
        });
    }

    fn plain(&self, sql: &str) -> Rows {
        oracle::sqlite(&self.path(), sql)
    }
}

/// The same statements on both databases.
pub fn both(statements: &[&str]) -> [Box<dyn Instance>; 2] {
    [Box::new(Postgres::with(statements)), Box::new(Sqlite::with(statements))]
}

/// `options` with more of them.
pub fn with(options: &Value, more: &Value) -> Value {
    let mut merged: BTreeMap<String, Value> = BTreeMap::new();
    for part in [options, more] {
        let part = part.as_object().expect("options are a mapping");
        merged.extend(part.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    Value::Object(merged.into_iter().collect())
}
