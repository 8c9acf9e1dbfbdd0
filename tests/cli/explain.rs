//! `explain`: plans, indexes and predictions, before anything runs.

use regex::Regex;
use serde_json::Value;

use crate::instance::{NOW, count, definition, json, sample, small};
use crate::support::cli::Cli;
use crate::support::golden::assert_golden;
use crate::support::postgres::{Database, Postgres};

/// As many rows as ANALYZE looks at, so that its statistics are the same every time.
const ROWS: u32 = 20_000;

/// Issues of the 20,000 hours before the frozen clock.
fn issues() -> String {
    format!(
        "CREATE TABLE issues (id BIGSERIAL PRIMARY KEY, author_id BIGINT, state_id INT, closed_at TIMESTAMPTZ, \
         confidential BOOL NOT NULL, weight INT, created_at TIMESTAMPTZ); \
         INSERT INTO issues (author_id, state_id, closed_at, confidential, weight, created_at) \
         SELECT i * 7919 % 5000, i % 20, CASE WHEN i % 100 = 0 THEN TIMESTAMPTZ '{NOW}' END, i % 50 = 0, i % 9, \
         TIMESTAMPTZ '{NOW}' - (({ROWS} - i) || ' hours')::interval FROM generate_series(1, {ROWS}) i; \
         CREATE TABLE labels (name TEXT, issue_id BIGINT); \
         INSERT INTO labels SELECT 'l' || i % 7, i FROM generate_series(1, 500) i"
    )
}

fn measured(cli: &Cli, name: &str, time_frame: &str, options: &str) {
    definition(
        cli,
        &format!("counts.{name}"),
        "optional",
        time_frame,
        "DatabaseMetric",
        options,
    );
}

fn on_postgres() -> (Cli, Database<'static>) {
    let database = Postgres::shared().database();
    for statement in issues().split("; ") {
        database.psql(statement);
    }
    database.psql("VACUUM ANALYZE");
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &format!("[database.main]\nurl = {:?}\n", database.reader_url()),
    );
    definitions(&cli);
    (cli, database)
}

fn definitions(cli: &Cli) {
    measured(cli, "issues", "all", "operation: count\n  relation: issues");
    measured(
        cli,
        "opened",
        "28d",
        "operation: count\n  relation: issues WHERE state_id = 3",
    );
    measured(
        cli,
        "closed",
        "all",
        "operation: count\n  relation: issues WHERE closed_at IS NOT NULL",
    );
    measured(
        cli,
        "authors",
        "all",
        "operation: distinct_count\n  relation: issues\n  column: author_id",
    );
    measured(
        cli,
        "secret_authors",
        "7d",
        "operation: distinct_count\n  relation: issues WHERE confidential\n  column: author_id",
    );
    measured(cli, "labels", "all", "operation: count\n  relation: labels");
}

fn explained(cli: &Cli, arguments: &[&str]) -> Value {
    let all = [&["explain", "--now", NOW, "--format", "json"], arguments].concat();
    json(&cli.run(&all).expect_code(0).stdout)["explained"].clone()
}

fn part(explained: &Value) -> &Value {
    &explained[0]["parts"][0]
}

#[test]
fn an_index_that_is_advised_is_used_once_it_is_there() {
    let (cli, database) = on_postgres();
    for (key, expected) in [
        (
            "counts.opened",
            "CREATE INDEX CONCURRENTLY index_issues_on_state_id_and_created_at_and_id ON issues \
             (state_id, created_at, id)",
        ),
        (
            "counts.authors",
            "CREATE INDEX CONCURRENTLY index_issues_on_author_id ON issues (author_id)",
        ),
        ("counts.closed", " ON issues (id) WHERE \"closed_at\" IS NOT NULL"),
        (
            "counts.secret_authors",
            " ON issues (created_at, author_id) WHERE \"confidential\"",
        ),
    ] {
        let before = explained(&cli, &[key]);
        let create = &part(&before)["index"]["create"];
        let up = create["up"].as_str().unwrap_or_else(|| panic!("{key}: {before:#}"));
        assert!(up.ends_with(expected), "{up}");
        let name = create["name"].as_str().expect("a name");
        database.psql(up);
        database.psql("VACUUM ANALYZE issues");
        let after = explained(&cli, &[key]);
        let after = part(&after);
        assert_eq!(after["index"]["covered_by"], name, "{after:#}");
        // All values are read either way: in the order of the table, or of the index.
        if key != "counts.authors" {
            assert_eq!(after["uses"], json(&format!("[{name:?}]")), "{after:#}");
        }
        database.psql(create["down"].as_str().expect("a way back"));
    }
}

