//! Any tables, any metrics, any strategy: each value is what plain SQL says.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use proptest::prelude::{ProptestConfig, Strategy as _, any, prop};
use proptest::test_runner::{TestCaseError, TestCaseResult, TestError, TestRunner};
use serde_json::Value;
use service_ping::batch::Strategy;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};

use super::answers::psqls;
use super::collected::{Collected, Definitions, Reader, strategies};
use super::condition::{Condition, condition};
use super::key::Spelling;
use super::metric::{Draft, Metric, draft};
use super::schema::{Table, name, table};
use super::shape::{Shape, shape};
use crate::oracle::{self, Rows};
use crate::support::postgres::Postgres;

/// How often a case is drawn where nothing is said; `SERVICE_PING_CASES` says more.
const CASES: u32 = 8;
/// How many conditions several metrics have in common.
const COMMON: usize = 3;
/// How many times its bound an estimate may be off: the bound holds for 99 of 100, not for all that are ever drawn.
const BEYOND_BOUND: f64 = 2.5;
/// Milliseconds that a failing case is made smaller for.
const SHRINKING: u32 = 90_000;

#[derive(Clone)]
struct Case {
    tables: Vec<Table>,
    shapes: Vec<Shape>,
    common: Vec<Condition>,
    drafts: Vec<Draft>,
    is_analyzed: bool,
}

fn case() -> impl proptest::strategy::Strategy<Value = Case> {
    // In the order that a failing case is made smaller in: every metric less makes the rest faster.
    (
        prop::collection::vec(draft(COMMON), 1..=14),
        prop::collection::vec(table(), 1..=4),
        prop::collection::vec(shape(), 1..=3),
        prop::collection::vec(condition(), COMMON),
        any::<bool>(),
    )
        .prop_map(|(drafts, tables, shapes, common, is_analyzed)| Case {
            tables,
            shapes,
            common,
            drafts,
            is_analyzed,
        })
}

impl Case {
    fn metrics(&self) -> Vec<Metric> {
        let drafts = self.drafts.iter().enumerate();
        drafts
            .map(|(number, draft)| draft.metric(number, &self.tables, &self.shapes, &self.common))
            .collect()
    }

    fn statements(&self, spelling: Spelling) -> Vec<String> {
        let tables = || self.tables.iter().enumerate();
        let dropped = tables().map(|(index, _)| format!("DROP TABLE IF EXISTS {}", name(index)));
        let mut statements: Vec<String> = match spelling {
            Spelling::Postgres => dropped.map(|sql| sql + " CASCADE").collect(),
            Spelling::Sqlite => Vec::new(),
        };
        statements.extend(tables().flat_map(|(index, table)| table.statements(index, spelling)));
        statements.extend(tables().flat_map(|(index, table)| table.referring(index, &self.tables, spelling)));
        if self.is_analyzed {
            statements.push("ANALYZE".to_owned());
        }
        statements
    }
}

/// What a person needs to see of a case that fails.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for sql in self.statements(Spelling::Postgres) {
            let shown: String = sql.chars().take(400).collect();
            let cut = if shown.len() < sql.len() { " …" } else { "" };
            writeln!(f, "{shown}{cut};")?;
        }
        for metric in self.metrics() {
            writeln!(f, "{} ({}): {}", metric.key_path, metric.time_frame, metric.options)?;
            writeln!(f, "    {}", metric.sql)?;
        }
        for table in &self.tables {
            writeln!(f, "{table:?}")?;
        }
        Ok(())
    }
}

/// One way to run the definitions: a strategy on so many connections.
type Way = (Strategy, usize);

fn ways() -> Vec<Way> {
    strategies()
        .flat_map(|strategy| [(strategy, 1), (strategy, 3)])
        .collect()
}

/// What was seen to fail: smaller cases are run that way, and one other for the estimates.
#[derive(Default)]
struct Failed(Cell<Option<Way>>);

impl Failed {
    fn ways(&self) -> Vec<Way> {
        match self.0.get() {
            Some(way) => ways().into_iter().take(1).chain([way]).collect(),
            None => ways(),
        }
    }
}

