//! Declaratively partitioned tables: each row is counted once, wherever it lies; partitions are read by themselves where
//! that loses none.

use serde_json::{Value, json};
use service_ping::definition::TimeFrame;
use service_ping::sketch::ERROR_BOUND;

use crate::engine::{Instance, Postgres, Read, with};

/// 3,000 rows of which every column but the key has a few values.
const FILL: &str = "INSERT INTO t (id, p, x) SELECT i, i % 5, nullif(i % 11, 0) FROM generate_series(1, 3000) i";
const COLUMNS: &str = "id bigint NOT NULL, p integer NOT NULL, x integer";

/// Every operation over `t`, strictly and leniently, in batches of some sizes; the reads of counts in batches of 100.
fn check(postgres: &Postgres, more: &Value) -> [Read; 2] {
    for (operation, column, call) in [
        ("count", "x", "count(x)"),
        ("sum", "x", "coalesce(sum(x), 0)"),
        ("average", "x", "avg(x * 1.0)"),
        ("distinct_count", "x", "count(DISTINCT x)"),
        ("distinct_count", "id", "count(DISTINCT id)"),
    ] {
        for consistency in ["exact", "approximate"] {
            let options = json!({"operation": operation, "column": column, "consistency": consistency});
            let options = with(&with(&options, more), &json!({"relation": "t"}));
            postgres.check_sizes(&options, &format!("SELECT {call} FROM t"), 0.0, &[73]);
            let grouped = with(&options, &json!({"relation": "t GROUP BY p"}));
            let sql = format!("SELECT p, {call} FROM t GROUP BY p");
            postgres.check_sizes(&grouped, &sql, 0.0, &[100]);
        }
    }
    let estimate = json!({
        "relation": "t", "operation": "estimate_batch_distinct_count", "column": "id", "consistency": "approximate",
    });
    postgres.check_sizes(
        &with(&estimate, more),
        "SELECT count(DISTINCT id) FROM t",
        ERROR_BOUND,
        &[100],
    );
    ["exact", "approximate"].map(|consistency| {
        let options = json!({"relation": "t", "operation": "count", "batch_size": 100, "consistency": consistency});
        postgres.check(with(&options, more), "SELECT count(*) FROM t")
    })
}

/// Whether each range was asked of a partition alone.
fn by_partition(read: &Read) -> bool {
    let mut ranges = read.ranges();
    ranges.retain(|sql| !sql.starts_with("EXPLAIN"));
    assert!(!ranges.is_empty(), "{:#?}", read.sent);
    let of_leaf = |sql: &&&String| sql.contains("FROM \"public\".\"");
    match ranges.iter().filter(of_leaf).count() {
        0 => false,
        some if some == ranges.len() => true,
        _ => panic!("some of the partitions, some of the whole: {ranges:#?}"),
    }
}

fn partitioned(by: &str, key: &str, partitions: &[&str]) -> Postgres {
    let table = format!("CREATE TABLE t ({COLUMNS}{key}) PARTITION BY {by}");
    let statements = [&[table.as_str()], partitions, &[FILL]].concat();
    let postgres = Postgres::with(&statements);
    postgres.0.psql("ANALYZE");
    postgres
}

#[test]
fn lists_ranges_and_hashes_with_default_empty_and_nested_partitions() {
    let lists = [
        "CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0)",
        "CREATE TABLE t_12 PARTITION OF t FOR VALUES IN (1, 2)",
        "CREATE TABLE t_9 PARTITION OF t FOR VALUES IN (9)",
        "CREATE TABLE t_rest PARTITION OF t DEFAULT",
    ];
    let ranges = [
        "CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (MINVALUE) TO (2)",
        "CREATE TABLE t_mid PARTITION OF t FOR VALUES FROM (2) TO (4) PARTITION BY HASH (id)",
        "CREATE TABLE t_mid_0 PARTITION OF t_mid FOR VALUES WITH (MODULUS 3, REMAINDER 0)",
        "CREATE TABLE t_mid_1 PARTITION OF t_mid FOR VALUES WITH (MODULUS 3, REMAINDER 1)",
        "CREATE TABLE t_mid_2 PARTITION OF t_mid FOR VALUES WITH (MODULUS 3, REMAINDER 2)",
        "CREATE TABLE t_top PARTITION OF t FOR VALUES FROM (4) TO (5) PARTITION BY LIST (x)",
        "CREATE TABLE t_top_rest PARTITION OF t_top DEFAULT",
        "CREATE TABLE t_later PARTITION OF t FOR VALUES FROM (5) TO (MAXVALUE)",
    ];
    // A nested partition is chosen by a column that no key of the whole can then be without.
    for (by, key, partitions) in [
        ("LIST (p)", ", PRIMARY KEY (id, p)", &lists[..]),
        ("LIST (p)", ", PRIMARY KEY (p, id)", &lists[..]),
        ("RANGE (p)", ", PRIMARY KEY (id, p)", &ranges[..5]),
        ("RANGE (p)", "", &ranges[..]),
    ] {
        let partitions = match partitions.len() {
            5 => [partitions, &["CREATE TABLE t_rest PARTITION OF t DEFAULT"]].concat(),
            _ => partitions.to_vec(),
        };
        let postgres = partitioned(by, key, &partitions);
        let [strict, lenient] = check(&postgres, &json!({}));
        assert!(!by_partition(&strict), "{by}{key}: {:#?}", strict.sent);
        assert_eq!(
            by_partition(&lenient),
            key.contains("(id"),
            "{by}{key}: {:#?}",
            lenient.sent
        );
    }
}

