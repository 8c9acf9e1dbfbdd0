//! Joins that only pick rows, read by their keys: each value is what the join gives.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::{Value, json};

use super::answers::psqls;
use super::collected::{Collected, Definitions, Reader, strategies};
use super::server::Watched;
use crate::oracle;
use crate::support::postgres::{Database, Postgres, READER};

/// Conditions of either table, of both, and of none.
const CONDITIONS: [&str; 11] = [
    "p.flag",
    "p.n > 20",
    "NOT p.flag",
    "p.n IS NULL OR p.n < 10",
    "c.a < 5",
    "c.flag",
    "c.a IS NOT NULL AND p.n > 3",
    "c.a > 2 OR p.flag",
    "c.a = p.n",
    "p.id <> 7",
    "true",
];
const JOINS: [&str; 7] = [
    "JOIN parent p ON p.id = c.parent_id",
    "JOIN parent p ON c.parent_id = p.id",
    "JOIN parent p ON p.id = c.parent_id AND p.flag",
    "JOIN parent p ON p.id = c.parent_id AND c.a > 1",
    "LEFT JOIN parent p ON p.id = c.parent_id",
    "JOIN parent p ON p.id = c.parent_id AND p.n = c.a",
    "JOIN parent p ON p.n = c.parent_id",
];

/// What is asked, and the SQL of the same.
const ASKED: [(&str, Option<&str>, &str); 5] = [
    ("count", None, "count(*)"),
    ("sum", Some("c.a"), "coalesce(sum(c.a), 0)"),
    ("distinct_count", Some("c.b"), "count(DISTINCT c.b)"),
    ("average", Some("c.a"), "avg(c.a)"),
    ("count", Some("c.b"), "count(c.b)"),
];
const GROUPS: [(&str, &str); 4] = [("", ""), ("", ""), ("c.a", " GROUP BY c.a"), ("p.n", " GROUP BY p.n")];

#[derive(Debug, Clone)]
struct Metric {
    asked: (&'static str, Option<&'static str>, &'static str),
    join: &'static str,
    conditions: Vec<&'static str>,
    groups: (&'static str, &'static str),
}

impl Metric {
    fn relation(&self) -> String {
        let conditions: Vec<String> = self
            .conditions
            .iter()
            .map(|condition| format!("({condition})"))
            .collect();
        let filter = match conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", conditions.join(" AND ")),
        };
        format!("child c {}{filter}{}", self.join, self.groups.1)
    }

    fn options(&self) -> Value {
        let mut options = json!({"operation": self.asked.0, "relation": self.relation()});
        if let Some(column) = self.asked.1 {
            options["column"] = json!(column);
        }
        options
    }

    fn sql(&self) -> String {
        let keys = match self.groups.0 {
            "" => String::new(),
            key => format!("{key}, "),
        };
        format!("SELECT {keys}{} FROM {}", self.asked.2, self.relation())
    }
}

#[derive(Debug, Clone)]
struct Case {
    metrics: Vec<Metric>,
    key_type: &'static str,
    reference_type: &'static str,
    parents: i64,
    children: i64,
    /// The first key of all.
    first: i64,
    step: i64,
    partitioned: bool,
}

impl Case {
    fn statements(&self) -> Vec<String> {
        let Case {
            key_type,
            reference_type,
            parents,
            children,
            first,
            step,
            ..
        } = self;
        let (by, partition) = match self.partitioned {
            true => (
                " PARTITION BY HASH (id)",
                "CREATE TABLE child_0 PARTITION OF child FOR VALUES WITH (modulus 1, remainder 0)",
            ),
            false => ("", "SELECT 1"),
        };
        vec![
            "DROP TABLE IF EXISTS child, parent".to_owned(),
            format!("CREATE TABLE parent (id {key_type} PRIMARY KEY, flag boolean, n integer)"),
            format!(
                "INSERT INTO parent SELECT {first} + i * {step}, nullif(i % 5, 0) > 2, CASE WHEN i % 6 > 0 THEN i % 40 END
                 FROM generate_series(0, {parents} - 1) i"
            ),
            format!(
                "CREATE TABLE child (id bigint PRIMARY KEY, parent_id {reference_type}, a smallint, b integer,
                 flag boolean){by}"
            ),
            partition.to_owned(),
            // Some refer to no parent, some to one that is not there.
            format!(
                "INSERT INTO child SELECT i, CASE WHEN i % 9 > 0 THEN {first} + (i * 7 % ({parents} + 3)) * {step} END,
                 CASE WHEN i % 4 > 0 THEN i % 30 END, i % 61, i % 3 = 0 FROM generate_series(1, {children}) i"
            ),
            format!("GRANT SELECT ON child, parent TO {READER}"),
            "ANALYZE".to_owned(),
        ]
    }
}