#[test]
fn on_sqlite_an_index_that_is_advised_is_used_once_it_is_there() {
    let cli = Cli::new();
    let file = cli.folder().join("x.db");
    crate::instance::database(
        &file,
        "CREATE TABLE issues (id INTEGER PRIMARY KEY, author_id INT, state_id INT, created_at TEXT); \
         WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000) \
         INSERT INTO issues SELECT i, i * 7919 % 5000, i % 20, datetime('2026-11-19', -i || ' hours') FROM c",
    );
    cli.write("service-ping.toml", "[database.main]\nurl = \"sqlite://x.db\"\n");
    measured(
        &cli,
        "opened",
        "28d",
        "operation: count\n  relation: issues WHERE state_id = 3",
    );
    let before = explained(&cli, &["counts.opened"]);
    let up = part(&before)["index"]["create"]["up"]
        .as_str()
        .unwrap_or_else(|| panic!("{before:#}"));
    assert_eq!(
        up,
        "CREATE INDEX index_issues_on_state_id_and_created_at_and_id ON issues (state_id, created_at, id)"
    );
    crate::instance::database(
        &file,
        "CREATE INDEX index_issues_on_state_id_and_created_at_and_id ON issues (state_id, created_at, id)",
    );
    let after = explained(&cli, &["counts.opened"]);
    let name = "index_issues_on_state_id_and_created_at_and_id";
    assert_eq!(part(&after)["index"]["covered_by"], name, "{after:#}");
    assert_eq!(part(&after)["uses"], json(&format!("[{name:?}]")), "{after:#}");
    cli.run(&["explain", "counts.opened", "--analyze"]).expect_code(0);
}

