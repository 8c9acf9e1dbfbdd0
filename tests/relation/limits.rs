//! Texts made to exhaust the parser, and whatever walks over its tree.

use service_ping::relation::{Dialect, Operation, Query, Relation};

use crate::support::now;

/// Take a text through everything that walks over its tree; the only wrong answer is not to return.
fn survive(text: &str) {
    if let Ok(relation) = Relation::parse(text) {
        let copy = relation
            .bind(&Default::default(), now())
            .unwrap_or_else(|_| relation.clone());
        let _ = (relation == copy, copy.tables(), copy.placeholders());
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            let _ = copy.statement(dialect, Operation::Count, None);
        }
    }
    let _ = Query::parse(&format!("SELECT 1 FROM {text}"));
}

#[test]
fn nesting_is_bounded() {
    let patterns = [
        ("(", "1", ")"),
        ("NOT ", "a", ""),
        ("- ", "1", ""),
        ("(SELECT ", "1", ")"),
        ("f(", "1", ")"),
        ("CASE WHEN ", "a", " THEN 1 END"),
        ("a IN (", "1", ")"),
        ("ARRAY[", "1", "]"),
        ("EXISTS (SELECT 1 WHERE ", "a", ")"),
        ("CAST(", "1.5", " AS int)"),
        ("a = ANY (", "1", ")"),
        ("x[", "1", "]"),
        ("TRIM(", "x", ")"),
        ("count(*) FILTER (WHERE ", "1", ")"),
        ("(WITH x AS (SELECT ", "1", ") SELECT 1)"),
    ];
    for (open, middle, close) in patterns {
        for depth in [4, 12, 36, 1_000, 4_000] {
            survive(&format!(
                "t WHERE {}{middle}{}",
                open.repeat(depth),
                close.repeat(depth)
            ));
            survive(&format!("t WHERE {}", open.repeat(depth)));
        }
    }
    for depth in [4, 12, 36, 1_000] {
        survive(&format!(
            "{}a{}",
            "(SELECT * FROM ".repeat(depth),
            ") AS x".repeat(depth)
        ));
        survive(&format!(
            "a JOIN {}a{} ON true",
            "(b JOIN ".repeat(depth),
            " ON true)".repeat(depth)
        ));
        survive(&format!("t WHERE a::int{}", "[]".repeat(depth)));
        survive(&format!("t WHERE a::ARRAY{}", "<ARRAY".repeat(depth)));
    }
}

#[test]
fn chains_are_bounded() {
    for length in [30, 140, 290, 5_000] {
        for link in [
            " AND a",
            " OR a",
            " + a",
            " || a",
            "::int",
            "[1]",
            " IS NULL",
            " COLLATE c",
            " LIKE b",
            " IN (1)",
            ".b",
        ] {
            survive(&format!("t WHERE a{}", link.repeat(length)));
        }
        survive(&format!(
            "t WHERE a IN (SELECT 1{})",
            " UNION SELECT 1, 2".repeat(length)
        ));
        survive(&format!("t{}", " JOIN b ON true".repeat(length)));
        survive(&format!("t{}", " JOIN b".repeat(length)));
        survive(&format!("t WHERE CASE{} END", " WHEN a THEN 1".repeat(length)));
    }
}

#[test]
fn long_lists_are_no_chains() {
    let ids: Vec<String> = (-3_000..3_000).map(|id| id.to_string()).collect();
    let text = format!("t WHERE id IN ({})", ids.join(", "));
    assert!(Relation::parse(&text).is_ok());
}

#[test]
fn conditions_as_long_as_people_write_them_are_read() {
    let text = format!("t WHERE {}", vec!["a.b <> 'x'"; 120].join(" AND "));
    assert!(Relation::parse(&text).is_ok());
    let refused = Relation::parse(&format!("t WHERE {}", vec!["a = 1"; 400].join(" AND "))).unwrap_err();
    assert_eq!(refused.message, "a chain of more than 300 operators and keywords");
    assert!(Relation::parse(&"x".repeat(70_000)).is_err());
}
