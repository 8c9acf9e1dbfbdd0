//! What is refused, and how it is said.

use service_ping::relation::{Dialect, Operation, Query, Relation};

use crate::support::{bound, parse};

/// A relation, the beginning of the message, and the text that is marked.
const RELATIONS: &[(&str, &str, &str)] = &[
    ("", "a relation is expected, but the text is empty", ""),
    (" -- nothing", "a relation is expected, but the text is empty", ""),
    ("users; DROP TABLE users", "`;` does not belong here", ";"),
    ("a, b WHERE x = 1", "tables are separated by a comma", ","),
    (
        "users UNION SELECT 1",
        "UNION, INTERSECT and EXCEPT do not belong",
        "UNION",
    ),
    ("users ORDER BY id", "ORDER BY does not belong in a relation", "ORDER"),
    ("users LIMIT 3 OFFSET 4", "LIMIT does not belong in a relation", "LIMIT"),
    ("users OFFSET 3", "OFFSET does not belong in a relation", "OFFSET"),
    (
        "users FETCH FIRST 3 ROWS ONLY",
        "FETCH does not belong in a relation",
        "FETCH",
    ),
    (
        "users GROUP BY a HAVING COUNT(*) > 1",
        "HAVING does not belong in a relation",
        "HAVING",
    ),
    ("users FOR UPDATE", "FOR UPDATE does not belong in a relation", "FOR"),
    (
        "users WINDOW w AS (PARTITION BY x)",
        "WINDOW does not belong in a relation",
        "WINDOW",
    ),
    ("users QUALIFY x", "QUALIFY does not belong in a relation", "QUALIFY"),
    (
        "users WHERE count(*) OVER () > 1",
        "a window function does not belong in a relation",
        "count",
    ),
    ("users GROUP BY 2", "a GROUP BY key names no column", "2"),
    ("users GROUP BY 2, 1", "a GROUP BY key names no column", "2"),
    ("users GROUP BY :key", "a GROUP BY key names no column", ":key"),
    ("users GROUP BY ALL", "GROUP BY ALL does not belong", "GROUP"),
    (
        "users GROUP BY ROLLUP (a, b)",
        "ROLLUP, CUBE and GROUPING SETS do not belong",
        "a, b",
    ),
    (
        "users GROUP BY a, CUBE (b)",
        "ROLLUP, CUBE and GROUPING SETS do not belong",
        "b",
    ),
    (
        "users GROUP BY GROUPING SETS ((a), (b))",
        "ROLLUP, CUBE and GROUPING SETS do not belong",
        "a), (b",
    ),
    ("users GROUP BY (a, b)", "a list of keys in brackets", "a, b"),
    (
        "users RIGHT JOIN b ON true",
        "RIGHT and FULL joins do not belong",
        "b ON true",
    ),
    (
        "users FULL JOIN b ON true",
        "RIGHT and FULL joins do not belong",
        "b ON true",
    ),
    ("users NATURAL JOIN b", "NATURAL joins do not belong", "b"),
    ("users JOIN b", "the join has no condition", "b"),
    ("users JOIN users ON true", "`users` is named twice in FROM", "users"),
    (
        "generate_series(1,3) g",
        "the first item of FROM is neither a table nor a sub-query",
        "generate_series(1,3) g",
    ),
    ("(SELECT 1)", "a sub-query in FROM has no name", "SELECT 1"),
    (
        "SELECT * FROM users",
        "a relation starts with a table, not with `SELECT`",
        "SELECT",
    ),
    (
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "a relation starts with a table, not with `WITH`",
        "WITH",
    ),
    ("where x", "a relation starts with a table, not with `where`", "where"),
    ("users foo bar", "unexpected `bar`", "bar"),
    ("users) AS x", "unexpected `)`", ")"),
    ("users WHERE", "expected an expression, found the end", ""),
    ("users\nWHERE äöü = = b", "expected an expression, found `=`", "="),
    ("users WHERE a = 'x", "unterminated string literal", "'x"),
    ("users WHERE a = $1", "the placeholder `$1` has no name", "$1"),
    (
        "users WHERE a.b.c = 3",
        "`a.b.c` names a column with its schema",
        "a.b.c",
    ),
    ("x.y.z WHERE a", "`x.y.z` is not a table's name", "x.y.z"),
    (
        "users TABLESAMPLE SYSTEM (1)",
        "`users TABLESAMPLE SYSTEM (1)` is not supported",
        "users TABLESAMPLE SYSTEM (1",
    ),
    ("users WHERE (x).y = 3", "`(x).y` is not supported", "x).y"),
    (
        "users WHERE x::foo('); DROP') = 3",
        "`x::foo(); DROP)` is not supported",
        "x::foo",
    ),
    (
        "users WHERE x = DATETIME '2022-01-01'",
        "`DATETIME '2022-01-01'` is not supported",
        "'2022-01-01'",
    ),
    ("users WHERE x = DATE :day", "a placeholder cannot stand here", ":day"),
    (
        "users WHERE pg_terminate_backend(1)",
        "the function `pg_terminate_backend` acts on the server",
        "pg_terminate_backend",
    ),
    (
        "t WHERE pg_catalog.Set_Config('a','b',false) = 'x'",
        "the function `pg_catalog.Set_Config` acts",
        "pg_catalog.Set_Config",
    ),
    (
        "t JOIN dblink('x') d ON true",
        "the function `dblink` acts on the server",
        "dblink",
    ),
    (
        "t WHERE \"nextval\"('s') > 1",
        "the function `\"nextval\"` acts on the server",
        "\"nextval\"",
    ),
    (
        "t WHERE a IN (SELECT lo_unlink(3))",
        "the function `lo_unlink` acts on the server",
        "lo_unlink",
    ),
    (
        "t WHERE id IN (DELETE FROM x RETURNING id)",
        "a statement that writes",
        "DELETE FROM x RETURNING id",
    ),
    (
        "t WHERE id IN (WITH d AS (DELETE FROM x RETURNING id) SELECT id FROM d)",
        "a statement that writes",
        "DELETE FROM x RETURNING id",
    ),
    (
        "t WHERE id = (SELECT 1 INTO x)",
        "SELECT INTO writes a table",
        "SELECT 1 INTO x",
    ),
    (
        "t WHERE id IN (SELECT id FROM d FOR SHARE)",
        "FOR UPDATE and its like lock rows",
        "SELECT id FROM d",
    ),
];

