//! Others write while we count: rows that nobody touches are counted once, also in shared scans.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use service_ping::batch::RangeKind;

use super::answers::psqls;
use super::collected::{Definitions, Reader, strategies};
use crate::oracle;
use crate::support::postgres::{Database, Postgres};

const ROUNDS: u64 = 2;

/// Runs `writes` again and again, until `work` is done.
fn while_writing(database: &Database<'_>, writes: &str, work: impl FnOnce()) {
    let done = AtomicBool::new(false);
    let written = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            database.psql(writes);
            written.wait();
            while !done.load(Ordering::Relaxed) {
                database.psql(writes);
            }
        });
        written.wait();
        // Also ends the writer where the work fails.
        let result = catch_unwind(AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    });
}

/// Several operations over the rows that are kept, each with the SQL that says what its value is.
fn metrics(batch_size: u64) -> Vec<(String, Value, String)> {
    let operations = [
        ("count", None, "count(id)"),
        ("sum", Some("x"), "sum(x)"),
        ("average", Some("x"), "avg(x)"),
        ("distinct_count", Some("x"), "count(DISTINCT x)"),
    ];
    let filters = ["kept", "kept AND x % 3 > 0", "kept AND x > 1500"];
    let mut metrics = Vec::new();
    for (operation, column, call) in operations {
        for (number, filter) in filters.iter().enumerate() {
            for by in ["", " GROUP BY g"] {
                let keys = if by.is_empty() { "" } else { "g, " };
                let mut options = json!({"operation": operation, "relation": format!("t WHERE {filter}{by}")});
                options["batch_size"] = json!(batch_size);
                if let Some(column) = column {
                    options["column"] = json!(column);
                }
                let key_path = format!("{operation}.n{number}{}", keys.trim_end_matches(", "));
                metrics.push((
                    key_path,
                    options,
                    format!("SELECT {keys}{call} FROM t WHERE {filter}{by}"),
                ));
            }
        }
    }
    metrics
}

/// Blocks are left out: a row that an update moves may be met twice there, or not at all.
fn check(schema: [&str; 2], writes: &str) {
    let database = Postgres::shared().database();
    database.execute(&schema.map(str::to_owned));
    // Of rows that stay as they are: asked once.
    let all = metrics(1);
    let answers = psqls(&database, all.iter().map(|(_, _, sql)| sql.as_str()));
    while_writing(&database, writes, || {
        for round in 0..ROUNDS {
            let metrics = metrics(450 + round);
            let definitions = Definitions::of(metrics.iter().map(|(key, options, _)| (key.as_str(), "all", options)));
            for strategy in strategies().filter(|strategy| strategy.ranges != RangeKind::Blocks) {
                let reader = Reader {
                    connections: 2,
                    ..Reader::new(&database.reader_url())
                };
                let collected = definitions.collect(&reader, strategy);
                for ((key_path, _, sql), rows) in metrics.iter().zip(&answers) {
                    let value = collected.value(key_path).unwrap_or_else(|failure| panic!("{failure}"));
                    let wrong = oracle::mismatch(value, rows, 0.0);
                    assert!(wrong.is_none(), "{strategy:?} {sql}: {wrong:?}");
                }
            }
        }
    });
}

#[test]
fn integer_ranges_hold_each_untouched_row_once() {
    // What is kept has even ids, so that what comes and goes lies between.
    check(
        [
            "CREATE TABLE t (id integer PRIMARY KEY, kept boolean NOT NULL, g integer, x integer NOT NULL)",
            "INSERT INTO t SELECT i, i % 2 = 0, i % 4, i / 2 FROM generate_series(1, 6000) i",
        ],
        "DELETE FROM t WHERE id IN (SELECT id FROM t WHERE NOT kept ORDER BY x, id LIMIT 200);
         UPDATE t SET x = x + 1 WHERE NOT kept AND id % 20 = 1;
         INSERT INTO t SELECT i * 2 + 1, false, 1, i FROM generate_series(0, 2999) i ORDER BY i * 7919 % 3001 LIMIT 400
         ON CONFLICT DO NOTHING",
    );
}

#[test]
fn steps_along_a_key_hold_each_untouched_row_once() {
    check(
        [
            "CREATE TABLE t (id uuid PRIMARY KEY, kept boolean NOT NULL, g integer, x integer NOT NULL)",
            "INSERT INTO t SELECT md5(i::text)::uuid, i % 2 = 0, i % 4, i FROM generate_series(1, 3000) i",
        ],
        "INSERT INTO t SELECT gen_random_uuid(), false, 1, 0 FROM generate_series(1, 50);
         UPDATE t SET id = gen_random_uuid(), x = 1 WHERE id IN (SELECT id FROM t WHERE NOT kept LIMIT 200);
         DELETE FROM t WHERE id IN (SELECT id FROM t WHERE NOT kept LIMIT 50)",
    );
}
