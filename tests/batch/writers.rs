//! Others write while we count: rows that nobody touches are counted once.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::engine::{Instance, Postgres};

/// Runs `writes` again and again, until `work` is done.
fn while_writing(postgres: &Postgres, writes: &str, work: impl FnOnce()) {
    let done = AtomicBool::new(false);
    let written = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            postgres.0.psql(writes);
            written.wait();
            while !done.load(Ordering::Relaxed) {
                postgres.0.psql(writes);
            }
        });
        written.wait();
        // Also ends the writer where the work fails.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    });
}

#[test]
fn a_keyset_is_exact_for_untouched_rows() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id uuid PRIMARY KEY, kept boolean NOT NULL, x integer NOT NULL)",
        "INSERT INTO t SELECT md5(i::text)::uuid, i % 2 = 0, i FROM generate_series(1, 3000) i",
    ]);
    let writes = "INSERT INTO t SELECT gen_random_uuid(), false, 0 FROM generate_series(1, 50);
        UPDATE t SET id = gen_random_uuid(), x = 1 WHERE id IN (SELECT id FROM t WHERE NOT kept LIMIT 200);
        DELETE FROM t WHERE id IN (SELECT id FROM t WHERE NOT kept LIMIT 50)";
    while_writing(&postgres, writes, || {
        for round in 0..5 {
            let options =
                json!({"relation": "t WHERE kept", "operation": "sum", "column": "x", "batch_size": 25 + round});
            let read = postgres.check(options, "SELECT sum(x) FROM t WHERE kept");
            assert!(read.ranges().len() > 50);
        }
    });
}

#[test]
fn integer_ranges_are_exact_for_untouched_rows() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id serial PRIMARY KEY, kept boolean NOT NULL, x integer NOT NULL)",
        "INSERT INTO t (kept, x) SELECT i % 2 = 0, i FROM generate_series(1, 3000) i",
    ]);
    let writes = "INSERT INTO t (kept, x) SELECT false, 0 FROM generate_series(1, 50);
        UPDATE t SET x = x + 1 WHERE NOT kept;
        DELETE FROM t WHERE id IN (SELECT id FROM t WHERE NOT kept ORDER BY id LIMIT 10)";
    while_writing(&postgres, writes, || {
        for round in 0..5 {
            let options =
                json!({"relation": "t WHERE kept", "operation": "sum", "column": "x", "batch_size": 25 + round});
            postgres.check(options, "SELECT sum(x) FROM t WHERE kept");
        }
    });
}

/// Blocks: a row that stays where it is is counted once, whatever else moves.
#[test]
fn blocks_are_exact_for_untouched_rows() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (kept boolean NOT NULL, x integer NOT NULL, filler text)",
        "INSERT INTO t SELECT i % 2 = 0, i, repeat('x', 1000) FROM generate_series(1, 30000) i",
    ]);
    let writes = "INSERT INTO t SELECT false, 0, 'new' FROM generate_series(1, 500);
        UPDATE t SET x = x + 1 WHERE NOT kept AND x < 500";
    while_writing(&postgres, writes, || {
        for _ in 0..3 {
            let options = json!({"relation": "t WHERE kept", "operation": "sum", "column": "x"});
            let read = postgres.check(options, "SELECT sum(x) FROM t WHERE kept");
            assert!(read.ranges().len() > 1);
        }
    });
}

/// Rows that move between partitions all the time: under ranges of the key each is met where it lies then.
#[test]
fn rows_that_move_between_partitions_are_counted_once() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id integer, p integer, x integer NOT NULL, PRIMARY KEY (id, p)) PARTITION BY LIST (p)",
        "CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0)",
        "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)",
        "CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2)",
        "INSERT INTO t SELECT i, i % 3, i FROM generate_series(1, 3000) i",
        "ANALYZE",
    ]);
    let writes = "UPDATE t SET p = (p + 1) % 3 WHERE id % 3 = 0; UPDATE t SET p = (p + 2) % 3 WHERE id % 3 = 1";
    while_writing(&postgres, writes, || {
        for round in 0..5 {
            let options = json!({"relation": "t", "operation": "sum", "column": "x", "batch_size": 25 + round});
            let read = postgres.check(options, "SELECT sum(x) FROM t");
            assert!(read.ranges().len() > 50);
        }
    });
}
