//! Placeholders and the literals that they become.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use service_ping::relation::{Dialect, Query, RelationError};

use crate::support::{at, count, now, parameters, parse};

fn bind(text: &str, values: Value) -> Result<String, RelationError> {
    let relation = parse(text).bind(&parameters(values), now())?;
    let statement = count(&relation, Dialect::Postgres);
    Ok(statement
        .strip_prefix("SELECT COUNT(*) FROM ")
        .unwrap_or(&statement)
        .to_owned())
}

#[test]
fn each_type_has_its_literal() {
    let values = json!({"s": r"it's \ ok", "n": -5, "f": 1.5, "b": true, "z": null, "list": ["a", 2, true], "e": [], "big": u64::MAX});
    let cases = [
        ("t WHERE a = :s", r#""t" WHERE "t"."a" = E'it''s \\ ok'"#),
        ("t WHERE a = :n", r#""t" WHERE "t"."a" = (-5)"#),
        ("t WHERE a = - :n", r#""t" WHERE "t"."a" = -(-5)"#),
        ("t WHERE a = :n::int", r#""t" WHERE "t"."a" = (-5)::INT"#),
        ("t WHERE a = :f", r#""t" WHERE "t"."a" = 1.5"#),
        ("t WHERE a = :big", r#""t" WHERE "t"."a" = 18446744073709551615"#),
        ("t WHERE a = :b", r#""t" WHERE "t"."a" = TRUE"#),
        (
            "t WHERE a IS NOT DISTINCT FROM :z",
            r#""t" WHERE "t"."a" IS NOT DISTINCT FROM NULL"#,
        ),
        ("t WHERE a IN (:list)", r#""t" WHERE "t"."a" IN ('a', 2, TRUE)"#),
        (
            "t WHERE a NOT IN (:list, :n)",
            r#""t" WHERE "t"."a" NOT IN ('a', 2, TRUE, (-5))"#,
        ),
        ("t WHERE a IN (:e)", r#""t" WHERE FALSE"#),
        ("t WHERE a NOT IN (:e) OR b", r#""t" WHERE TRUE OR "t"."b""#),
        ("t WHERE a IN (:e, 1)", r#""t" WHERE "t"."a" IN (1)"#),
        (
            "t WHERE a[1:2] = b[:n] AND c::text = :s",
            r#""t" WHERE "t"."a"[1:2] = "t"."b"[:"t"."n"] AND "t"."c"::TEXT = E'it''s \\ ok'"#,
        ),
        (
            "t GROUP BY date_trunc(:s, a)",
            r#"SELECT date_trunc(E'it''s \\ ok', "t"."a"), COUNT(*) FROM "t" GROUP BY date_trunc(E'it''s \\ ok', "t"."a")"#,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(bind(text, values.clone()).unwrap(), expected, "{text}");
    }
}

#[test]
fn placeholders_are_listed_once_in_order() {
    let relation =
        parse("t JOIN u ON u.x = :z WHERE a = :b AND c > :now AND d IN (SELECT :a) AND e = :b GROUP BY f || :c");
    assert_eq!(relation.placeholders(), ["z", "b", "a", "c"]);
    let query = Query::parse("SELECT :b FROM t WHERE a = :a LIMIT :b").unwrap();
    assert_eq!(query.placeholders(), ["b", "a"]);
    assert!(parse("t WHERE a::int > b[1:2] AND c = ':x'").placeholders().is_empty());
}

#[test]
fn what_cannot_be_bound_says_why() {
    let message = |text: &str, values: Value| bind(text, values).expect_err(text).message;
    assert_eq!(
        message("t WHERE a = :x AND b = :y", json!({})),
        "no value for `:x`, `:y`"
    );
    assert_eq!(
        message("t WHERE a = :x", json!({"x": [1]})),
        "`:x` is a list, which has no place here"
    );
    assert_eq!(
        message("t WHERE a IN (:x)", json!({"x": {"a": 1}})),
        "`:x` is a mapping, which has no place here"
    );
    assert_eq!(message("t WHERE a IN (:x)", json!({"x": [1, null]})), "`:x` holds null");
    assert_eq!(message("t WHERE a IN (:x)", json!({"x": [[1]]})), "`:x` holds a list");
    assert_eq!(
        message("t WHERE a = :x", json!({"x": "a\0b"})),
        "`:x` holds a NUL character"
    );
    assert_eq!(
        message("t WHERE a > :now - INTERVAL '1 fortnight'", json!({})),
        "the interval `1 fortnight` is not understood"
    );
    assert_eq!(
        message("t WHERE a > :now - INTERVAL '900000 years'", json!({})),
        "the instant lies outside the calendar"
    );
}

#[test]
fn the_time_is_the_runs_own() {
    // A parameter of that name does not take its place.
    assert_eq!(
        bind("t WHERE a = :now", json!({"now": 3})).unwrap(),
        r#""t" WHERE "t"."a" = '2026-11-19 10:54:00.123+00'"#
    );
    let text = |now: DateTime<Utc>| {
        count(
            &parse("t WHERE a > :now").bind(&Default::default(), now).unwrap(),
            Dialect::Postgres,
        )
    };
    for (instant, literal) in [
        ("2026-11-19T10:54:00Z", "2026-11-19 10:54:00+00"),
        ("2026-11-19T10:54:00.100Z", "2026-11-19 10:54:00.100+00"),
        ("2026-11-19T10:54:00.100200Z", "2026-11-19 10:54:00.100200+00"),
        ("2026-11-19T10:54:00.100200300Z", "2026-11-19 10:54:00.100200+00"),
        ("2026-11-19T12:54:00+02:00", "2026-11-19 10:54:00+00"),
    ] {
        assert_eq!(
            text(at(instant)),
            format!(r#"SELECT COUNT(*) FROM "t" WHERE "t"."a" > '{literal}'"#)
        );
    }
}

#[test]
fn months_are_folded_by_the_calendar() {
    let folded = |interval: &str| {
        let text = format!("t WHERE a > {interval}");
        count(
            &parse(&text)
                .bind(&Default::default(), at("2024-03-31T00:00:00Z"))
                .unwrap(),
            Dialect::Postgres,
        )
    };
    for (interval, expected) in [
        (":now - INTERVAL '1 month'", "2024-02-29 00:00:00+00"),
        (":now - INTERVAL '1 year 1 month'", "2023-02-28 00:00:00+00"),
        ("INTERVAL '1 month' + :now", "2024-04-30 00:00:00+00"),
        (":now - INTERVAL '1 month' + INTERVAL '1 day'", "2024-03-01 00:00:00+00"),
        (":now - INTERVAL '90 minutes 30 seconds'", "2024-03-30 22:29:30+00"),
        (":now + INTERVAL '-1.5 hours'", "2024-03-30 22:30:00+00"),
    ] {
        assert!(
            folded(interval).ends_with(&format!("> '{expected}'")),
            "{interval}: {}",
            folded(interval)
        );
    }
}
