//! Bad metrics amid good ones over the same table: each bad one costs itself alone.

use std::time::Duration;

use serde_json::{Value, json};
use service_ping::batch::Strategy;

use super::answers::psqls;
use super::collected::{Collected, Definitions, Reader, sharing};
use super::server::Watched;
use crate::oracle::{self, Rows};
use crate::support::postgres::{Database, Postgres, READER};

const ROWS: u32 = 30_000;
const GOOD: usize = 60;
const BATCH: u32 = 5_000;

/// A metric of a test, with its options, and the SQL that says what its value is.
struct Metric {
    key_path: String,
    options: Value,
    sql: String,
}

fn schema() -> Vec<String> {
    [
        "CREATE TABLE t (id integer PRIMARY KEY, g integer, x integer, name text, secret text, huge bigint, many integer)",
        &format!(
            "INSERT INTO t SELECT i, nullif(i % 7, 0), CASE WHEN i % 5 > 0 THEN i % 1000 END,
             CASE WHEN i = {ROWS} - 3 THEN 'bad' ELSE i::text END, 's', 9000000000000000000, i % 20000
             FROM generate_series(1, {ROWS}) i"
        ),
        &format!("REVOKE SELECT ON t FROM {READER}"),
        &format!("GRANT SELECT (id, g, x, name, huge, many) ON t TO {READER}"),
        "CREATE FUNCTION raises(i integer) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
         BEGIN
           IF i = 17001 THEN RAISE EXCEPTION 'row % is bad', i; END IF;
           RETURN true;
         END $$",
        // One row that takes longer than a statement may.
        "CREATE FUNCTION slow(i integer) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
         BEGIN
           IF i = 12001 THEN PERFORM pg_sleep(30); END IF;
           RETURN true;
         END $$",
        "ANALYZE t",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn metric(key_path: String, operation: &str, column: Option<&str>, relation: String, sql: String) -> Metric {
    let mut options = json!({"operation": operation, "relation": relation, "batch_size": BATCH});
    if let Some(column) = column {
        options["column"] = json!(column);
    }
    Metric { key_path, options, sql }
}

/// Counts, sums, averages, distinct counts and groups, with filters that overlap.
fn good() -> Vec<Metric> {
    let filters = [
        "x > 10",
        "g = 3 OR g IS NULL",
        "x IS NULL",
        "g IN (1, 2) AND x < 900",
        "NOT (x % 2 = 0)",
    ];
    let operations = [
        ("count", None, "count(id)"),
        ("sum", Some("x"), "coalesce(sum(x), 0)"),
        ("average", Some("x"), "avg(x)"),
        ("distinct_count", Some("g"), "count(DISTINCT g)"),
    ];
    let numbered = |number: usize| {
        let (operation, column, call) = operations[number % operations.len()];
        let filter = format!("({}) AND id <> {number}", filters[number % filters.len()]);
        let (keys, by) = if number % 15 == 4 {
            ("g, ", " GROUP BY g")
        } else {
            ("", "")
        };
        metric(
            format!("good.n{number:02}"),
            operation,
            column,
            format!("t WHERE {filter}{by}"),
            format!("SELECT {keys}{call} FROM t WHERE {filter}{by}"),
        )
    };
    (0..GOOD).map(numbered).collect()
}

/// Each with the reason that it falls back for.
fn bad() -> Vec<(Metric, &'static str)> {
    let count =
        |name: &str, relation: &str| metric(format!("bad.{name}"), "count", None, relation.to_owned(), String::new());
    vec![
        (count("missing_column", "t WHERE gone > 1"), "missing_column"),
        (
            count("missing_table", "t JOIN nowhere n ON n.id = t.g"),
            "missing_table",
        ),
        (count("wrong_operator", "t WHERE name > 5"), "wrong_type"),
        (
            count("division", &format!("t WHERE 10 / (id - ({ROWS} - 2)) < 100")),
            "data_exception",
        ),
        (count("cast", "t WHERE name::integer > 0"), "wrong_type"),
        (count("secret", "t WHERE secret = 'x'"), "permission_denied"),
        (count("arithmetic", "t WHERE huge * 10 > 0"), "overflow"),
        (
            metric(
                "bad.sum".to_owned(),
                "sum",
                Some("huge"),
                "t WHERE x > 1".to_owned(),
                String::new(),
            ),
            "overflow",
        ),
        (count("groups", "t GROUP BY many"), "too_many_groups"),
        (count("raises", "t WHERE raises(id)"), "statement_failed"),
        (count("slow", "t WHERE slow(id)"), "statement_timeout"),
    ]
}

/// Every good metric is what psql said.
fn assert_good(collected: &Collected, good: &[Metric], answers: &[Rows]) {
    for (metric, rows) in good.iter().zip(answers) {
        let value = collected.value(&metric.key_path);
        let value = value.unwrap_or_else(|failure| panic!("{:?} {}: {failure}", collected.strategy, metric.options));
        let wrong = oracle::mismatch(value, rows, 0.0);
        assert!(wrong.is_none(), "{:?} {}: {wrong:?}", collected.strategy, metric.sql);
    }
}

fn definitions(good: &[Metric], bad: &[(Metric, &str)]) -> Definitions {
    let metrics = good.iter().chain(bad.iter().map(|(metric, _)| metric));
    Definitions::of(metrics.map(|metric| (metric.key_path.as_str(), "all", &metric.options)))
}

/// One run, and the statements that the server saw of it.
fn run(definitions: &Definitions, database: &Database<'_>, strategy: Strategy, name: &str) -> (Collected, Vec<String>) {
    let mut watched = Watched::new(database);
    watched.application_name = name.to_owned();
    let reader = Reader {
        connections: 2,
        statement_timeout: Duration::from_secs(1),
        application_name: name.to_owned(),
        ..Reader::new(&database.reader_url())
    };
    let collected = definitions.collect(&reader, strategy);
    let log = watched.log();
    let statements = log
        .into_iter()
        .filter(|line| line.contains("statement: ") || line.contains("execute "))
        .collect();
    (collected, statements)
}

#[test]
fn each_bad_metric_has_its_own_reason_and_costs_itself_alone() {
    let database = Postgres::shared().database();
    database.execute(&schema());
    let (good, bad) = (good(), bad());
    let answers = psqls(&database, good.iter().map(|metric| metric.sql.as_str()));
    let (all, alone) = (definitions(&good, &bad), definitions(&good, &[]));
    for (number, strategy) in sharing().enumerate() {
        let (without, fewer) = run(&alone, &database, strategy, &format!("good alone {number}"));
        assert_good(&without, &good, &answers);
        let (with, more) = run(&all, &database, strategy, &format!("amid bad ones {number}"));
        assert_good(&with, &good, &answers);
        for (metric, reason) in &bad {
            with.assert_reason(&metric.key_path, reason);
        }
        assert_bisected(&fewer, &more, bad.len());
    }
}

/// Bad metrics are found by halves. Where nothing is shared there is nothing to find.
fn assert_bisected(without: &[String], with: &[String], bad: usize) {
    if !without.iter().any(|sql| sql.contains("FILTER")) {
        return;
    }
    let halvings = (GOOD + bad).ilog2() as usize + 1;
    let ranges = ROWS.div_ceil(BATCH) as usize;
    // Each bad metric may be tried alone at each size that a range is halved to, too.
    let most = without.len() + 2 * bad * halvings + bad * ranges * 2;
    assert!(
        with.len() <= most,
        "{} statements with {bad} bad metrics, {} without:\n{}",
        with.len(),
        without.len(),
        with.join("\n")
    );
}