fn metric() -> impl Strategy<Value = Metric> {
    let conditions = subsequence(&CONDITIONS[..], 0..=3);
    (select(&ASKED[..]), select(&JOINS[..]), conditions, select(&GROUPS[..])).prop_map(
        |(asked, join, conditions, groups)| Metric {
            asked,
            join,
            conditions,
            groups,
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let types = select(&["smallint", "integer", "bigint"][..]);
    // Keys below 0, and beyond what is looked up, among them.
    let firsts = select(&[0i64, 1, 1, 1, -5, 1_000][..]);
    let rows = (1i64..60, 60i64..2_500);
    (
        proptest::collection::vec(metric(), 6..=14),
        (types.clone(), types),
        rows,
        (firsts, select(&[1i64, 1, 3, 400_000][..])),
        proptest::bool::weighted(0.2),
    )
        .prop_map(
            |(metrics, (key_type, reference_type), (parents, children), (first, step), partitioned)| Case {
                metrics,
                key_type: if step > 3 { "bigint" } else { key_type },
                reference_type: if step > 3 { "bigint" } else { reference_type },
                parents,
                children,
                first,
                step,
                partitioned,
            },
        )
}

fn collected(definitions: &Definitions, database: &Database<'_>, strategy: service_ping::batch::Strategy) -> Collected {
    let reader = Reader {
        connections: 2,
        ..Reader::new(&database.reader_url())
    };
    definitions.collect(&reader, strategy)
}

#[test]
fn a_join_by_keys_gives_what_the_join_gives() {
    let database = Postgres::shared().database();
    let cases = std::env::var("SERVICE_PING_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        cases: cases.unwrap_or(10),
        failure_persistence: None,
        max_shrink_time: 60_000,
        ..ProptestConfig::default()
    };
    let checked = TestRunner::new(config).run(&case(), |case| {
        database.execute(&case.statements());
        let sql: Vec<String> = case.metrics.iter().map(Metric::sql).collect();
        let answers = psqls(&database, sql.iter().map(String::as_str));
        let named: Vec<(String, Value)> = case
            .metrics
            .iter()
            .enumerate()
            .map(|(number, metric)| (format!("counts.n{number}"), metric.options()))
            .collect();
        let definitions = Definitions::of(named.iter().map(|(key, options)| (key.as_str(), "all", options)));
        for strategy in strategies() {
            let collected = collected(&definitions, &database, strategy);
            for ((key, _), (sql, rows)) in named.iter().zip(sql.iter().zip(&answers)) {
                let value = collected
                    .value(key)
                    .map_err(|failure| failed(sql, strategy, &failure))?;
                if let Some(wrong) = oracle::mismatch(value, rows, 0.0) {
                    return Err(failed(sql, strategy, &wrong));
                }
            }
        }
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

fn failed(sql: &str, strategy: service_ping::batch::Strategy, what: &str) -> TestCaseError {
    TestCaseError::fail(format!("{strategy:?} {sql}: {what}"))
}

/// The statements that the server was sent while these metrics were read.
fn statements(database: &Database<'_>, relations: &[(&str, &str)], name: &str) -> (Collected, Vec<String>) {
    let options: Vec<(String, Value)> = relations
        .iter()
        .map(|(name, relation)| {
            (
                format!("counts.{name}"),
                json!({"operation": "count", "relation": relation}),
            )
        })
        .collect();
    let definitions = Definitions::of(options.iter().map(|(key, options)| (key.as_str(), "all", options)));
    let mut watched = Watched::new(database);
    watched.application_name = name.to_owned();
    let reader = Reader {
        application_name: name.to_owned(),
        ..Reader::new(&database.reader_url())
    };
    let collected = definitions.collect(&reader, service_ping::batch::Strategy::default());
    (collected, watched.log())
}

fn parents_and_children(first: i64) -> Vec<String> {
    [
        "CREATE TABLE parent (id bigint PRIMARY KEY, flag boolean)",
        &format!("INSERT INTO parent SELECT {first} + i, i % 2 = 0 FROM generate_series(0, 99) i"),
        "CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint)",
        &format!("INSERT INTO child SELECT i, {first} + i % 120 FROM generate_series(1, 2400) i"),
        &format!("GRANT SELECT ON child, parent TO {READER}"),
        "ANALYZE",
    ]
    .map(str::to_owned)
    .to_vec()
}

const PICKED: &str = "child JOIN parent ON parent.id = child.parent_id WHERE parent.flag";

#[test]
fn the_keys_are_read_once_and_the_rows_in_one_pass() {
    let database = Postgres::shared().database();
    database.execute(&parents_and_children(1));
    let relations = [
        ("all", "child"),
        ("picked", PICKED),
        ("again", &format!("{PICKED} AND child.id > 1200")),
    ];
    let (collected, log) = statements(&database, &relations, "keys read once");
    collected.assert_value("counts.all", &json!(2400));
    collected.assert_value("counts.picked", &json!(1000));
    collected.assert_value("counts.again", &json!(500));
    let of = |part: &str| {
        log.iter()
            .filter(|line| line.contains("execute") && line.contains(part))
            .count()
    };
    assert_eq!((of("FROM \"parent\""), of("FROM \"child\"")), (1, 1), "{log:#?}");
    assert_eq!(of("get_bit($1"), 1, "{log:#?}");
    assert_eq!(of("JOIN"), 0, "{log:#?}");
}

#[test]
fn keys_that_have_no_bit_are_joined() {
    for first in [-1, (1 << 24) - 50] {
        let database = Postgres::shared().database();
        database.execute(&parents_and_children(first));
        let (collected, log) = statements(&database, &[("all", "child"), ("picked", PICKED)], "keys without a bit");
        collected.assert_value("counts.all", &json!(2400));
        collected.assert_value("counts.picked", &json!(1000));
        assert!(log.iter().any(|line| line.contains("JOIN")), "{log:#?}");
    }
}

#[test]
fn a_table_that_may_not_be_read_costs_its_own_metrics() {
    let database = Postgres::shared().database();
    database.execute(&parents_and_children(1));
    database.psql(&format!("REVOKE SELECT ON parent FROM {READER}"));
    let (collected, _) = statements(
        &database,
        &[("all", "child"), ("picked", PICKED)],
        "no right to the keys",
    );
    collected.assert_value("counts.all", &json!(2400));
    collected.assert_reason("counts.picked", "permission_denied");
}