/// Rows never leave the partition that their key puts them in, so that nothing is lost by reading each by itself.
#[test]
fn a_table_that_its_key_partitions_is_read_by_partition_even_strictly() {
    for by in ["HASH (id)", "RANGE (id)"] {
        let partitions: Vec<String> = (0..4)
            .map(|part| match by {
                "HASH (id)" => {
                    format!("CREATE TABLE t_{part} PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER {part})")
                }
                _ => {
                    let (from, to) = (part * 1_000, (part + 1) * 1_000);
                    format!("CREATE TABLE t_{part} PARTITION OF t FOR VALUES FROM ({from}) TO ({to})")
                }
            })
            .collect();
        let partitions: Vec<&str> = partitions.iter().map(String::as_str).collect();
        let postgres = partitioned(by, ", PRIMARY KEY (id)", &partitions);
        for read in check(&postgres, &json!({})) {
            assert!(by_partition(&read), "{by}: {:#?}", read.sent);
        }
    }
}

#[test]
fn a_composite_key_is_stepped_along_in_each_partition() {
    let postgres = partitioned(
        "RANGE (p)",
        ", PRIMARY KEY (p, id)",
        &[
            "CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (2)",
            "CREATE TABLE t_none PARTITION OF t FOR VALUES FROM (2) TO (2000) PARTITION BY RANGE (id)",
            "CREATE TABLE t_none_1 PARTITION OF t_none FOR VALUES FROM (0) TO (100)",
            "CREATE TABLE t_none_2 PARTITION OF t_none FOR VALUES FROM (100) TO (10000)",
        ],
    );
    for read in check(&postgres, &json!({"primary_key": ["p", "id"]})) {
        assert!(by_partition(&read), "{:#?}", read.sent);
        let steps: Vec<&String> = read
            .sent
            .iter()
            .filter(|sql| sql.contains("ORDER BY \"t\".\"p\""))
            .collect();
        assert!(
            steps.iter().all(|sql| sql.contains("FROM \"public\".\"t_")),
            "{steps:#?}"
        );
        assert!(steps.len() > 20, "{steps:#?}");
    }
}

#[test]
fn partitions_without_a_key_are_read_by_blocks_and_foreign_ones_whole() {
    let postgres = Postgres::with(&[
        "CREATE EXTENSION file_fdw",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "CREATE TABLE t (id bigint, p integer, x integer) PARTITION BY LIST (p)",
        "CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0)",
        "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)",
        "CREATE FOREIGN TABLE t_far PARTITION OF t FOR VALUES IN (2) SERVER files \
         OPTIONS (program 'for i in 1 2 3; do echo $i,2,$i; done', format 'csv')",
        "INSERT INTO t SELECT i, i % 2, i % 7 FROM generate_series(1, 5000) i",
        "GRANT pg_execute_server_program TO service_ping",
    ]);
    let read = postgres.check(
        json!({"relation": "t", "operation": "sum", "column": "x"}),
        "SELECT sum(x) FROM t",
    );
    assert!(by_partition(&read), "{:#?}", read.sent);
    let far: Vec<&String> = read.ranges().into_iter().filter(|sql| sql.contains("t_far")).collect();
    assert!(far.len() == 1 && !far[0].contains("ctid"), "{:#?}", read.sent);
    assert_eq!(read.ranges().iter().filter(|sql| sql.contains("ctid")).count(), 2);
    // Where one may not be read by itself, nobody asks a foreign table for its blocks.
    postgres.execute(&["REVOKE SELECT ON t_1 FROM service_ping"]);
    let read = postgres.check(
        json!({"relation": "t", "operation": "sum", "column": "x"}),
        "SELECT sum(x) FROM t",
    );
    assert!(!by_partition(&read) && !read.ranges().iter().any(|sql| sql.contains("ctid")));
}

