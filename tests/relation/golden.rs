//! The text that each dialect gets.

use service_ping::relation::{Aggregate, Dialect, IntegerWidth, MainTable, Operation, Query, Relation, Window};

use crate::support::{at, bound, column, count, now, parse};

/// After `SELECT COUNT(*) FROM `: what is written, PostgreSQL's text, SQLite's text.
const ROWS: &[(&str, &str, &str)] = &[
    ("users", r#""users""#, r#""users""#),
    (
        "users WHERE state = 'active'",
        r#""users" WHERE "users"."state" = 'active'"#,
        r#""users" WHERE "users"."state" = 'active'"#,
    ),
    (
        r#"Users AS U WHERE State = 'active' OR "Odd" = 3"#,
        r#""users" AS "u" WHERE "u"."state" = 'active' OR "u"."Odd" = 3"#,
        r#""users" AS "u" WHERE "u"."state" = 'active' OR "u"."Odd" = 3"#,
    ),
    (
        "public.users /* here */ WHERE admin -- and there",
        r#""public"."users" WHERE "users"."admin""#,
        r#""users" WHERE "users"."admin""#,
    ),
    (
        "issues JOIN projects p ON p.id = issues.project_id LEFT JOIN links USING (Id, b) WHERE weight > 3",
        r#""issues" JOIN "projects" AS "p" ON "p"."id" = "issues"."project_id" LEFT JOIN "links" USING("id", "b") WHERE "weight" > 3"#,
        r#""issues" JOIN "projects" AS "p" ON "p"."id" = "issues"."project_id" LEFT JOIN "links" USING("id", "b") WHERE `weight` > 3"#,
    ),
    (
        "issues WHERE EXISTS (SELECT 1 FROM notes n WHERE n.issue_id = issues.id AND kind = 3)",
        r#""issues" WHERE EXISTS (SELECT 1 FROM "notes" AS "n" WHERE "n"."issue_id" = "issues"."id" AND "kind" = 3)"#,
        r#""issues" WHERE EXISTS (SELECT 1 FROM "notes" AS "n" WHERE "n"."issue_id" = "issues"."id" AND `kind` = 3)"#,
    ),
    (
        "(SELECT id, state FROM a UNION SELECT 1, 'x') AS u WHERE state = 'x'",
        r#"(SELECT "id", "state" FROM "a" UNION SELECT 1, 'x') AS "u" WHERE "u"."state" = 'x'"#,
        r#"(SELECT `id`, `state` FROM "a" UNION SELECT 1, 'x') AS "u" WHERE "u"."state" = 'x'"#,
    ),
    (
        "t WHERE at > :now - INTERVAL '2 hours'",
        r#""t" WHERE "t"."at" > '2026-11-19 08:54:00.123+00'"#,
        r#""t" WHERE "t"."at" > '2026-11-19 08:54:00.123000'"#,
    ),
    (
        "t WHERE at >= :now + INTERVAL '1 day' - INTERVAL '3' HOUR + '1 week'::interval",
        r#""t" WHERE "t"."at" >= '2026-11-27 07:54:00.123+00'"#,
        r#""t" WHERE "t"."at" >= '2026-11-27 07:54:00.123'"#,
    ),
    (
        "t WHERE at BETWEEN :now - 2 * INTERVAL '14 days' AND (:now)",
        r#""t" WHERE "t"."at" BETWEEN '2026-10-22 10:54:00.123+00' AND '2026-11-19 10:54:00.123+00'"#,
        r#""t" WHERE "t"."at" BETWEEN '2026-10-22 10:54:00.123' AND '2026-11-19 10:54:00.123000'"#,
    ),
    (
        "t WHERE :now < a AND :now <= b AND :now > c AND :now >= d AND e <> :now",
        r#""t" WHERE '2026-11-19 10:54:00.123+00' < "t"."a" AND '2026-11-19 10:54:00.123+00' <= "t"."b" AND '2026-11-19 10:54:00.123+00' > "t"."c" AND '2026-11-19 10:54:00.123+00' >= "t"."d" AND "t"."e" <> '2026-11-19 10:54:00.123+00'"#,
        r#""t" WHERE '2026-11-19 10:54:00.123000' < "t"."a" AND '2026-11-19 10:54:00.123' <= "t"."b" AND '2026-11-19 10:54:00.123' > "t"."c" AND '2026-11-19 10:54:00.123000' >= "t"."d" AND "t"."e" NOT BETWEEN '2026-11-19 10:54:00.123' AND '2026-11-19 10:54:00.123000'"#,
    ),
    (
        "t WHERE a LIKE 'x' AND b NOT LIKE '%y_' AND c LIKE 'a*?[%' AND d LIKE '10\\%' AND e LIKE 'u!_v' ESCAPE '!'",
        r#""t" WHERE "t"."a" LIKE 'x' AND "t"."b" NOT LIKE '%y_' AND "t"."c" LIKE 'a*?[%' AND "t"."d" LIKE E'10\\%' AND "t"."e" LIKE 'u!_v' ESCAPE '!'"#,
        r#""t" WHERE "t"."a" GLOB 'x' AND "t"."b" NOT GLOB '*y?' AND "t"."c" GLOB 'a[*][?][[]*' AND "t"."d" GLOB '10%' AND "t"."e" GLOB 'u_v'"#,
    ),
    (
        "t WHERE a ILIKE 'AB%' AND b NOT ILIKE other",
        r#""t" WHERE "t"."a" ILIKE 'AB%' AND "t"."b" NOT ILIKE "t"."other""#,
        r#""t" WHERE "t"."a" LIKE 'AB%' AND "t"."b" NOT LIKE "t"."other" ESCAPE '\'"#,
    ),
    (
        "t WHERE a = b LIKE 'x' AND c || d = e + 1 * 2 AND NOT f = 1 IS NULL",
        r#""t" WHERE "t"."a" = "t"."b" LIKE 'x' AND "t"."c" || "t"."d" = "t"."e" + 1 * 2 AND NOT "t"."f" = 1 IS NULL"#,
        r#""t" WHERE "t"."a" = ("t"."b" GLOB 'x') AND ("t"."c" || "t"."d") = ("t"."e" + (1 * 2)) AND NOT ("t"."f" = 1) IS NULL"#,
    ),
    (
        "t WHERE a::text = 'e' AND b::date = DATE '2022-01-01' AND c >= '2022-01-01 01:00+01'::timestamptz AND d::bool",
        r#""t" WHERE "t"."a"::TEXT = 'e' AND "t"."b"::DATE = DATE '2022-01-01' AND "t"."c" >= '2022-01-01 01:00+01'::TIMESTAMPTZ AND "t"."d"::BOOL"#,
        r#""t" WHERE CAST("t"."a" AS TEXT) = 'e' AND date("t"."b") = date('2022-01-01') AND "t"."c" >= '2022-01-01 00:00:00' AND ("t"."d" <> 0)"#,
    ),
    (
        "t WHERE a::int > 3 AND '5'::int = b AND c::varchar(3) = 'abc' AND d::numeric(10, 2) = 1.5",
        r#""t" WHERE "t"."a"::INT > 3 AND '5'::INT = "t"."b" AND "t"."c"::VARCHAR(3) = 'abc' AND "t"."d"::NUMERIC(10,2) = 1.5"#,
        r#""t" WHERE CASE WHEN typeof("t"."a") = 'real' THEN CAST(round("t"."a") AS INTEGER) ELSE CAST("t"."a" AS INTEGER) END > 3 AND CAST('5' AS INTEGER) = "t"."b" AND substr(CAST("t"."c" AS TEXT), 1, 3) = 'abc' AND round(CAST("t"."d" AS REAL), 2) = 1.5"#,
    ),
    (
        "t WHERE substring(a from 2 for 3) = 'x' AND position('a' in b) > 0 AND trim(both 'x' from c) = '' AND char_length(d) > 1",
        r#""t" WHERE SUBSTRING("t"."a" FROM 2 FOR 3) = 'x' AND POSITION('a' IN "t"."b") > 0 AND TRIM(BOTH 'x' FROM "t"."c") = '' AND char_length("t"."d") > 1"#,
        r#""t" WHERE substr("t"."a", 2, 3) = 'x' AND instr("t"."b", 'a') > 0 AND trim("t"."c", 'x') = '' AND length("t"."d") > 1"#,
    ),
    (
        "t WHERE a IS UNKNOWN AND b IS NOT TRUE AND c IS DISTINCT FROM 3 AND true AND d = false",
        r#""t" WHERE "t"."a" IS UNKNOWN AND "t"."b" IS NOT TRUE AND "t"."c" IS DISTINCT FROM 3 AND TRUE AND "t"."d" = FALSE"#,
        r#""t" WHERE "t"."a" IS NULL AND "t"."b" IS NOT TRUE AND "t"."c" IS DISTINCT FROM 3 AND TRUE AND "t"."d" = FALSE"#,
    ),
    (
        "t WHERE - - 5 < a AND +-5 < a AND ~ -5 = 3",
        r#""t" WHERE -(-5) < "t"."a" AND +(-5) < "t"."a" AND ~(-5) = 3"#,
        r#""t" WHERE (-(-5)) < "t"."a" AND (+(-5)) < "t"."a" AND (~(-5)) = 3"#,
    ),
    (
        r"t WHERE x = E'a\'b\\c' OR y = $$a'b$$ OR z = U&'\0041' OR v = '\''' OR w = 'a''''b'",
        r#""t" WHERE "t"."x" = E'a''b\\c' OR "t"."y" = 'a''b' OR "t"."z" = 'A' OR "t"."v" = E'\\''' OR "t"."w" = 'a''''b'"#,
        r#""t" WHERE "t"."x" = 'a''b\c' OR "t"."y" = 'a''b' OR "t"."z" = 'A' OR "t"."v" = '\''' OR "t"."w" = 'a''''b'"#,
    ),
    (
        r#"t WHERE "a""b" = 1 AND current_date > d AND Lower(c) = 'x'"#,
        r#""t" WHERE "t"."a""b" = 1 AND current_date > "t"."d" AND Lower("t"."c") = 'x'"#,
        r#""t" WHERE "t"."a""b" = 1 AND current_date > "t"."d" AND Lower("t"."c") = 'x'"#,
    ),
];

#[test]
fn rows_are_rendered_in_both_dialects() {
    for (text, postgres, sqlite) in ROWS {
        let relation = bound(text);
        for (dialect, expected) in [(Dialect::Postgres, postgres), (Dialect::Sqlite, sqlite)] {
            assert_eq!(
                count(&relation, dialect),
                format!("SELECT COUNT(*) FROM {expected}"),
                "{text}"
            );
        }
    }
}

#[test]
fn statements_are_spelled_as_dumps_print_them() {
    let users = parse("users");
    let issues = parse("issues WHERE closed GROUP BY state_id, lower(title)");
    let clusters = parse("clusters JOIN users ON users.id = clusters.user_id");
    let id = users.column("id").unwrap();
    let weight = issues.column("weight").unwrap();
    let user_id = clusters.column("clusters.user_id").unwrap();
    let dump =
        |relation: &Relation, operation, column| relation.statement(Dialect::Postgres, operation, column).unwrap();
    assert_eq!(
        dump(&users, Operation::Count, Some(&id)),
        r#"SELECT COUNT("users"."id") FROM "users""#
    );
    assert_eq!(dump(&users, Operation::Count, None), r#"SELECT COUNT(*) FROM "users""#);
    let distinct = r#"SELECT COUNT(DISTINCT "clusters"."user_id") FROM "clusters" JOIN "users" ON "users"."id" = "clusters"."user_id""#;
    assert_eq!(dump(&clusters, Operation::DistinctCount, Some(&user_id)), distinct);
    assert_eq!(
        dump(&clusters, Operation::EstimateBatchDistinctCount, Some(&user_id)),
        distinct
    );
    let grouped = |aggregate: &str| {
        format!(
            r#"SELECT "issues"."state_id", lower("issues"."title"), {aggregate} FROM "issues" WHERE "issues"."closed" GROUP BY "issues"."state_id", lower("issues"."title")"#
        )
    };
    assert_eq!(
        dump(&issues, Operation::Sum, Some(&weight)),
        grouped(r#"SUM("issues"."weight")"#)
    );
    assert_eq!(
        dump(&issues, Operation::Average, Some(&weight)),
        grouped(r#"AVG("issues"."weight")"#)
    );
}

#[test]
fn histograms_are_one_statement() {
    let relation = parse("projects WHERE NOT archived");
    let column = relation.column("creator_id").unwrap();
    let operation = Operation::Histogram {
        from: 1,
        to: 100,
        size: 100,
    };
    let rows = r#"WITH "count_cte" AS MATERIALIZED (SELECT COUNT(*) AS "count_grouped" FROM "projects" WHERE NOT "projects"."archived" GROUP BY "projects"."creator_id")"#;
    assert_eq!(
        relation.statement(Dialect::Postgres, operation, Some(&column)).unwrap(),
        format!(
            r#"{rows} SELECT WIDTH_BUCKET("count_cte"."count_grouped", 1, 100, 99) AS "buckets", COUNT(*) FROM "count_cte" GROUP BY "buckets" ORDER BY "buckets""#
        )
    );
    assert_eq!(
        relation.statement(Dialect::Sqlite, operation, Some(&column)).unwrap(),
        format!(
            r#"{rows} SELECT CASE WHEN "count_cte"."count_grouped" < 1 THEN 0 WHEN "count_cte"."count_grouped" >= 100 THEN 100 ELSE ("count_cte"."count_grouped" - 1) * 99 / (100 - 1) + 1 END AS "buckets", COUNT(*) FROM "count_cte" GROUP BY "buckets" ORDER BY "buckets""#
        )
    );
}

#[test]
fn a_window_is_added_to_the_filter() {
    let window = Window {
        from: at("2026-10-20T10:54:00Z"),
        to: at("2026-11-17T10:54:00.5Z"),
    };
    let within = |text: &str| {
        let relation = parse(text);
        let column = relation.column("created_at").unwrap();
        relation.within(&column, &window)
    };
    assert_eq!(
        count(&within("issues WHERE a OR b"), Dialect::Postgres),
        r#"SELECT COUNT(*) FROM "issues" WHERE ("issues"."a" OR "issues"."b") AND "issues"."created_at" BETWEEN '2026-10-20 10:54:00+00' AND '2026-11-17 10:54:00.500+00'"#
    );
    assert_eq!(
        count(&within("issues WHERE a AND b"), Dialect::Sqlite),
        r#"SELECT COUNT(*) FROM "issues" WHERE "issues"."a" AND "issues"."b" AND "issues"."created_at" BETWEEN '2026-10-20 10:54:00' AND '2026-11-17 10:54:00.500000'"#
    );
}

#[test]
fn bounds_stand_behind_a_fence() {
    let relation = parse("issues WHERE closed GROUP BY state_id");
    let id = column("issues", "id");
    assert_eq!(
        relation.fenced_bounds(Dialect::Postgres, &id).unwrap(),
        r#"SELECT MIN("v"), MAX("v") FROM (SELECT "issues"."id" AS "v" FROM "issues" WHERE "issues"."closed" OFFSET 0) AS "fenced""#
    );
    assert_eq!(
        relation.fenced_bounds(Dialect::Sqlite, &id).unwrap(),
        r#"SELECT MIN("v"), MAX("v") FROM (SELECT "issues"."id" AS "v" FROM "issues" WHERE "issues"."closed" LIMIT -1 OFFSET 0) AS "fenced""#
    );
}

#[test]
fn aggregates_are_spelled_exactly() {
    let relation = parse("issues");
    let weight = column("issues", "weight");
    let all = [
        Aggregate::CountRows,
        Aggregate::Count(weight.clone()),
        Aggregate::CountDistinct(weight.clone()),
        Aggregate::Sum(weight.clone()),
        Aggregate::Average(weight.clone()),
        Aggregate::Min(weight.clone()),
        Aggregate::Max(weight.clone()),
        Aggregate::PackedIntegers(weight.clone(), IntegerWidth::Eight),
    ];
    let shared = r#"COUNT(*), COUNT("issues"."weight"), COUNT(DISTINCT "issues"."weight"), SUM("issues"."weight"), AVG("issues"."weight"), MIN("issues"."weight"), MAX("issues"."weight")"#;
    assert_eq!(
        relation.select(Dialect::Postgres, &all, None).unwrap(),
        format!(r#"SELECT {shared}, string_agg(int8send("issues"."weight"::int8), '') FROM "issues""#)
    );
    assert_eq!(
        relation.select(Dialect::Sqlite, &all, None).unwrap(),
        format!(r#"SELECT {shared}, group_concat("issues"."weight", ',') FROM "issues""#)
    );
    assert_eq!(
        relation
            .select(Dialect::Postgres, &[Aggregate::Values(weight)], None)
            .unwrap(),
        r#"SELECT "issues"."weight" FROM "issues" WHERE "issues"."weight" IS NOT NULL"#
    );
}

#[test]
fn whole_queries_keep_their_clauses() {
    let cases = [
        (
            "SELECT MIN(id) FROM users",
            r#"SELECT MIN("id") FROM "users""#,
            r#"SELECT MIN(`id`) FROM "users""#,
        ),
        (
            "WITH x AS (SELECT Id FROM users) SELECT COUNT(*) FROM x, public.projects p WHERE p.at > :now OFFSET 2",
            r#"WITH "x" AS (SELECT "id" FROM "users") SELECT COUNT(*) FROM "x", "public"."projects" AS "p" WHERE "p"."at" > '2026-11-19 10:54:00.123+00' OFFSET 2"#,
            r#"WITH "x" AS (SELECT `id` FROM "users") SELECT COUNT(*) FROM "x", "projects" AS "p" WHERE "p"."at" > '2026-11-19 10:54:00.123000' LIMIT -1 OFFSET 2"#,
        ),
        (
            "SELECT MAX(Id) AS Hi FROM users UNION SELECT 3 ORDER BY hi DESC LIMIT 1",
            r#"SELECT MAX("id") AS "hi" FROM "users" UNION SELECT 3 ORDER BY "hi" DESC LIMIT 1"#,
            r#"SELECT MAX(`id`) AS "hi" FROM "users" UNION SELECT 3 ORDER BY `hi` DESC LIMIT 1"#,
        ),
    ];
    for (text, postgres, sqlite) in cases {
        let query = Query::parse(text).unwrap().bind(&Default::default(), now()).unwrap();
        assert_eq!(query.render(Dialect::Postgres).unwrap(), postgres);
        assert_eq!(query.render(Dialect::Sqlite).unwrap(), sqlite);
    }
}

#[test]
fn a_relation_tells_about_itself() {
    let relation = parse(
        r#"Public.Issues I JOIN "Odd" ON true LEFT JOIN (SELECT 1 AS x FROM deep) d ON true
           WHERE I.id IN (WITH w AS (SELECT 1 FROM base) SELECT 1 FROM w JOIN issues ON true)
           GROUP BY I.a, I.b"#,
    );
    let table = |schema: Option<&str>, name: &str, alias: &str| MainTable {
        schema: schema.map(str::to_owned),
        name: name.into(),
        alias: alias.into(),
    };
    assert_eq!(relation.main_table(), Some(&table(Some("public"), "issues", "i")));
    assert_eq!(relation.main_alias(), "i");
    assert!(relation.is_joined() && relation.is_grouped() && relation.has_filter());
    assert_eq!(relation.group_width(), 2);
    let tables = [
        table(Some("public"), "issues", "i"),
        table(None, "Odd", "Odd"),
        table(None, "deep", "deep"),
        table(None, "base", "base"),
        table(None, "issues", "issues"),
    ];
    assert_eq!(relation.tables(), tables);
    assert_eq!(
        count(&relation.base(), Dialect::Postgres),
        r#"SELECT COUNT(*) FROM "public"."issues" AS "i""#
    );
    assert!(!relation.ungrouped().is_grouped() && relation.ungrouped().has_filter());
    let derived = parse("(SELECT id FROM users) AS u");
    assert_eq!((derived.main_table(), derived.main_alias()), (None, "u"));
}

#[test]
fn relations_are_equal_where_their_sql_is() {
    let same = [
        "users u WHERE a = 'x'",
        "USERS  AS U where A = E'x' -- why",
        r#""users" "u" WHERE "u"."a" = $$x$$"#,
    ];
    let other = [
        "users u WHERE a = 'X'",
        "users WHERE a = 'x'",
        r#"users u WHERE "A" = 'x'"#,
        "users u",
    ];
    let hash = |relation: &Relation| {
        use std::hash::{BuildHasher, RandomState};
        static STATE: std::sync::LazyLock<RandomState> = std::sync::LazyLock::new(RandomState::new);
        STATE.hash_one(relation)
    };
    let first = parse(same[0]);
    for text in same {
        assert_eq!(parse(text), first, "{text}");
        assert_eq!(hash(&parse(text)), hash(&first), "{text}");
    }
    for text in other {
        assert_ne!(parse(text), first, "{text}");
    }
}
