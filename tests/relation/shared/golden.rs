//! The statements, in both dialects.

use service_ping::relation::{
    Aggregate, Dialect, IntegerWidth, KeyRange, Places, Relation, SharedRelation, SharedStatement,
};

use super::cases::by_id;
use crate::support::{bound, column, parse};

fn shared(texts: &[&str]) -> SharedRelation {
    let members: Vec<Relation> = texts.iter().map(|text| bound(text)).collect();
    SharedRelation::of(&members.iter().collect::<Vec<_>>(), &by_id).unwrap_or_else(|| panic!("{texts:?}"))
}

fn rows(members: usize) -> Vec<Vec<Aggregate>> {
    vec![vec![Aggregate::CountRows]; members]
}

fn select(relation: &SharedRelation, dialect: Dialect, asked: &[Vec<Aggregate>]) -> SharedStatement {
    relation
        .select(dialect, asked, None)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn places(keys: &[usize], rows: Option<usize>, values: &[usize]) -> Places {
    Places {
        keys: keys.to_vec(),
        rows,
        values: values.to_vec(),
    }
}

#[test]
fn one_relation_has_its_own_statement() {
    let texts = [
        "users",
        "users WHERE (a = 1 AND b) OR c",
        "users u WHERE (a = 1 AND (b))",
        "issues LEFT JOIN projects USING (id) WHERE weight > 3 GROUP BY state, state",
        "issues GROUP BY 1",
    ];
    let asked = [
        Aggregate::CountRows,
        Aggregate::CountRows,
        Aggregate::Average(column("users", "a")),
        Aggregate::CountDistinct(column("users", "a")),
    ];
    let range = KeyRange::Integer {
        column: column("users", "id"),
        from: 0,
        to: Some(10),
    };
    for text in texts {
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            let statement = shared(&[text])
                .select(dialect, &[asked.to_vec()], Some(&range))
                .unwrap();
            let own = bound(text).select(dialect, &asked, Some(&range)).unwrap();
            assert_eq!(statement.sql, own, "{text}");
        }
    }
    let grouped = select(&shared(&["issues GROUP BY a, b"]), Dialect::Sqlite, &rows(1));
    assert_eq!(grouped.places, [places(&[0, 1], None, &[2])]);
    let unbound = Relation::parse("users WHERE a = :b").unwrap();
    assert!(SharedRelation::of(&[&unbound], &by_id).is_some());
}

#[test]
fn common_terms_stand_in_where_and_the_rest_filters() {
    let relation = shared(&[
        r#"issues WHERE (closed) AND state = 1 AND (a = 1 OR b = 2)"#,
        r#"Issues WHERE ("issues".b = 2 OR issues.a = 1) AND closed"#,
        r#"issues AS issues WHERE NOT moved AND (closed AND (b = 2 OR a = 1))"#,
    ]);
    assert_eq!((relation.common_terms(), relation.len()), (2, 3));
    let expected = r#"SELECT COUNT(*) FILTER (WHERE "issues"."state" = 1), COUNT(*), COUNT(*) FILTER (WHERE NOT "issues"."moved") FROM "issues" WHERE "issues"."closed" AND ("issues"."a" = 1 OR "issues"."b" = 2)"#;
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        let statement = select(&relation, dialect, &rows(3));
        assert_eq!(statement.sql, expected);
        let alone = |value: usize| places(&[], None, &[value]);
        assert_eq!(statement.places, [alone(0), alone(1), alone(2)]);
    }
}

#[test]
fn ranges_are_added_to_the_common_terms() {
    let relation = shared(&["issues WHERE a OR b", "issues WHERE (b OR a) AND c"]);
    let range = KeyRange::Integer {
        column: column("issues", "id"),
        from: 3,
        to: None,
    };
    let statement = relation.select(Dialect::Postgres, &rows(2), Some(&range)).unwrap();
    assert_eq!(
        statement.sql,
        r#"SELECT COUNT(*), COUNT(*) FILTER (WHERE "issues"."c") FROM "issues" WHERE ("issues"."a" OR "issues"."b") AND "issues"."id" >= 3"#
    );
}

#[test]
fn residual_terms_are_spelled_for_the_dialect() {
    let relation = shared(&[
        "t WHERE a LIKE 'x%'",
        "t WHERE at > :now AND d::bool",
        "t WHERE a = b OR c || d = e + 1 * 2",
    ]);
    assert_eq!(
        select(&relation, Dialect::Postgres, &rows(3)).sql,
        r#"SELECT COUNT(*) FILTER (WHERE "t"."a" LIKE 'x%'), COUNT(*) FILTER (WHERE "t"."at" > '2026-11-19 10:54:00.123+00' AND "t"."d"::BOOL), COUNT(*) FILTER (WHERE ("t"."a" = "t"."b" OR "t"."c" || "t"."d" = "t"."e" + 1 * 2)) FROM "t""#
    );
    assert_eq!(
        select(&relation, Dialect::Sqlite, &rows(3)).sql,
        r#"SELECT COUNT(*) FILTER (WHERE "t"."a" GLOB 'x*'), COUNT(*) FILTER (WHERE "t"."at" > '2026-11-19 10:54:00.123000' AND ("t"."d" <> 0)), COUNT(*) FILTER (WHERE ("t"."a" = "t"."b" OR ("t"."c" || "t"."d") = ("t"."e" + (1 * 2)))) FROM "t""#
    );
}

