//! Values against statements, on both databases, in large and in small batches.

use crate::computed::{Computed, compute, shipped, with_batch_size};
use crate::instance;
use crate::oracle::{self, Rows};
use crate::support::postgres::Database;

/// So small that every larger table takes dozens of ranges, and no multiple of anything.
const SMALL_BATCH: u64 = 97;
/// How many database metrics are shipped at the least.
const MANY: usize = 250;

#[test]
fn on_sqlite_each_value_is_its_statements() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = instance::sqlite(folder.path());
    let computed = compute(&format!("sqlite://{}", path.display()), &shipped());
    assert_exact(&computed, &|sql| oracle::sqlite(&path, sql));
    let small = compute(
        &format!("sqlite://{}", path.display()),
        &in_small_batches(folder.path()),
    );
    assert_exact(&small, &|sql| oracle::sqlite(&path, sql));
    assert_same(&computed, &small);
}

#[test]
fn on_postgresql_each_value_is_its_statements_and_sqlites() {
    let Some(database) = instance::postgres() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let computed = compute(&database.reader_url(), &shipped());
    for time_zone in ["UTC", "America/St_Johns", "Pacific/Kiritimati"] {
        let answers = all_answers(&database, time_zone, &computed);
        assert_exact(&computed, &|sql| answers[sql].clone());
    }
    let small = compute(&database.reader_url(), &in_small_batches(folder.path()));
    assert!(small.fallbacks().is_empty(), "{:#?}", small.fallbacks());
    assert_same(&computed, &small);

    let sqlite = instance::sqlite(folder.path());
    let on_sqlite = compute(&format!("sqlite://{}", sqlite.display()), &shipped());
    assert_same(&computed, &on_sqlite);
}

/// A database whose own time zone is not UTC gives the same payload.
#[test]
fn the_time_zone_of_the_database_changes_nothing() {
    let Some(database) = instance::postgres() else { return };
    let before = compute(&database.reader_url(), &shipped());
    database.psql(&format!(
        "ALTER DATABASE {} SET timezone = 'Asia/Kathmandu'",
        database.name()
    ));
    assert_eq!(database.psql("SHOW timezone"), "Asia/Kathmandu");
    let after = compute(&database.reader_url(), &shipped());
    assert!(after.fallbacks().is_empty(), "{:#?}", after.fallbacks());
    assert_same(&before, &after);
}

/// Whoever runs a dump sends each text as it stands: it is one statement that reads.
#[test]
fn each_statement_is_one_query_in_both_dialects() {
    use sqlparser::ast::Statement;
    use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
    use sqlparser::parser::Parser;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let sqlite = instance::sqlite(folder.path());
    let on_postgres: (Box<dyn Dialect>, _) = (Box::new(PostgreSqlDialect {}), "postgres://nobody@127.0.0.1:1/none");
    let on_sqlite: (Box<dyn Dialect>, _) = (Box::new(SQLiteDialect {}), &*format!("sqlite://{}", sqlite.display()));
    for (dialect, url) in [on_postgres, on_sqlite] {
        let statements = crate::computed::dumped(url, &shipped());
        assert!(statements.len() >= MANY, "only {}", statements.len());
        assert_eq!(statements, crate::computed::dumped(url, &shipped()));
        for (key, sql) in statements {
            // SQLite knows the word (3.35), this reader of its dialect does not.
            let sql = sql.replace(" AS MATERIALIZED (", " AS (");
            let parsed =
                Parser::parse_sql(dialect.as_ref(), &sql).unwrap_or_else(|error| panic!("{key}: {error}\n{sql}"));
            assert!(matches!(parsed.as_slice(), [Statement::Query(_)]), "{key}: {sql}");
        }
    }
}

fn in_small_batches(folder: &std::path::Path) -> std::path::PathBuf {
    let definitions = folder.join("small");
    let changed = with_batch_size(&definitions, SMALL_BATCH);
    assert!(changed > 70, "only {changed} classes are batched");
    definitions
}

fn assert_exact(computed: &Computed, answer: &dyn Fn(&str) -> Rows) {
    assert!(computed.fallbacks().is_empty(), "{:#?}", computed.fallbacks());
    assert!(computed.statements.len() >= MANY, "only {}", computed.statements.len());
    let wrong: Vec<String> = computed
        .statements
        .iter()
        .filter_map(|(key, sql)| {
            let rows = or_nothing_summed(sql, answer(sql));
            let wrong = oracle::mismatch(&computed.values[key], &rows, computed.error_bound(key))?;
            Some(format!("{key}: {wrong}\n  {sql}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let estimates = computed.statements.keys().filter(|key| computed.error_bound(key) > 0.0);
    assert!(estimates.count() > 0, "no estimate is shipped");
}

fn assert_same(one: &Computed, other: &Computed) {
    assert_eq!(one.values.len(), other.values.len());
    let differ: Vec<String> = one
        .values
        .iter()
        .filter(|(key, value)| other.values[*key] != **value)
        .map(|(key, value)| format!("{key}: {value} and {}", other.values[key]))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// SQL's sum of nothing is NULL, ours is 0.
fn or_nothing_summed(sql: &str, mut rows: Rows) -> Rows {
    if sql.starts_with("SELECT SUM(") && rows.iter().all(|row| row.concat().is_empty()) {
        rows = vec![vec!["0".to_owned()]];
    }
    rows
}

/// The answer to each statement, from a few sessions in a time zone; between them stand lines that are no answer.
fn all_answers(
    database: &Database<'_>,
    time_zone: &str,
    computed: &Computed,
) -> std::collections::HashMap<String, Rows> {
    const MARK: &str = "@@next@@";
    let statements: Vec<&String> = computed.statements.values().collect();
    let mut answers = std::collections::HashMap::new();
    for chunk in statements.chunks(100) {
        let mut script = format!("SET TIME ZONE '{time_zone}'; SET default_transaction_read_only = on;");
        for sql in chunk {
            script += &format!("SELECT '{MARK}'; {sql};");
        }
        let printed = database.psql(&script) + "\n";
        let parts: Vec<&str> = printed.split(&format!("{MARK}\n")).skip(1).collect();
        assert_eq!(parts.len(), chunk.len());
        let rows = parts.iter().map(|part| oracle::split(part));
        answers.extend(chunk.iter().map(|sql| (*sql).clone()).zip(rows));
    }
    answers
}