/// 3 partitions whose columns stand in another order than the whole's, and were numbered with holes.
#[test]
fn attached_tables_with_their_columns_in_another_order() {
    let postgres = partitioned(
        "LIST (p)",
        ", PRIMARY KEY (id, p)",
        &[
            "CREATE TABLE t_0 (x integer, gone text, p integer NOT NULL, id bigint NOT NULL)",
            "ALTER TABLE t_0 DROP COLUMN gone",
            "ALTER TABLE t ATTACH PARTITION t_0 FOR VALUES IN (0)",
            "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)",
            "CREATE TABLE t_rest (p integer NOT NULL, x integer, id bigint NOT NULL)",
            "ALTER TABLE t ATTACH PARTITION t_rest DEFAULT",
        ],
    );
    let [_, lenient] = check(&postgres, &json!({}));
    assert!(by_partition(&lenient), "{:#?}", lenient.sent);
    // Names that the relation gives to columns by their places mean other columns in a partition.
    let options = json!({
        "relation": "t AS n (a, b, c)", "operation": "sum", "column": "n.c", "primary_key": "a", "batch_size": 100,
        "consistency": "approximate",
    });
    if let Ok(measure) = crate::engine::measure(&options, TimeFrame::All) {
        let read = crate::engine::read_from(&postgres.url(), &measure);
        assert_eq!(read.value().to_string(), postgres.0.psql("SELECT sum(x) FROM t").trim());
    }
}

#[test]
fn a_right_or_a_policy_of_a_partition_does_not_change_what_the_whole_shows() {
    let partitions = [
        "CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0)",
        "CREATE TABLE t_rest PARTITION OF t DEFAULT",
    ];
    let lenient = json!({"relation": "t", "operation": "count", "batch_size": 100, "consistency": "approximate"});
    for change in [
        "REVOKE SELECT ON t_0 FROM service_ping",
        "CREATE SCHEMA hidden; ALTER TABLE t_0 SET SCHEMA hidden",
        "ALTER TABLE t_0 ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY all_rows ON t USING (true)",
    ] {
        let postgres = partitioned("LIST (p)", ", PRIMARY KEY (id, p)", &partitions);
        let before = postgres.check(lenient.clone(), "SELECT count(*) FROM t");
        assert!(by_partition(&before), "{:#?}", before.sent);
        postgres.0.psql(change);
        let read = postgres.check(lenient.clone(), "SELECT count(*) FROM t");
        assert!(!by_partition(&read), "{change}: {:#?}", read.sent);
    }
}

#[test]
fn joins_aliases_conditions_and_rows_that_were_moved() {
    let postgres = partitioned(
        "LIST (p)",
        ", PRIMARY KEY (id, p)",
        &[
            "CREATE TABLE \"Odd \"\"Name\" PARTITION OF t FOR VALUES IN (0)",
            "CREATE TABLE t_rest PARTITION OF t DEFAULT",
            "CREATE TABLE o (id integer PRIMARY KEY, t_id bigint)",
            "INSERT INTO o SELECT i, i * 2 FROM generate_series(1, 900) i",
        ],
    );
    postgres
        .0
        .psql("UPDATE t SET p = 0 WHERE p = 3; UPDATE t SET p = 7 WHERE p = 0 AND id < 500");
    let [_, lenient] = check(&postgres, &json!({}));
    assert!(by_partition(&lenient), "{:#?}", lenient.sent);
    for (relation, sql) in [
        (
            "public.t WHERE t.x > 3 OR p = 0",
            "SELECT count(id) FROM t WHERE x > 3 OR p = 0",
        ),
        (
            "t AS one JOIN o ON o.t_id = one.id LEFT JOIN t AS two ON two.id = o.id WHERE two.x > 1",
            "SELECT count(one.id) FROM t one JOIN o ON o.t_id = one.id LEFT JOIN t two ON two.id = o.id WHERE two.x > 1",
        ),
        (
            "t WHERE EXISTS (SELECT 1 FROM t AS inner_t WHERE inner_t.id = t.id + 1 AND inner_t.p = 0)",
            "SELECT count(*) FROM t WHERE EXISTS (SELECT 1 FROM t i WHERE i.id = t.id + 1 AND i.p = 0)",
        ),
    ] {
        let options = json!({
            "relation": relation, "operation": "count", "batch_size": 100, "consistency": "approximate",
        });
        let read = postgres.check(options, sql);
        assert!(by_partition(&read), "{:#?}", read.sent);
    }
}

