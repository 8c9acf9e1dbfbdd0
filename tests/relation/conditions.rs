//! What an index could serve of a WHERE.

use service_ping::relation::{ConditionKind, Dialect, Relation};

/// The conditions on the table `t`: column, kind, and how a partial index says it.
fn conditions(relation: &str) -> Vec<(String, ConditionKind, Option<String>)> {
    let relation = Relation::parse(relation).expect("a relation");
    let conditions = relation.conditions("t");
    let shown = conditions.iter().map(|condition| {
        let text = condition.of_index(Dialect::Postgres).map(|text| text.expect("a text"));
        (condition.column.name.clone(), condition.kind, text)
    });
    shown.collect()
}

fn kinds(relation: &str) -> Vec<(String, ConditionKind)> {
    let conditions = conditions(relation).into_iter();
    conditions.map(|(column, kind, _)| (column, kind)).collect()
}

#[test]
fn each_part_that_all_rows_meet_is_one() {
    use ConditionKind::{Constant, Equal, Range};
    let of = |column: &str, kind| (column.to_owned(), kind);
    for (relation, expected) in [
        ("t WHERE a = 1 AND 'x' = b", vec![of("a", Equal), of("b", Equal)]),
        (
            "t WHERE (a = 1 AND b > 2) AND c",
            vec![of("a", Equal), of("b", Range), of("c", Constant)],
        ),
        ("t WHERE a BETWEEN 1 AND -2", vec![of("a", Range)]),
        ("t WHERE a >= '2020-01-01'::timestamp", vec![of("a", Range)]),
        (
            "t WHERE a IS NOT NULL AND NOT b",
            vec![of("a", Constant), of("b", Constant)],
        ),
        (
            "t WHERE a IN (1, 2) AND b <> 3",
            vec![of("a", Constant), of("b", Constant)],
        ),
        ("t WHERE a = 1 OR b = 2", vec![]),
        ("t WHERE a = b AND a LIKE 'x%' AND lower(c) = 'x'", vec![]),
        ("t WHERE a IN (SELECT id FROM u)", vec![]),
        ("t JOIN u ON u.id = t.u WHERE u.a = 1 AND t.b = 2", vec![of("b", Equal)]),
        ("t", vec![]),
    ] {
        assert_eq!(kinds(relation), expected, "{relation}");
    }
}

#[test]
fn an_index_names_columns_without_their_table() {
    let texts = |relation| {
        conditions(relation)
            .into_iter()
            .map(|(.., text)| text)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        texts("t WHERE a IS NOT NULL AND b = 'x' AND c > 3 AND d IN (1, 2)"),
        [
            Some("\"a\" IS NOT NULL".to_owned()),
            Some("\"b\" = 'x'".to_owned()),
            None,
            Some("\"d\" IN (1, 2)".to_owned()),
        ]
    );
}
