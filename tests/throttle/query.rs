//! `throttle_query`: the operator's own word on when to wait.

use serde_json::json;

use crate::held::{Held, ROWS, assert_did_not_wait, assert_waited_for, ended};
use crate::server::Holder;
use crate::support::postgres::{Database, Postgres};
use crate::support::wait::wait_until;

fn held<'a>(database: &'a Database<'a>, busy: &str) -> Held<'a> {
    database.psql(&format!("CREATE TABLE load AS SELECT {busy} AS busy"));
    Held::new(database, "throttle_query = \"SELECT busy FROM load;\"\n")
}

#[test]
fn nothing_is_counted_while_it_says_wait() {
    let database = Postgres::shared().database();
    let held = held(&database, "true");
    let mut running = held.start(&[]);
    running.line_with("waiting: throttle_query");
    held.wait_for_looks();
    assert_eq!(held.counts(), 0);
    database.psql("UPDATE load SET busy = false");
    running.line_with("going on after");
    let report = ended(running, 0);
    report.assert_value("counts.users", &json!(ROWS));
    assert_waited_for(&report, "throttle_query");
    let told = report.stderr.matches("waiting: ").count();
    assert_eq!(told, 1, "when it began: {}", report.stderr);
}

/// The first batch waits behind a lock, so that the query says wait in the middle of it.
#[test]
fn no_batch_begins_after_it_says_wait() {
    let database = Postgres::shared().database();
    let held = held(&database, "0");
    database.psql(
        "CREATE TABLE door AS SELECT 1 AS id; \
         CREATE FUNCTION is_open() RETURNS boolean LANGUAGE sql STABLE AS 'SELECT count(*) = 1 FROM public.door'",
    );
    held.count("counts.users", "users WHERE is_open()");
    held.instance.configure(
        &database.reader_tcp_url(),
        &(held.watched.setting()
            + "statement_timeout = \"10m\"\nlock_timeout = \"10m\"\nconnections = 1\n\
               throttle_query = \"SELECT busy FROM load\"\n"),
    );
    let lock = Holder::begin(&database, "LOCK TABLE door IN ACCESS EXCLUSIVE MODE");
    let mut running = held.start(&[]);
    wait_until("a batch that outlasted the last look at the server", || {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND wait_event_type = 'Lock' \
             AND query LIKE '%COUNT(%' AND clock_timestamp() > query_start + interval '300 ms'",
            held.watched.application_name
        );
        database.psql(&sql) == "1"
    });
    database.psql("UPDATE load SET busy = 1");
    let begun = held.counts();
    drop(lock);
    running.line_with("waiting: throttle_query");
    held.wait_for_looks();
    assert_eq!(held.counts(), begun, "only the batch that ran has ended");
    database.psql("DELETE FROM load");
    let report = ended(running, 0);
    assert!(held.counts() > begun, "there was more to count");
    report.assert_value("counts.users", &json!(ROWS));
    assert_waited_for(&report, "throttle_query");
}

#[test]
fn looks_are_logged_and_not_counted() {
    let database = Postgres::shared().database();
    let held = held(&database, "NULL::boolean");
    let with = ended(held.start(&[]), 0);
    assert!(held.watched.log().iter().any(|line| line.contains("lag_is_hidden")));
    held.instance.configure(&database.reader_tcp_url(), "connections = 1");
    let without = ended(held.start(&[]), 0);
    assert_eq!(with.json["statements"], without.json["statements"]);
    assert_did_not_wait(&with);
}

#[test]
fn sigterm_ends_the_wait_at_once() {
    let database = Postgres::shared().database();
    let held = held(&database, "true");
    let mut running = held.start(&["--budget", "10m"]);
    running.line_with("waiting: throttle_query");
    running.signal("TERM");
    let report = ended(running, 130);
    assert_eq!(report.json["interrupted"], true);
    held.watched.assert_nothing_is_left();
    assert_eq!(held.counts(), 0);
}

#[test]
fn one_that_fails_is_told_once_and_holds_nothing_up() {
    let database = Postgres::shared().database();
    let cases = [
        ("SELECT busy FROM nowhere", "relation \\\"nowhere\\\" does not exist"),
        (
            "SELECT 'surely secret'",
            "its first value is neither true, false nor a number",
        ),
        ("SELECT 1; DELETE FROM users", "syntax error"),
    ];
    let held = Held::new(&database, "");
    for (query, message) in cases {
        let settings = format!("{}throttle_query = \"{query}\"\n", held.watched.setting());
        held.instance.configure(&database.reader_tcp_url(), &settings);
        let report = ended(held.start(&[]), 0);
        report.assert_value("counts.users", &json!(ROWS));
        let said = "The throttle cannot ask for throttle_query: ";
        assert_eq!(report.stderr.matches(said).count(), 1, "{}", report.stderr);
        let message = message.replace("\\\"", "\"");
        assert!(report.stderr.contains(&message), "{message} in {}", report.stderr);
        report.assert_silent_about("surely secret");
        assert_did_not_wait(&report);
        let doctor = held.instance.cli.run(&["doctor"]).expect_code(1);
        let line = doctor.stdout.lines().find(|line| line.contains("throttle main"));
        assert!(
            line.is_some_and(|line| line.starts_with("FAIL") && line.contains(&message)),
            "{}",
            doctor.stdout
        );
    }
}

#[test]
fn doctor_says_what_a_run_would_do() {
    let database = Postgres::shared().database();
    let held = held(&database, "true");
    let says = |expected: &str| {
        let doctor = held.instance.cli.run(&["doctor"]).expect_code(0);
        assert!(doctor.stdout.contains(expected), "{}", doctor.stdout);
    };
    says("throttle main  a run would wait now: throttle_query");
    database.psql("UPDATE load SET busy = false");
    says("throttle main  a run would not wait now");
}

#[test]
fn sqlite_is_asked_too() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("app.db");
    let execute = |sql: &'static str| {
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime starts").block_on(async {
            use sqlx::Connection;
            let mut connection = sqlx::SqliteConnection::connect_with(&options)
                .await
                .expect("a database");
            sqlx::raw_sql(sql)
                .execute(&mut connection)
                .await
                .expect("the statement runs");
            connection.close().await.expect("it closes");
        });
    };
    execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (1), (2); CREATE TABLE load AS SELECT 2 AS busy",
    );
    let instance = crate::instance::Instance::new(
        &format!("sqlite://{}", file.display()),
        "throttle_query = \"SELECT busy FROM load\"\n",
    );
    instance.count("counts.users", "users");
    let mut running = instance.cli.start(&["run", "--format", "json"]);
    running.line_with("waiting: throttle_query");
    execute("UPDATE load SET busy = 0");
    let report = ended(running, 0);
    report.assert_value("counts.users", &json!(2));
    assert_waited_for(&report, "throttle_query");
}
