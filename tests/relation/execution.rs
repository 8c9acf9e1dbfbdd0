//! What SQLite answers to its statements, against answers worked out here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use service_ping::relation::{Aggregate, Dialect, IntegerWidth, KeyRange, KeyValue, Operation, Relation, Window};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};
use tokio::runtime::Runtime;

use crate::support::{at, bound, column, now, parameters, parse};

/// A database in memory.
struct Database {
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Database {
    fn new(statements: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let options: SqliteConnectOptions = "sqlite::memory:".parse().unwrap();
        let connection = runtime.block_on(options.connect()).unwrap();
        let mut database = Database { runtime, connection };
        for statement in statements {
            database.execute(statement);
        }
        database
    }

    fn execute(&mut self, statement: &str) {
        let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
        self.runtime
            .block_on(query.execute(&mut self.connection))
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    fn insert(&mut self, table: &str, value: &str) {
        let query = sqlx::query(AssertSqlSafe(format!("INSERT INTO {table} VALUES (?)"))).bind(value);
        self.runtime.block_on(query.execute(&mut self.connection)).unwrap();
    }

    fn try_rows(&mut self, statement: &str) -> Result<Vec<sqlx::sqlite::SqliteRow>, sqlx::Error> {
        let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
        self.runtime.block_on(query.fetch_all(&mut self.connection))
    }

    fn rows(&mut self, statement: &str) -> Vec<sqlx::sqlite::SqliteRow> {
        self.try_rows(statement)
            .unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    fn count(&mut self, relation: &Relation) -> i64 {
        let statement = relation.statement(Dialect::Sqlite, Operation::Count, None).unwrap();
        self.rows(&statement)[0].get(0)
    }

    /// The first column of the rows of a relation over `v`.
    fn values(&mut self, relation: &Relation) -> BTreeSet<String> {
        let statement = relation
            .select(Dialect::Sqlite, &[Aggregate::Values(column("v", "v"))], None)
            .unwrap();
        self.rows(&statement).iter().map(|row| row.get(0)).collect()
    }
}

/// LIKE as PostgreSQL defines it, backslash escaping; `None` for a pattern that ends in its escape.
fn like(text: &[char], pattern: &[char]) -> Option<bool> {
    Some(match pattern {
        [] => text.is_empty(),
        ['\\'] => return None,
        ['\\', literal, rest @ ..] => text.first() == Some(literal) && like(&text[1..], rest)?,
        ['%', rest @ ..] => {
            let mut found = false;
            for start in 0..=text.len() {
                found |= like(&text[start..], rest)?;
            }
            found
        }
        ['_', rest @ ..] => like(rest, rest).is_some() && !text.is_empty() && like(&text[1..], rest)?,
        [literal, rest @ ..] => text.first() == Some(literal) && like(&text[1..], rest)?,
    })
}

fn ends_in_escape(pattern: &str) -> bool {
    pattern.chars().rev().take_while(|character| *character == '\\').count() % 2 == 1
}

#[test]
fn like_minds_case_and_knows_no_other_wildcards() {
    let texts = [
        "", "a", "A", "aa", "a*", "a?", "[a]", "a]", "^", "-", "%", "_", "\\", "a\\", "'", "é", "éa", "[", "*", "a%a",
        "b-[a",
    ];
    let mut database = Database::new(&["CREATE TABLE v (v TEXT)"]);
    texts.iter().for_each(|text| database.insert("v", text));
    let pattern = prop_oneof!["[aA%_*?\\[\\]^\\\\'é-]{0,5}", "[a%_\\\\]{0,4}"];
    let mut runner = TestRunner::new(ProptestConfig::with_cases(600));
    let database = std::cell::RefCell::new(database);
    let result = runner.run(&pattern, |pattern: String| {
        let relation = parse("v WHERE v LIKE :p")
            .bind(&parameters(json!({"p": pattern})), now())
            .unwrap();
        if ends_in_escape(&pattern) {
            prop_assert!(relation.statement(Dialect::Sqlite, Operation::Count, None).is_err());
            return Ok(());
        }
        let characters: Vec<char> = pattern.chars().collect();
        let expected: BTreeSet<String> = texts
            .iter()
            .filter(|text| like(&text.chars().collect::<Vec<_>>(), &characters) == Some(true))
            .map(|text| (*text).to_owned())
            .collect();
        prop_assert_eq!(database.borrow_mut().values(&relation), expected);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn ilike_ignores_case_and_escapes_with_backslashes() {
    let mut database = Database::new(&["CREATE TABLE v (v TEXT)"]);
    ["abc", "ABC", "a%c", "A_C", "a\\c"]
        .iter()
        .for_each(|text| database.insert("v", text));
    for (pattern, expected) in [
        ("a_C", vec!["A_C", "ABC", "a%c", "a\\c", "abc"]),
        (r"a\%C", vec!["a%c"]),
        (r"a\\C", vec!["a\\c"]),
        ("b", vec![]),
    ] {
        let relation = parse("v WHERE v ILIKE :p")
            .bind(&parameters(json!({"p": pattern})), now())
            .unwrap();
        let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(database.values(&relation), expected, "{pattern}");
    }
}

#[test]
fn texts_arrive_as_they_were_given() {
    let database = std::cell::RefCell::new(Database::new(&["CREATE TABLE v (v TEXT)"]));
    let text = prop_oneof!["[a'\"\\\\`;:é\n-]{0,12}", "\\PC{0,20}"];
    let mut runner = TestRunner::new(ProptestConfig::with_cases(300));
    let result = runner.run(&text, |text: String| {
        prop_assume!(!text.contains('\0'));
        let mut database = database.borrow_mut();
        database.execute("DELETE FROM v");
        database.insert("v", &text);
        let relation = parse("v WHERE v = :t AND v IN (:list)");
        let bound = relation
            .bind(&parameters(json!({"t": text, "list": [text, "other"]})), now())
            .unwrap();
        prop_assert_eq!(database.count(&bound), 1);
        Ok(())
    });
    result.unwrap();
}

/// Every spelling that a column of timestamps may hold.
fn spellings(instant: DateTime<Utc>) -> Vec<String> {
    let micros = instant.timestamp_subsec_micros();
    let mut spellings = vec![instant.format("%Y-%m-%d %H:%M:%S%.6f").to_string()];
    if micros.is_multiple_of(1_000) {
        spellings.push(instant.format("%Y-%m-%d %H:%M:%S%.3f").to_string());
    }
    if micros == 0 {
        spellings.push(instant.format("%Y-%m-%d %H:%M:%S").to_string());
    }
    spellings
}

#[test]
fn instants_compare_exactly_whatever_their_spelling() {
    let mut database = Database::new(&["CREATE TABLE v (v TEXT)"]);
    let ends = [
        "2026-11-19T10:54:00Z",
        "2026-11-19T10:54:00.100Z",
        "2026-11-19T10:54:00.123456Z",
        "2026-11-19T10:54:59.999999Z",
    ];
    let mut stored: Vec<(DateTime<Utc>, String)> = Vec::new();
    for end in ends {
        for offset in [-1_000_000, -1_000, -1, 0, 1, 1_000, 1_000_000] {
            let instant = at(end) + TimeDelta::microseconds(offset);
            stored.extend(spellings(instant).into_iter().map(|text| (instant, text)));
        }
    }
    stored.sort();
    stored.dedup();
    stored.iter().for_each(|(_, text)| database.insert("v", text));

    let expected = |wanted: &dyn Fn(DateTime<Utc>) -> bool| -> BTreeSet<String> {
        stored
            .iter()
            .filter(|(instant, _)| wanted(*instant))
            .map(|(_, text)| text.clone())
            .collect()
    };
    let relation = parse("v");
    for from in ends.map(at) {
        for to in ends.map(at) {
            let window = Window { from, to };
            let within = relation.within(&column("v", "v"), &window);
            assert_eq!(
                database.values(&within),
                expected(&|instant| from <= instant && instant <= to),
                "{window:?}"
            );
        }
        let mut check = |text: &str, wanted: &dyn Fn(DateTime<Utc>) -> bool| {
            let bound = parse(text).bind(&BTreeMap::new(), from).unwrap();
            assert_eq!(database.values(&bound), expected(wanted), "{text} {from}");
        };
        check("v WHERE v > :now", &|instant| instant > from);
        check("v WHERE v >= :now", &|instant| instant >= from);
        check("v WHERE v < :now", &|instant| instant < from);
        check("v WHERE v <= :now", &|instant| instant <= from);
        check("v WHERE v = :now", &|instant| instant == from);
        check("v WHERE :now <> v", &|instant| instant != from);
        check("v WHERE :now > v", &|instant| from > instant);
        check("v WHERE :now <= v", &|instant| from <= instant);
        check("v WHERE :now < v", &|instant| from < instant);
        check("v WHERE :now >= v", &|instant| from >= instant);
    }
}

fn histogram(database: &mut Database, from: i64, to: i64, size: i64) -> BTreeMap<i64, i64> {
    let relation = parse("t");
    let statement = relation
        .histogram(Dialect::Sqlite, &column("t", "g"), from, to, size)
        .unwrap();
    database
        .rows(&statement)
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect()
}

#[test]
fn histograms_count_groups_by_their_rows() {
    let mut database = Database::new(&["CREATE TABLE t (g INTEGER)"]);
    assert_eq!(histogram(&mut database, 1, 100, 100), BTreeMap::new());
    database.execute("INSERT INTO t VALUES (1), (2), (3), (3)");
    assert_eq!(histogram(&mut database, 1, 100, 100), BTreeMap::from([(1, 2), (2, 1)]));
    database.execute("DELETE FROM t");
    database.execute("INSERT INTO t VALUES (1), (1), (1)");
    assert_eq!(histogram(&mut database, 1, 2, 2), BTreeMap::from([(2, 1)]));
    database.execute("INSERT INTO t VALUES (NULL), (NULL), (7)");
    assert_eq!(
        histogram(&mut database, 1, 100, 100),
        BTreeMap::from([(1, 1), (2, 1), (3, 1)])
    );
    assert_eq!(
        histogram(&mut database, 2, 3, 2),
        BTreeMap::from([(0, 1), (1, 1), (2, 1)])
    );
}

#[test]
fn buckets_are_as_wide_as_postgresql_makes_them() {
    let mut database = Database::new(&["CREATE TABLE t (g INTEGER)"]);
    // A group of each size from 1 to 60.
    database.execute(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60) \
         INSERT INTO t SELECT a.n FROM n AS a JOIN n AS b ON b.n <= a.n",
    );
    for (from, to, size) in [(1, 50, 50), (10, 45, 7), (0, 60, 100), (3, 4, 2), (5, 33, 11)] {
        let mut expected: BTreeMap<i64, i64> = BTreeMap::new();
        for rows in 1..=60_i64 {
            let bucket = match rows {
                _ if rows < from => 0,
                _ if rows >= to => size,
                _ => ((rows - from) as f64 * (size - 1) as f64 / (to - from) as f64 + 1e-9).floor() as i64 + 1,
            };
            *expected.entry(bucket).or_default() += 1;
        }
        assert_eq!(histogram(&mut database, from, to, size), expected, "{from} {to} {size}");
    }
}

#[test]
fn keysets_hold_every_row_once() {
    let mut database =
        Database::new(&["CREATE TABLE t (a INTEGER NOT NULL, b TEXT NOT NULL, c INTEGER, PRIMARY KEY (a, b))"]);
    for a in [-3, 0, 1, 2, 10] {
        for b in ["", "'", "a", "b", "Z", "é", "10", "9"] {
            database.execute(&format!("INSERT INTO t VALUES ({a}, '{}', 1)", b.replace('\'', "''")));
        }
    }
    let relation = parse("t WHERE c = 1");
    let columns = vec![column("t", "a"), column("t", "b")];
    for step in [1_u64, 3, 7, 39, 40, 100] {
        let (mut after, mut total, mut batches) = (None, 0_i64, 0_u64);
        loop {
            let rest = KeyRange::Keyset {
                columns: columns.clone(),
                after: after.clone(),
                until: None,
            };
            let statement = relation.step(Dialect::Sqlite, &columns, Some(&rest), step - 1).unwrap();
            let until = database
                .rows(&statement)
                .first()
                .map(|row| vec![KeyValue::Integer(row.get(0)), KeyValue::Text(row.get(1))]);
            let range = KeyRange::Keyset {
                columns: columns.clone(),
                after,
                until: until.clone(),
            };
            let statement = relation
                .select(Dialect::Sqlite, &[Aggregate::CountRows], Some(&range))
                .unwrap();
            let rows: i64 = database.rows(&statement)[0].get(0);
            assert!(until.is_none() || rows == i64::try_from(step).unwrap());
            (total, batches) = (total + rows, batches + 1);
            match until {
                Some(_) => after = until,
                None => break,
            }
        }
        assert_eq!((total, batches), (40, 40 / step + 1), "{step}");
    }
}

#[test]
fn integer_ranges_cover_rowids_and_negative_ids() {
    let mut database = Database::new(&[
        "CREATE TABLE t (x TEXT)",
        "INSERT INTO t(rowid, x) VALUES (-9223372036854775808, 'a'), (-5, 'b'), (0, 'c'), (7, 'd')",
    ]);
    let mut count = |from, to| -> i64 {
        let range = KeyRange::Integer {
            column: column("t", "rowid"),
            from,
            to,
        };
        let statement = parse("t")
            .select(Dialect::Sqlite, &[Aggregate::CountRows], Some(&range))
            .unwrap();
        database.rows(&statement)[0].get(0)
    };
    assert_eq!(count(i64::MIN, Some(0)), 2);
    assert_eq!(count(-5, Some(7)), 2);
    assert_eq!(count(-4, None), 2);
}

#[test]
fn packed_integers_leave_nulls_out() {
    let mut database = Database::new(&[
        "CREATE TABLE t (x INTEGER)",
        "INSERT INTO t VALUES (3), (NULL), (-5), (3)",
    ]);
    let statement = parse("t")
        .select(
            Dialect::Sqlite,
            &[Aggregate::PackedIntegers(column("t", "x"), IntegerWidth::Eight)],
            None,
        )
        .unwrap();
    let packed: String = database.rows(&statement)[0].get(0);
    assert_eq!(packed.split(',').collect::<Vec<_>>(), ["3", "-5", "3"]);
    let statement = parse("t")
        .select(Dialect::Sqlite, &[Aggregate::Values(column("t", "x"))], None)
        .unwrap();
    assert_eq!(database.rows(&statement).len(), 3);
    let bounds = parse("t WHERE x < 4")
        .fenced_bounds(Dialect::Sqlite, &column("t", "x"))
        .unwrap();
    let row = &database.rows(&bounds)[0];
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (-5, 3));
}

#[test]
fn a_missing_column_is_an_error_and_not_a_text() {
    let mut database = Database::new(&[
        "CREATE TABLE t (id INTEGER)",
        "CREATE TABLE u (id INTEGER)",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO u VALUES (1)",
    ]);
    for text in [
        "t JOIN u ON true WHERE missing <> 'x'",
        "t WHERE id IN (SELECT missing FROM u)",
        "t WHERE missing <> ''",
    ] {
        let statement = parse(text).statement(Dialect::Sqlite, Operation::Count, None).unwrap();
        let error = database.try_rows(&statement).expect_err(text);
        assert!(error.to_string().contains("no such column"), "{text}: {error}");
    }
}

#[test]
fn translated_forms_compute_what_postgresql_would() {
    let mut database = Database::new(&[
        "CREATE TABLE t (id INTEGER, n REAL, s TEXT, b BOOLEAN, at TEXT)",
        "INSERT INTO t VALUES (1, 1.5, 'Hello', 1, '2022-01-01 23:59:59.5'), (2, -1.5, '2', 0, '2022-01-02'), (3, NULL, NULL, NULL, NULL)",
    ]);
    let cases = [
        ("t WHERE n::int = 2", 1),
        ("t WHERE n::integer = -2", 1),
        ("t WHERE id::text = '2'", 1),
        ("t WHERE s::varchar(3) = 'Hel'", 1),
        ("t WHERE n::numeric(10, 0) = 2", 1),
        ("t WHERE b", 1),
        ("t WHERE b = FALSE", 1),
        ("t WHERE b IS UNKNOWN", 1),
        ("t WHERE b IS NOT TRUE", 2),
        ("t WHERE b::boolean", 1),
        ("t WHERE 'yes'::boolean AND id = 1", 1),
        ("t WHERE at::date = '2022-01-01'::date", 1),
        ("t WHERE at >= TIMESTAMP '2022-01-02 00:00:00'", 0),
        ("t WHERE at >= DATE '2022-01-02'", 1),
        ("t WHERE substring(s from 2 for 2) = 'el'", 1),
        ("t WHERE position('l' in s) = 3", 1),
        ("t WHERE trim(leading 'H' from s) = 'ello'", 1),
        ("t WHERE char_length(s) = 5", 1),
        ("t WHERE s IS DISTINCT FROM 'Hello'", 2),
        // Binding of operators: each of these would mean something else without brackets.
        ("t WHERE (s = 'Hello') = s LIKE 'H%'", 2),
        ("t WHERE s || 1 + 1 = 'Hello2'", 1),
        ("t WHERE NOT id = 1 IS NULL", 3),
        ("t WHERE id IN (SELECT id FROM t ORDER BY id OFFSET 1)", 2),
        ("t JOIN (SELECT id AS other FROM public.t) AS o ON o.other < t.id", 3),
    ];
    for (text, expected) in cases {
        assert_eq!(database.count(&bound(text)), expected, "{text}");
    }
}

#[test]
fn groups_stand_before_their_aggregates() {
    let mut database = Database::new(&[
        "CREATE TABLE t (a TEXT, w INTEGER)",
        "INSERT INTO t VALUES ('x', 1), ('x', 2), (NULL, 4)",
    ]);
    let relation = parse("t GROUP BY a, upper(a)");
    let statement = relation
        .statement(Dialect::Sqlite, Operation::Sum, Some(&column("t", "w")))
        .unwrap();
    let rows: BTreeSet<(Option<String>, Option<String>, i64)> = database
        .rows(&statement)
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let expected = BTreeSet::from([(None, None, 4), (Some("x".to_owned()), Some("X".to_owned()), 3)]);
    assert_eq!(rows, expected);
}
