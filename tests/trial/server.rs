//! Tests on a PostgreSQL that holds real rows: they are not seen, and nothing stays.

use sqlx::{Connection, Executor, PgConnection};

use crate::folder;
use crate::support::cli::Cli;
use crate::support::postgres::{Database, Postgres};
use crate::support::wait::wait_until;

/// One test over a live table, and one over a table that the server has not.
fn tested(relation: &str) -> Cli {
    let cli = folder(relation, "all");
    cli.write(
        "metrics/issues.test.yml",
        "metric: counts.issues\ntests:\n  - name: it\n    rows:\n      aardvarks: [{issue_id: 7}]\n      issues: [{id: 7, title: x}, {id: 8, title: x}]\n    value: 1\n",
    );
    cli
}

const JOIN: &str = "issues JOIN aardvarks ON aardvarks.issue_id = issues.id";

fn live() -> Database<'static> {
    let database = Postgres::shared().database();
    database.psql(
        "CREATE TABLE issues (id int PRIMARY KEY, title varchar(4) NOT NULL UNIQUE, author_id int NOT NULL); \
         INSERT INTO issues SELECT n, n::text, 1 FROM generate_series(1, 100) n",
    );
    database
}

fn is_untouched(database: &Database<'_>) {
    let schemas = database.psql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'service%'");
    assert_eq!(schemas.trim(), "0");
    let tables = database.psql(
        "SELECT string_agg(relname, ',') FROM pg_class WHERE relkind = 'r' AND relname IN ('issues', 'aardvarks')",
    );
    assert_eq!(tables.trim(), "issues");
    assert_eq!(database.psql("SELECT count(*), max(id) FROM issues").trim(), "100|100");
}

#[test]
fn stand_beside_live_tables_without_their_rows_and_constraints() {
    let database = live();
    let run = tested(JOIN)
        .run(&["test", "--database", &database.url()])
        .expect_code(0);
    assert_eq!(
        run.stdout,
        "counts.issues\n  ok    sqlite    it\n  ok    postgres  it\n"
    );
    is_untouched(&database);
}

#[test]
fn have_the_types_of_the_live_table() {
    let database = live();
    let cli = folder("issues WHERE title = 'abcd'", "all");
    let test = |title: &str| {
        format!("metric: counts.issues\ntests:\n  - {{name: it, rows: {{issues: [{{title: {title}}}]}}, value: 1}}\n")
    };
    cli.write("metrics/issues.test.yml", &test("abcd"));
    cli.run(&["test", "--database", &database.url()]).expect_code(0);
    cli.write("metrics/issues.test.yml", &test("too long for it"));
    let run = cli.run(&["test", "--database", &database.url()]).expect_code(1);
    assert!(
        run.stdout.contains(r#"the rows of "issues" cannot be made"#),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("too long for it"), "{}", run.stdout);
    is_untouched(&database);
}

#[test]
fn a_wrong_statement_fails_as_it_would_in_a_run() {
    let database = live();
    let cli = folder("issues WHERE title = 1", "all");
    cli.write(
        "metrics/issues.test.yml",
        "metric: counts.issues\ntests: [{name: it, value: 0}]\n",
    );
    let run = cli.run(&["test", "--database", &database.url()]).expect_code(1);
    assert!(run.stdout.contains("ok    sqlite"), "{}", run.stdout);
    assert!(
        run.stdout.contains("FAIL  postgres") && run.stdout.contains("wrong_type"),
        "{}",
        run.stdout
    );
    is_untouched(&database);
}

#[test]
fn nothing_stays_where_the_process_is_killed_in_the_middle() {
    let database = live();
    // The test's own table is made, and then the live one is waited for.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    let holder = runtime.block_on(async {
        let mut holder = PgConnection::connect(&database.url()).await.expect("a connection");
        let lock = "BEGIN; LOCK TABLE issues IN ACCESS EXCLUSIVE MODE";
        holder.execute(lock).await.expect("a lock");
        holder
    });
    let cli = tested(JOIN);
    cli.write(
        "service-ping.toml",
        &format!(
            "[database.main]\nurl = \"{}\"\nlock_timeout = \"60s\"\nstatement_timeout = \"60s\"\n",
            database.url()
        ),
    );
    let run = cli.start(&["test", "--database", "main"]);
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'service-ping' AND wait_event_type = 'Lock'";
    wait_until("the test to wait for the table", || {
        database.psql(waiting).trim() == "1"
    });
    run.signal("KILL");
    drop(run);
    let alive = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'service-ping'";
    wait_until("the server to notice", || database.psql(alive).trim() == "0");
    runtime.block_on(holder.close()).expect("closed");
    wait_until("the lock to be gone", || {
        database
            .psql("SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'issues'")
            .trim()
            == "0"
    });
    is_untouched(&database);
}

#[test]
fn the_reader_of_a_run_may_not_make_a_schema() {
    let database = live();
    let run = tested(JOIN)
        .run(&["test", "--database", &database.reader_tcp_url()])
        .expect_code(1);
    assert!(
        run.stdout.contains("its role needs CREATE on the database"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("staple-hunter"), "{}", run.stdout);
    is_untouched(&database);
}

#[test]
fn an_unknown_database_is_told() {
    let cli = tested(JOIN);
    let run = cli.run(&["test", "--database", "primary"]).expect_code(2);
    assert!(run.stderr.contains("there is no [database.primary]"), "{}", run.stderr);
    let run = cli.run(&["test", "--database", "sqlite://x.db"]).expect_code(2);
    assert!(run.stderr.contains("name a PostgreSQL"), "{}", run.stderr);
}