#[test]
fn relations_are_refused_with_message_help_and_place() {
    for (text, message, marked) in RELATIONS {
        let error = Relation::parse(text).expect_err(text);
        assert!(error.message.starts_with(message), "{text}: {}", error.message);
        assert!(error.help.is_some_and(|help| !help.is_empty()), "{text} has no help");
        let span = error.span.unwrap_or(text.len()..text.len());
        assert_eq!(&text[span], *marked, "{text}");
    }
}

#[test]
fn queries_only_read() {
    let cases = [
        ("", "a query is expected, but the text is empty"),
        ("UPDATE users SET a = 1", "a statement that writes"),
        ("INSERT INTO x VALUES (1)", "a statement that writes"),
        ("DELETE FROM x", "a statement that writes"),
        ("DROP TABLE x", "expected SELECT"),
        ("COPY users TO PROGRAM 'x'", "expected SELECT"),
        ("EXPLAIN ANALYZE SELECT 1", "expected SELECT"),
        ("SELECT 1; SELECT 2", "`;` does not belong here"),
        ("SELECT * INTO y FROM x", "SELECT INTO writes a table"),
        ("SELECT nextval('x')", "the function `nextval` acts on the server"),
        ("SELECT 1 FROM x FOR UPDATE", "FOR UPDATE and its like lock rows"),
        ("TABLE x", "`TABLE name` is not supported"),
        ("SELECT 1 FROM x UNION DELETE FROM y RETURNING 1", "expected SELECT"),
    ];
    for (text, message) in cases {
        let error = Query::parse(text).expect_err(text);
        assert!(error.message.starts_with(message), "{text}: {}", error.message);
        assert!(error.help.is_some(), "{text}");
    }
}

#[test]
fn waiting_is_allowed() {
    assert!(Relation::parse("users WHERE pg_sleep(1) IS NULL").is_ok());
}