/// Each metric against plain SQL's answer to it.
fn check(metrics: &[Metric], answers: &[Rows], url: &str, failed: &Failed) -> TestCaseResult {
    let of = |metric| {
        let Metric {
            key_path,
            time_frame,
            options,
            ..
        }: &Metric = metric;
        (key_path.as_str(), *time_frame, options)
    };
    let definitions = Definitions::of(metrics.iter().map(of));
    let mut estimates: BTreeMap<String, Value> = BTreeMap::new();
    for (strategy, connections) in failed.ways() {
        let reader = Reader {
            connections,
            ..Reader::new(url)
        };
        let collected = definitions.collect(&reader, strategy);
        for (metric, rows) in metrics.iter().zip(answers) {
            let Some(wrong) = wrong(metric, rows, &collected, &mut estimates) else {
                continue;
            };
            failed.0.set(Some((strategy, connections)));
            let Metric {
                key_path, options, sql, ..
            } = metric;
            let message = format!("{strategy:?}, {connections} connections: {key_path} {options}\n{sql}\n{wrong}");
            return Err(TestCaseError::fail(message));
        }
    }
    Ok(())
}

fn wrong(
    metric: &Metric,
    rows: &Rows,
    collected: &Collected,
    estimates: &mut BTreeMap<String, Value>,
) -> Option<String> {
    let value = match collected.value(&metric.key_path) {
        Ok(value) => value,
        Err(failure) => return Some(failure),
    };
    if !metric.is_estimate {
        return oracle::mismatch(value, rows, 0.0);
    }
    let first = estimates
        .entry(metric.key_path.clone())
        .or_insert_with(|| value.clone());
    if first != value {
        return Some(format!("the estimate is {value}, under another strategy {first}"));
    }
    let bound = collected.outcome(&metric.key_path).error_bound.unwrap_or_default();
    oracle::mismatch(value, rows, bound * BEYOND_BOUND)
}

/// Draws cases until one fails, which is then made smaller and shown.
fn run(check: impl Fn(&Case, &Failed) -> TestCaseResult) {
    let given = std::env::var("SERVICE_PING_CASES").ok();
    let config = ProptestConfig {
        cases: given.map_or(CASES, |cases| cases.parse().expect("SERVICE_PING_CASES is a number")),
        failure_persistence: None,
        max_shrink_time: SHRINKING,
        ..ProptestConfig::default()
    };
    let failed = Failed::default();
    match TestRunner::new(config).run(&case(), |case| check(&case, &failed)) {
        Err(TestError::Fail(reason, case)) => panic!("{reason}\n{case:?}"),
        result => result.expect("cases are drawn"),
    }
}

#[test]
fn on_postgresql_each_value_is_plain_sqls_under_every_strategy() {
    let database = Postgres::shared().database();
    run(|case, failed| {
        database.execute(&case.statements(Spelling::Postgres));
        let metrics = case.metrics();
        let answers = psqls(&database, metrics.iter().map(|metric| metric.sql.as_str()));
        check(&metrics, &answers, &database.reader_url(), failed)
    });
}

#[test]
fn on_sqlite_each_value_is_plain_sqls_under_every_strategy() {
    run(|case, failed| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = sqlite(folder.path(), &case.statements(Spelling::Sqlite));
        let metrics = case.metrics();
        let answers: Vec<Rows> = metrics
            .iter()
            .map(|metric| oracle::sqlite(&path, &metric.sql))
            .collect();
        check(&metrics, &answers, &format!("sqlite://{}", path.display()), failed)
    });
}

fn sqlite(folder: &Path, statements: &[String]) -> PathBuf {
    let path = folder.join("test.db");
    let script = format!("BEGIN; {}; COMMIT", statements.join(";\n"));
    crate::block_on(async {
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
        let done = connection.execute(sqlx::raw_sql(AssertSqlSafe(script))).await;
        done.expect("the statements run");
        connection.close().await.expect("the file closes");
    });
    path
}