#[test]
fn joins_by_a_unique_key_share_with_their_driving_table() {
    let relation = shared(&[
        "issues WHERE weight > 1",
        "issues JOIN projects ON projects.id = issues.project_id WHERE projects.archived AND issues.weight > 1",
        "issues LEFT JOIN projects AS projects ON (issues.project_id = projects.id) WHERE issues.weight > 1",
    ]);
    assert_eq!(
        select(&relation, Dialect::Postgres, &rows(3)).sql,
        r#"SELECT COUNT(*), COUNT(*) FILTER (WHERE "projects"."id" IS NOT NULL AND "projects"."archived") FROM "issues" LEFT JOIN "projects" ON "projects"."id" = "issues"."project_id" WHERE "issues"."weight" > 1"#
    );
    let inner = relation.only(&[1]);
    assert_eq!(
        select(&inner, Dialect::Sqlite, &rows(1)).sql,
        r#"SELECT COUNT(*) FROM "issues" JOIN "projects" ON "projects"."id" = "issues"."project_id" WHERE "projects"."archived" AND "issues"."weight" > 1"#
    );
    assert_eq!(
        select(&relation.only(&[0, 2]), Dialect::Sqlite, &rows(2)).places[1],
        places(&[], None, &[0])
    );
}

#[test]
fn a_join_that_all_have_stays_inner() {
    let join = "JOIN projects ON projects.id = issues.project_id";
    let relation = shared(&[
        &format!("issues {join}"),
        &format!("issues {join} JOIN groups ON groups.id = projects.group_id AND groups.level = 1"),
        &format!(
            "issues LEFT JOIN issues AS parent ON parent.id = issues.parent_id INNER {join} WHERE parent.id IS NULL"
        ),
    ]);
    assert_eq!(
        select(&relation, Dialect::Postgres, &rows(3)).sql,
        r#"SELECT COUNT(*), COUNT(*) FILTER (WHERE "groups"."id" IS NOT NULL), COUNT(*) FILTER (WHERE "parent"."id" IS NULL) FROM "issues" JOIN "projects" ON "projects"."id" = "issues"."project_id" LEFT JOIN "groups" ON "groups"."id" = "projects"."group_id" AND "groups"."level" = 1 LEFT JOIN "issues" AS "parent" ON "parent"."id" = "issues"."parent_id""#
    );
}

#[test]
fn groups_are_those_of_all() {
    let relation = shared(&[
        "issues",
        "issues WHERE closed GROUP BY kind, (state)",
        "issues GROUP BY state",
    ]);
    let weight = Aggregate::Sum(column("issues", "weight"));
    let asked = [
        vec![Aggregate::CountRows],
        vec![weight.clone(), Aggregate::CountRows],
        vec![weight, Aggregate::CountRows],
    ];
    let statement = select(&relation, Dialect::Postgres, &asked);
    assert_eq!(
        statement.sql,
        r#"SELECT "issues"."kind", ("issues"."state"), COUNT(*), COUNT(*) FILTER (WHERE "issues"."closed"), SUM("issues"."weight") FILTER (WHERE "issues"."closed"), SUM("issues"."weight") FROM "issues" GROUP BY "issues"."kind", ("issues"."state")"#
    );
    assert_eq!(
        statement.places,
        [
            places(&[], None, &[2]),
            places(&[0, 1], Some(3), &[4, 3]),
            places(&[1], None, &[5, 2]),
        ]
    );
}

#[test]
fn packed_values_make_the_rest_text() {
    let relation = shared(&["issues WHERE closed", "issues GROUP BY kind"]);
    let weight = column("issues", "weight");
    let asked = [
        vec![Aggregate::PackedIntegers(weight.clone(), IntegerWidth::Eight)],
        vec![Aggregate::Count(weight.clone())],
    ];
    let statement = select(&relation, Dialect::Postgres, &asked);
    assert_eq!(
        statement.sql,
        r#"SELECT CASE WHEN ("issues"."kind") IS DISTINCT FROM NULL THEN format('%s', "issues"."kind") END, string_agg(int8send("issues"."weight"::int8), '') FILTER (WHERE "issues"."closed"), COUNT("issues"."weight")::text FROM "issues" GROUP BY "issues"."kind""#
    );
    assert_eq!(statement.packed, [1]);
    let statement = select(&relation, Dialect::Sqlite, &asked);
    assert_eq!(
        statement.sql,
        r#"SELECT "issues"."kind", group_concat("issues"."weight", ',') FILTER (WHERE "issues"."closed"), COUNT("issues"."weight") FROM "issues" GROUP BY "issues"."kind""#
    );
    assert_eq!(statement.packed, [1]);
    let both = [vec![
        Aggregate::PackedIntegers(weight, IntegerWidth::Four),
        Aggregate::CountRows,
    ]];
    assert_eq!(
        select(&shared(&["issues"]), Dialect::Postgres, &both).sql,
        r#"SELECT string_agg(int4send("issues"."weight"::int4), ''), COUNT(*)::text FROM "issues""#
    );
}

#[test]
fn terms_have_one_spelling() {
    let one = parse("t WHERE (b OR (a)) AND c = 1 AND c = 1");
    let other = parse(r#"T where ("t"."c" = 1) AND (a OR b)"#);
    assert_eq!(one.terms(), other.terms());
    assert_eq!(one.terms().unwrap(), [r#""t"."c" = 1"#, r#"("t"."a" OR "t"."b")"#]);
    assert_eq!(parse("t").terms().unwrap(), Vec::<String>::new());
    assert!(parse("t WHERE a = :b").terms().is_err());
}