#[test]
fn nothing_is_counted_unless_it_is_asked_for() {
    let (cli, database) = on_postgres();
    cli.run(&["explain", "--all", "--now", NOW]).expect_code(0);
    let counted = |logs: &str| {
        let statements = logs.lines().filter(|line| line.contains("service_ping@"));
        let counts = statements.filter(|line| line.contains("COUNT(") && !line.contains("EXPLAIN (FORMAT JSON)"));
        counts.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(
        database.logs().contains("EXPLAIN (FORMAT JSON) SELECT COUNT("),
        "{}",
        database.logs()
    );
    assert_eq!(counted(&database.logs()), Vec::<String>::new());
    let analyzed = explained(&cli, &["counts.issues", "--analyze"]);
    assert!(part(&analyzed)["analysis"]["elapsed"].is_f64(), "{analyzed:#}");
    let counted = counted(&database.logs());
    assert_eq!(counted.len(), 1, "{counted:#?}");
    assert!(counted[0].contains("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) SELECT COUNT("));
}

/// The statement of a line of the server's log.
fn sent(line: &str) -> Option<&str> {
    let (_, sql) = line
        .split_once("LOG:  statement: ")
        .or_else(|| line.split_once("LOG:  execute ")?.1.split_once(": "))?;
    Some(sql)
}

/// The metric itself, run afterwards, sends the statements that were told.
#[test]
fn the_batches_are_those_that_the_metric_runs_by_itself() {
    let (cli, database) = on_postgres();
    database.psql("CREATE TABLE keyed (code TEXT PRIMARY KEY, author_id BIGINT)");
    database.psql("INSERT INTO keyed SELECT 'k' || i, i FROM generate_series(1, 2500) i");
    database.psql("ANALYZE");
    let small = "operation: count\n  relation: issues WHERE weight > 3\n  batch_size: 1997";
    measured(&cli, "small", "all", small);
    let estimate =
        "operation: estimate_batch_distinct_count\n  relation: issues\n  column: author_id\n  batch_size: 5000";
    measured(&cli, "estimate", "28d", estimate);
    measured(
        &cli,
        "keyed",
        "all",
        "operation: count\n  relation: keyed\n  batch_size: 1000",
    );
    database.psql("CREATE TABLE parts (id BIGINT PRIMARY KEY, author_id BIGINT) PARTITION BY RANGE (id)");
    database.psql("CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000)");
    database.psql("CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (9000)");
    database.psql("INSERT INTO parts SELECT i, i FROM generate_series(1, 2600) i");
    database.psql("ANALYZE");
    let parts = "operation: count\n  relation: parts WHERE author_id > 7\n  batch_size: 999";
    measured(&cli, "parts", "all", parts);
    for (key, batches) in [
        ("parts", 3),
        ("small", 11),
        ("estimate", 1),
        ("keyed", 3),
        ("issues", 1),
        ("opened", 1),
        ("authors", 1),
        ("labels", 1),
    ] {
        let key = format!("counts.{key}");
        let told = explained(&cli, &[&key]);
        let told = part(&told);
        let before = database.logs().len();
        let run = ["run", "--plan", "separate", "--only", &key, "--now", NOW];
        cli.run(&run).expect_code(0);
        let log = database.logs().split_off(before);
        let sent: Vec<&str> = log.lines().filter_map(sent).collect();
        for sql in [&told["slowest"]["sql"], &told["ends"]["sql"]] {
            let known = sql.as_str().is_none_or(|sql| sent.contains(&sql));
            assert!(known, "{key}: {sql} is not among {sent:#?}");
        }
        let counts = sent
            .iter()
            .filter(|sql| sql.starts_with("SELECT COUNT(") || sql.contains("string_agg("))
            .count();
        assert_eq!(
            (told["batches"].as_u64(), counts),
            (Some(batches), batches as usize),
            "{key}: {sent:#?}"
        );
    }
}

/// Nothing is counted where the statistics answer, and the statement that asks them is the one that is told.
#[test]
fn an_estimate_is_explained_by_what_it_asks() {
    let (cli, database) = on_postgres();
    database.psql("DELETE FROM issues WHERE id <= 100");
    let estimate = "operation: count\n  relation: issues\n  estimate: reltuples";
    measured(&cli, "estimate", "all", estimate);
    let told = explained(&cli, &["counts.estimate"]);
    let told = part(&told);
    let run = cli
        .run(&["metric", "counts.estimate", "--now", NOW, "--format", "json"])
        .expect_code(0);
    let run = json(&run.stdout);
    assert_eq!(run["value"], ROWS);
    let sent = run["sent"].as_array().expect("a list");
    assert!(sent.iter().any(|one| one["sql"] == told["slowest"]["sql"]), "{sent:#?}");
    assert_eq!((&told["batches"], &told["ends"]), (&Value::from(1), &Value::Null));
    let dump = cli
        .run(&["dump", "sql", "--only", "counts.estimate", "--format", "json"])
        .expect_code(0);
    let dumped = json(&dump.stdout)["counts"]["estimate"].clone();
    assert_eq!(dumped, told["slowest"]["sql"]);
    assert_eq!(
        database.psql(dumped.as_str().expect("a statement")).trim(),
        ROWS.to_string()
    );
}

#[test]
fn a_windowed_metric_is_shown_with_and_without_its_window() {
    let (cli, _database) = on_postgres();
    let frames = |arguments: &[&str]| {
        let explained = explained(&cli, arguments);
        let frames = explained.as_array().expect("a list").iter();
        frames
            .map(|one| one["time_frame"].as_str().expect("a frame").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(frames(&["counts.opened"]), ["28d", "all"]);
    assert_eq!(frames(&["counts.opened", "--time-frame", "7d"]), ["7d"]);
    assert_eq!(frames(&["counts.issues"]), ["all"]);
    assert_eq!(frames(&["--all", "--only", "counts.*authors"]), ["all", "7d"]);
}

#[test]
fn for_a_person_and_for_a_merge_request() {
    let (cli, _database) = on_postgres();
    for (name, arguments) in [
        ("human.txt", &["counts.opened", "--analyze"][..]),
        ("several.txt", &["--all", "--only", "counts.[ail]*"]),
        (
            "merge_request.md",
            &["counts.opened", "--format", "markdown", "--analyze"],
        ),
        ("opened.json", &["counts.opened", "--format", "json"]),
    ] {
        let shown = cli
            .run(&[&["explain", "--now", NOW], arguments].concat())
            .expect_code(0);
        assert_eq!(shown.stderr, "");
        let wide: Vec<&str> = shown.stdout.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(!name.ends_with("txt") || wide.is_empty(), "{wide:#?}");
        assert_golden(&format!("cli/explain/{name}"), &numbers_out(&shown.stdout));
    }
}

/// Costs, times and pages differ from machine to machine; statements and names do not.
fn numbers_out(text: &str) -> String {
    let patterns = [
        (r"\b\d+(\.\d+)? (ms|s)\b", "<time>"),
        (r"(?m) +\d+ +\d+$", "  <cost> <rows>"),
        (r"\| \d+ \| \d+ \|", "| <cost> | <rows> |"),
        (r"\d+ pages in memory and \d+ read", "<pages>"),
        (r#""(cold|warm|cost|rows)": [0-9.e-]+"#, "\"$1\": 0"),
    ];
    patterns.iter().fold(text.to_owned(), |text, (pattern, shown)| {
        Regex::new(pattern)
            .expect("a pattern")
            .replace_all(&text, *shown)
            .into_owned()
    })
}

#[test]
fn what_no_database_answers_is_one_line() {
    let cli = sample();
    let explain = |name: &str| cli.run(&["explain", name, "--now", NOW]).expect_code(0).stdout;
    assert_eq!(
        explain("uuid").lines().take(2).collect::<Vec<_>>(),
        ["uuid  no time frame", "  known to the run itself; nothing is asked"]
    );
    let event = explain("RedisMetric");
    assert!(event.contains("cannot be explained: invalid_options: "), "{event}");
    let keys = explain("counts.wiki_pages_view");
    assert!(
        keys.contains("  GET USAGE_WIKI_PAGES_VIEW\n  1 key of the event store\n"),
        "{keys}"
    );
    let parts = explain("counts_monthly.aggregated_metrics.users_planning");
    assert!(
        parts.contains("string_agg") || parts.contains("group_concat"),
        "{parts}"
    );
}

#[test]
fn what_cannot_be_planned_says_why() {
    let cli = small();
    count(&cli, "counts.gone", "optional", "no_such_table");
    let gone = cli.run(&["explain", "counts.gone"]).expect_code(0).stdout;
    assert!(
        gone.contains("  SELECT COUNT(\"no_such_table\".\"id\") FROM \"no_such_table\"\n"),
        "{gone}"
    );
    assert!(gone.contains("  cannot be explained: missing_table: "), "{gone}");
    assert!(
        gone.ends_with("\nnext: correct what cannot be explained, then explain again\n"),
        "{gone}"
    );
    let unknown = cli.run(&["explain", "counts.user"]).expect_code(2).stderr;
    assert!(unknown.contains("did you mean \"counts.users\""), "{unknown}");
    let none = cli.run(&["explain"]).expect_code(2).stderr;
    assert!(none.contains("<KEY_OR_CLASS>"), "{none}");
    cli.run(&["explain", "uuid", "--all"]).expect_code(2);
}