#[test]
fn what_sqlite_lacks_is_an_error_there_and_not_on_postgresql() {
    let cases = [
        "t WHERE a = ANY(ARRAY[1, 2])",
        "t WHERE a ~ '^x'",
        "t WHERE a ->> 'x' = 'y'",
        "t WHERE a @> '{}'",
        "t WHERE a[1] = 2",
        "t WHERE a > b - INTERVAL '1 day'",
        "t WHERE :now - a > b",
        "t WHERE a::date - 7 > b",
        "t WHERE current_date - 7 > a",
        "t WHERE now() > a",
        "t WHERE a = current_user",
        "t WHERE a > localtimestamp",
        "t WHERE a LIKE b",
        "t WHERE a LIKE b || '%'",
        "t WHERE a SIMILAR TO 'x'",
        "t WHERE extract(year from a) = 2022",
        "t WHERE date_trunc('day', a) = b",
        "t WHERE a AT TIME ZONE 'UTC' > b",
        "t WHERE (a, b) IN ((1, 2))",
        "t WHERE a::jsonb IS NULL",
        "t WHERE a = X'1f'",
        "t WHERE a = 2 ^ 3",
        "t WHERE 'soon'::boolean",
        "t WHERE 'soon'::timestamp > a",
        "t JOIN LATERAL (SELECT 1) x ON true",
        "t JOIN (SELECT 1) x(a) ON true",
        "t WHERE a IN (SELECT DISTINCT ON (b) a FROM u)",
    ];
    for text in cases {
        let relation = bound(text);
        assert!(
            relation.statement(Dialect::Postgres, Operation::Count, None).is_ok(),
            "{text}"
        );
        let error = relation
            .statement(Dialect::Sqlite, Operation::Count, None)
            .expect_err(text);
        assert!(
            error.message.contains("is not supported on SQLite") || error.message.contains("is not understood"),
            "{text}: {error}"
        );
    }
}

#[test]
fn columns_belong_to_a_table_of_the_relation() {
    let relation = parse(r#"issues AS i JOIN "Projects" ON true JOIN (SELECT 1 AS x) AS d ON true"#);
    let name = |text: &str| relation.column(text).map(|column| (column.table, column.name));
    let found = |table: &str, column: &str| Ok((table.to_owned(), column.to_owned()));
    assert_eq!(name("Id"), found("i", "id"));
    assert_eq!(name(r#" "Id" "#), found("i", "Id"));
    assert_eq!(name(r#""Projects".creator_id"#), found("Projects", "creator_id"));
    assert_eq!(name("I.id"), found("i", "id"));
    assert_eq!(name("d.x"), found("d", "x"));

    let error = relation.column("project.id").unwrap_err();
    assert_eq!(error.message, "`project` is not a table of the relation");
    assert_eq!(
        error.help.unwrap(),
        "did you mean `Projects`? the relation names `i`, `Projects`, `d`"
    );
    assert_eq!(error.span, Some(0..7));
    assert_eq!(
        relation.column("x.id").unwrap_err().help.unwrap(),
        "the relation names `i`, `Projects`, `d`"
    );
    for text in [
        "",
        "a.b.c",
        "a b",
        "1",
        "a + b",
        "count(*)",
        "'a'",
        "a; b",
        "*",
        "current_date",
        "a.*",
        ":a",
        "a::int",
    ] {
        let error = relation.column(text).expect_err(text);
        assert!(error.help.is_some(), "{text}");
    }
}

#[test]
fn selects_that_make_no_sense_are_refused() {
    use service_ping::relation::Aggregate::{CountRows, Values};
    let (plain, grouped) = (parse("issues"), parse("issues GROUP BY a"));
    let id = plain.column("id").unwrap();
    let select = |relation: &Relation, aggregates: &[_]| relation.select(Dialect::Postgres, aggregates, None);
    assert!(select(&plain, &[]).is_err());
    assert!(select(&plain, &[CountRows, Values(id.clone())]).is_err());
    assert!(select(&grouped, &[Values(id.clone())]).is_err());
    assert!(plain.step(Dialect::Postgres, &[], None, 10).is_err());
    for operation in [Operation::DistinctCount, Operation::Sum, Operation::Average] {
        assert!(plain.statement(Dialect::Postgres, operation, None).is_err());
    }
    for (from, to, size) in [
        (1, 1, 100),
        (5, 1, 10),
        (1, 101, 101),
        (1, 100, 0),
        (1, 100, 1),
        (1, 2, -3),
    ] {
        assert!(
            plain.histogram(Dialect::Postgres, &id, from, to, size).is_err(),
            "{from} {to} {size}"
        );
    }
    assert!(grouped.histogram(Dialect::Postgres, &id, 1, 100, 100).is_err());
}

#[test]
fn what_is_not_bound_is_not_rendered() {
    let error = parse("users WHERE a = :a")
        .statement(Dialect::Postgres, Operation::Count, None)
        .unwrap_err();
    assert_eq!(error.message, "`:a` is not bound");
}
