//! What the prompt does beside answering: it completes, remembers, goes on, and cancels.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::pty::{PROMPT, Prompt};
use crate::support::cli::Cli;
use crate::support::postgres::{Database, Postgres};
use crate::support::wait::wait_until;

/// Three users and two projects, and no time that a statement may not take.
fn instance<'a>() -> (Cli, Database<'a>) {
    let database = Postgres::shared().database();
    database.psql(
        "CREATE TABLE users (id bigint PRIMARY KEY, name text); INSERT INTO users SELECT generate_series(1, 3); \
         CREATE TABLE projects (id bigint PRIMARY KEY, creator_id bigint); INSERT INTO projects VALUES (1, 1), (2, 1)",
    );
    let cli = Cli::new();
    let url = database.reader_url();
    cli.write(
        "service-ping.toml",
        &format!("[database.main]\nurl = \"{url}\"\nstatement_timeout = \"10m\"\n"),
    );
    cli.write(
        "metrics/users.yml",
        "key_path: counts.users\ndescription: Users.\nvalue_type: number\nstatus: active\ntime_frame: all\n\
         data_source: database\ninstrumentation_class: DatabaseMetric\noptions:\n  operation: count\n  relation: users\n",
    );
    (cli, database)
}

fn ours(database: &Database<'_>) -> bool {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'service-ping' \
               AND datname = current_database() AND state = 'active'";
    database.psql(sql) != "0"
}

#[test]
fn ctrl_c_cancels_on_the_server_and_comes_back() {
    let (cli, database) = instance();
    let mut prompt = Prompt::open(&cli, &[]);
    prompt.0.send("count(users WHERE pg_sleep(300) IS NULL)\r");
    wait_until("a statement that sleeps", || {
        database
            .psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
            != "0"
    });
    prompt.0.send("\x03");
    prompt.0.expect("cancelled");
    prompt.0.expect(PROMPT);
    wait_until("the end of our statements", || !ours(&database));
    assert_eq!(prompt.value("count(users)"), json!(3));
    // At the prompt it clears the line.
    prompt.0.send("count(no_such");
    prompt.0.expect("no_such");
    prompt.0.send("\x03");
    prompt.0.expect(PROMPT);
    assert_eq!(prompt.value("count(projects)"), json!(2));
    prompt.quit();
}

#[test]
fn tab_completes_from_the_live_schema() {
    let (cli, _database) = instance();
    let mut prompt = Prompt::open(&cli, &[]);
    prompt.0.send("distinct_count(proj");
    prompt.0.expect("(proj");
    // A bell says that the schema is not known yet.
    loop {
        prompt.0.send("\t");
        if prompt.0.expect_any(&["\x07", "ects"]).0 == 1 {
            break;
        }
    }
    prompt.0.send(", crea\t");
    prompt.0.expect("tor_id");
    prompt.0.send(")\r");
    assert_eq!(prompt.answer(), json!(1));
    prompt.0.send("counts.us\t");
    prompt.0.expect("counts.users");
    prompt.0.send("\r");
    assert_eq!(prompt.answer(), json!(3));
    prompt.0.send("unique_e\t");
    prompt.0.expect("unique_events ");
    prompt.0.send("\x03");
    prompt.0.expect(PROMPT);
    prompt.quit();
}

#[test]
fn what_was_typed_is_remembered_without_secrets() {
    let (cli, _database) = instance();
    let file = cli.folder().join(".local/state/service-ping/console_history");
    let mut prompt = Prompt::open(&cli, &[]);
    assert_eq!(prompt.value("count(users)"), json!(3));
    prompt.0.send("track x postgres://ada:hunter2@db/x\r");
    prompt.0.expect("there is no event");
    prompt.0.expect(PROMPT);
    prompt.quit();
    let kept = std::fs::read_to_string(&file).expect("a history");
    assert!(kept.contains("count(users)"), "{kept}");
    assert!(!kept.contains("hunter2"), "{kept}");
    let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut again = Prompt::open(&cli, &[]);
    again.0.send("\x1b[A\r");
    assert_eq!(again.answer(), json!(3));
    again.quit();
}

#[test]
fn a_line_goes_on_while_a_bracket_is_open_and_names_stay_bound() {
    let (cli, _database) = instance();
    let mut prompt = Prompt::open(&cli, &[]);
    prompt.0.send("people = count(\r");
    prompt.0.send("users)\r");
    assert_eq!(prompt.answer(), json!(3));
    assert_eq!(prompt.value("add(people, count(projects), counts.users, 4)"), json!(12));
    prompt.0.send("count(users; DROP TABLE users)\r");
    prompt.0.expect("`;` does not belong here");
    prompt.0.expect(PROMPT);
    assert_eq!(prompt.value("people"), json!(3));
    prompt.0.send("quit\r");
    prompt.0.expect("quit");
}

#[test]
fn a_server_that_is_away_keeps_nobody_from_typing() {
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        "[database.main]\nurl = \"postgres://ada:hunter2@127.0.0.1:1/product\"\n",
    );
    cli.write("metrics/.keep", "");
    let mut prompt = Prompt::open(&cli, &[]);
    prompt.0.send("count(users)\r");
    let shown = prompt.0.expect("doctor");
    assert!(shown.contains("source_unavailable"), "{shown}");
    assert!(
        shown.contains("[database.main] url = \"postgres://ada@127.0.0.1:1/product\""),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    prompt.0.expect(PROMPT);
    prompt.quit();
}