/// A partition that holds nothing of the window is not counted.
#[test]
fn a_window_opens_the_partitions_that_hold_its_rows() {
    let postgres = Postgres::with(&[
        "CREATE TABLE t (id bigint, created_at timestamptz NOT NULL, PRIMARY KEY (id, created_at)) \
         PARTITION BY RANGE (created_at)",
        "CREATE TABLE t_09 PARTITION OF t FOR VALUES FROM ('2026-09-01 00:00+00') TO ('2026-10-01 00:00+00')",
        "CREATE TABLE t_10 PARTITION OF t FOR VALUES FROM ('2026-10-01 00:00+00') TO ('2026-11-01 00:00+00')",
        "CREATE TABLE t_11 PARTITION OF t FOR VALUES FROM ('2026-11-01 00:00+00') TO ('2026-12-01 00:00+00')",
        "CREATE INDEX ON t (created_at)",
        "INSERT INTO t SELECT i, '2026-09-01 00:00+00'::timestamptz + i * interval '1 hour' FROM generate_series(1, 1900) i",
    ]);
    postgres.0.psql("ANALYZE");
    let options = json!({"relation": "t", "operation": "count", "batch_size": 50, "consistency": "approximate"});
    let read = postgres.read_in(&options, TimeFrame::SevenDays);
    let rows = "SELECT count(*) FROM t WHERE created_at BETWEEN '2026-11-10 10:54:30+00' AND '2026-11-17 10:54:30+00'";
    assert_eq!(read.value().to_string(), postgres.0.psql(rows).trim());
    assert!(
        read.ranges().iter().all(|sql| sql.contains("\"t_11\"")),
        "{:#?}",
        read.sent
    );
    assert!(read.ranges().len() > 2, "{:#?}", read.sent);
}

#[test]
fn a_partitioned_table_without_rows_or_without_partitions_counts_0() {
    for partitions in [
        &[][..],
        &[
            "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)",
            "CREATE TABLE t_2 PARTITION OF t DEFAULT",
        ],
    ] {
        for key in ["", ", PRIMARY KEY (id, p)"] {
            let table = format!("CREATE TABLE t ({COLUMNS}{key}) PARTITION BY LIST (p)");
            let postgres = Postgres::with(&[&[table.as_str()], partitions].concat());
            let options = json!({"relation": "t", "operation": "count", "consistency": "approximate"});
            postgres.check(options.clone(), "SELECT count(*) FROM t");
            postgres.check(with(&options, &json!({"batch_size": 1})), "SELECT count(*) FROM t");
            let wrong = postgres.read(&with(&options, &json!({"relation": "t WHERE y > 1"})));
            let failure = wrong.result.expect_err("the column is none");
            assert_eq!(failure.reason.code(), "missing_column", "{failure}");
        }
    }
}

/// Old partitions are dropped by schedules, in the middle of a count too.
#[test]
fn a_partition_that_is_dropped_takes_its_own_rows_alone() {
    for (key, options) in [
        (
            ", PRIMARY KEY (id, p)",
            json!({"batch_size": 100, "consistency": "approximate"}),
        ),
        (
            ", PRIMARY KEY (p, id)",
            json!({"batch_size": 100, "primary_key": ["p", "id"]}),
        ),
    ] {
        let dropped = |what: &str, operation: &str| {
            let postgres = partitioned(
                "LIST (p)",
                key,
                &[
                    "CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0)",
                    "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)",
                    "CREATE TABLE t_rest PARTITION OF t DEFAULT",
                ],
            );
            let options = with(
                &options,
                &json!({"relation": "t", "operation": operation, "column": "id"}),
            );
            let measure = crate::engine::measure(&options, TimeFrame::All).expect("a measure");
            let read = crate::engine::read_changed(&postgres.url(), &measure, &|| drop(postgres.0.psql(what)));
            (postgres, read)
        };
        for gone in ["t_0", "t_1", "t_rest"] {
            let (postgres, read) = dropped(&format!("DROP TABLE {gone}"), "count");
            assert_eq!(
                read.value().to_string(),
                postgres.0.psql("SELECT count(*) FROM t").trim()
            );
            assert!(by_partition(&read), "{:#?}", read.sent);
            let (_postgres, read) = dropped(&format!("DROP TABLE {gone}"), "estimate_batch_distinct_count");
            assert!(read.result.is_ok(), "{:#?}", read.sent);
        }
        let (_postgres, read) = dropped("DROP TABLE t", "count");
        let failure = read.result.expect_err("the table is gone");
        assert_eq!(failure.reason.code(), "missing_table", "{failure}");
        // What was detached is still there: the count is that of the moment when it was planned.
        let (_postgres, read) = dropped("ALTER TABLE t DETACH PARTITION t_0", "count");
        assert_eq!(read.value(), json!(3000));
    }
}
