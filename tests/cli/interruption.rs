//! Ctrl-C in the middle of a statement.

use sqlx::{Connection, Executor, PgConnection};

use crate::instance::names;
use crate::support::cli::Cli;
use crate::support::postgres::{Database, Postgres};
use crate::support::wait::wait_until;

/// An instance whose one table is locked for as long as the guard lives.
pub fn locked(database: &Database<'_>) -> (Cli, tokio::runtime::Runtime, PgConnection) {
    database.psql("CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 1000)");
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &format!(
            "[database.main]\nurl = \"{}\"\nstatement_timeout = \"10m\"\nlock_timeout = \"10m\"\n",
            database.reader_tcp_url()
        ),
    );
    crate::instance::count(&cli, "counts.users", "optional", "users");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime starts");
    let holder = runtime.block_on(async {
        let mut holder = PgConnection::connect(&database.url()).await.expect("it connects");
        holder
            .execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
            .await
            .expect("the lock is free");
        holder
    });
    (cli, runtime, holder)
}

pub fn ours(database: &Database<'_>, condition: &str) -> bool {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'service-ping' \
         AND datname = current_database() AND {condition}"
    );
    database.psql(&sql) != "0"
}

#[test]
fn ends_130_and_leaves_nothing_behind() {
    let database = Postgres::shared().database();
    let (cli, _runtime, _holder) = locked(&database);
    let cases: [&[&str]; 4] = [
        &["run", "--output", "payload.json"],
        &["generate"],
        &["preview"],
        &["metric", "counts.users"],
    ];
    for arguments in cases {
        for signal in ["INT", "TERM"] {
            let running = cli.start(arguments);
            wait_until("a statement that waits for the lock", || {
                ours(&database, "wait_event_type = 'Lock'")
            });
            running.signal(signal);
            let (code, said) = running.wait();
            assert_eq!(code, Some(130), "{arguments:?}: {said:#?}");
            assert!(
                !said.iter().any(|line| line.starts_with('{')),
                "no half payload: {said:#?}"
            );
            wait_until("the end of our statements", || !ours(&database, "true"));
        }
    }
    assert_eq!(
        cli.read("payload.json"),
        "",
        "a payload that was cut short is not written"
    );
    assert_eq!(cli.run(&["preview", "--last"]).expect_code(0).stdout, "{}");
    assert!(names(cli.folder()).contains(&"service-ping.db".into()));
}

/// The same statement, let go: the test above waits for something real.
#[test]
fn without_one_the_statement_is_answered() {
    let database = Postgres::shared().database();
    let (cli, runtime, holder) = locked(&database);
    let running = cli.start(&["generate"]);
    wait_until("a statement that waits for the lock", || {
        ours(&database, "wait_event_type = 'Lock'")
    });
    runtime.block_on(holder.close()).expect("it closes");
    let (code, said) = running.wait();
    assert_eq!(code, Some(0), "{said:#?}");
    assert!(said.join("\n").contains("\"users\": 1000"), "{said:#?}");
}
