//! The conditions of batches.

use service_ping::relation::{Aggregate, Column, Dialect, KeyRange, KeyValue};

use crate::support::{column, parse};

fn select(filter: &str, dialect: Dialect, range: &KeyRange) -> String {
    parse(filter)
        .select(dialect, &[Aggregate::CountRows], Some(range))
        .unwrap()
}

fn postgres(range: &KeyRange) -> String {
    let statement = select("t", Dialect::Postgres, range);
    statement
        .strip_prefix(r#"SELECT COUNT(*) FROM "t""#)
        .unwrap()
        .trim_start_matches(" WHERE ")
        .to_owned()
}

fn key(names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| column("t", name)).collect()
}

#[test]
fn integers_are_half_open() {
    let range = |from, to| KeyRange::Integer {
        column: column("t", "id"),
        from,
        to,
    };
    assert_eq!(
        postgres(&range(1, Some(100_001))),
        r#""t"."id" >= 1 AND "t"."id" < 100001"#
    );
    assert_eq!(postgres(&range(-5, None)), r#""t"."id" >= -5"#);
    // As a number, PostgreSQL would take it for a numeric.
    assert_eq!(
        postgres(&range(i64::MIN, Some(0))),
        r#""t"."id" >= '-9223372036854775808' AND "t"."id" < 0"#
    );
    assert_eq!(
        select("t WHERE a OR b", Dialect::Sqlite, &range(i64::MIN, Some(0))),
        r#"SELECT COUNT(*) FROM "t" WHERE ("t"."a" OR "t"."b") AND "t"."id" >= -9223372036854775808 AND "t"."id" < 0"#
    );
    assert_eq!(
        select("t GROUP BY a", Dialect::Postgres, &range(1, None)),
        r#"SELECT "t"."a", COUNT(*) FROM "t" WHERE "t"."id" >= 1 GROUP BY "t"."a""#
    );
}

#[test]
fn keysets_compare_rows() {
    let values = |a: i64, b: &str| Some(vec![KeyValue::Integer(a), KeyValue::Text(b.into())]);
    let both = KeyRange::Keyset {
        columns: key(&["a", "b"]),
        after: values(1, "x'y"),
        until: values(2, "z"),
    };
    assert_eq!(
        postgres(&both),
        r#"("t"."a", "t"."b") > (1, 'x''y') AND ("t"."a", "t"."b") <= (2, 'z')"#
    );
    let open = KeyRange::Keyset {
        columns: key(&["a"]),
        after: Some(vec![KeyValue::Text("u".into())]),
        until: None,
    };
    assert_eq!(postgres(&open), r#""t"."a" > 'u'"#);
    let until = KeyRange::Keyset {
        columns: key(&["a"]),
        after: None,
        until: Some(vec![KeyValue::Integer(7)]),
    };
    assert_eq!(postgres(&until), r#""t"."a" <= 7"#);
    let endless = KeyRange::Keyset {
        columns: key(&["a"]),
        after: None,
        until: None,
    };
    assert_eq!(postgres(&endless), "");
    let wrong = KeyRange::Keyset {
        columns: key(&["a", "b"]),
        after: Some(vec![KeyValue::Integer(7)]),
        until: None,
    };
    assert!(
        parse("t")
            .select(Dialect::Postgres, &[Aggregate::CountRows], Some(&wrong))
            .is_err()
    );
}

#[test]
fn blocks_are_ranges_of_tids() {
    let range = |to| KeyRange::Blocks {
        table: "t".into(),
        from: 0,
        to,
    };
    assert_eq!(
        postgres(&range(Some(2048))),
        r#""t"."ctid" >= '(0,0)' AND "t"."ctid" < '(2048,0)'"#
    );
    assert_eq!(postgres(&range(None)), r#""t"."ctid" >= '(0,0)'"#);
    let error = parse("t")
        .select(Dialect::Sqlite, &[Aggregate::CountRows], Some(&range(None)))
        .unwrap_err();
    assert_eq!(error.message, "SQLite has no ranges of blocks");
}

#[test]
fn rows_without_a_key_are_a_range_too() {
    assert_eq!(
        postgres(&KeyRange::Null {
            column: column("t", "id")
        }),
        r#""t"."id" IS NULL"#
    );
}

#[test]
fn steps_walk_the_whole_table() {
    let range = KeyRange::Keyset {
        columns: key(&["a", "b"]),
        after: Some(vec![KeyValue::Integer(1), KeyValue::Integer(2)]),
        until: None,
    };
    assert_eq!(
        parse("t JOIN u ON true WHERE c GROUP BY d")
            .step(Dialect::Postgres, &key(&["a", "b"]), Some(&range), 1_000)
            .unwrap(),
        r#"SELECT "t"."a", "t"."b" FROM "t" WHERE ("t"."a", "t"."b") > (1, 2) ORDER BY "t"."a", "t"."b" LIMIT 1 OFFSET 1000"#
    );
}
