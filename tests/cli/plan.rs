//! The plan of a run, told before it runs: `run --dry-run` and `explain --plan`.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use crate::instance::{NOW, count, definition, json, small};
use crate::support::cli::Cli;
use crate::support::golden::assert_golden;
use crate::support::postgres::{Database, Postgres};

/// Rows of 200 bytes and more: some 30 MiB, so that one statement does not read all of them without asking what it costs.
const ROWS: u32 = 120_000;

fn counted(cli: &Cli, name: &str, time_frame: &str, options: &str) {
    let options = format!("operation: {options}");
    definition(
        cli,
        &format!("counts.{name}"),
        "optional",
        time_frame,
        "DatabaseMetric",
        &options,
    );
}

/// A large table with a selective index and one on its time, a small one, and metrics over both.
fn large() -> (Cli, Database<'static>) {
    let database = Postgres::shared().database();
    for statement in [
        "CREATE TABLE issues (id BIGSERIAL PRIMARY KEY, author_id BIGINT, state_id INT, rare BOOL NOT NULL, \
         created_at TIMESTAMPTZ, title TEXT)",
        &format!(
            "INSERT INTO issues (author_id, state_id, rare, created_at, title) \
             SELECT i * 7919 % 5000, i % 20, i % 5000 = 0, TIMESTAMPTZ '{NOW}' - (({ROWS} - i) || ' hours')::interval, \
             repeat('x', 200) FROM generate_series(1, {ROWS}) i"
        ),
        "CREATE INDEX issues_rare ON issues (id) WHERE rare",
        "CREATE INDEX issues_created ON issues (created_at)",
        "CREATE TABLE labels (id BIGSERIAL PRIMARY KEY, name TEXT)",
        "INSERT INTO labels (name) SELECT 'l' || i FROM generate_series(1, 500) i",
    ] {
        database.psql(statement);
    }
    database.psql("VACUUM ANALYZE");
    let cli = Cli::new();
    configure(&cli, &database.reader_url());
    for state in 1..=4 {
        let options = format!("count\n  relation: issues WHERE state_id = {state}");
        counted(&cli, &format!("state_{state}"), "all", &options);
    }
    counted(
        &cli,
        "authors",
        "all",
        "distinct_count\n  relation: issues\n  column: author_id",
    );
    counted(&cli, "rare", "all", "count\n  relation: issues WHERE rare");
    counted(&cli, "opened", "7d", "count\n  relation: issues WHERE state_id = 3");
    counted(&cli, "written", "7d", "count\n  relation: issues WHERE state_id = 5");
    counted(
        &cli,
        "label_names",
        "all",
        "estimate_batch_distinct_count\n  relation: labels\n  column: name",
    );
    counted(&cli, "labels", "all", "count\n  relation: labels");
    counted(
        &cli,
        "labels_estimated",
        "all",
        "count\n  relation: labels\n  estimate: reltuples",
    );
    counted(&cli, "gone", "all", "count\n  relation: gone");
    (cli, database)
}

fn configure(cli: &Cli, url: &str) {
    cli.write("service-ping.toml", &format!("[database.main]\nurl = {url:?}\n"));
}

fn dry_run(cli: &Cli, arguments: &[&str]) -> Value {
    let all = [&["run", "--dry-run", "--now", NOW, "--format", "json"], arguments].concat();
    json(&cli.run(&all).expect_code(0).stdout)
}

fn scans(plan: &Value) -> Vec<&Value> {
    let databases = plan["databases"].as_array().expect("a list");
    let scans = databases.iter().flat_map(|database| database["scans"].as_array());
    scans.flatten().collect()
}

fn keys(list: &Value) -> BTreeSet<&str> {
    let list = list.as_array().expect("a list");
    list.iter().map(|key| key.as_str().expect("a key path")).collect()
}

/// The only scan that a metric stands in.
fn scan_of<'a>(plan: &'a Value, key: &str) -> &'a Value {
    let all = scans(plan);
    let mut of_key = all.into_iter().filter(|scan| keys(&scan["metrics"]).contains(key));
    let scan = of_key.next().unwrap_or_else(|| panic!("{key} in {plan:#}"));
    assert!(of_key.next().is_none(), "{key} stands in one scan");
    scan
}

fn in_run(cli: &Cli, key: &str) -> Value {
    let arguments = ["explain", key, "--plan", "--now", NOW, "--format", "json"];
    json(&cli.run(&arguments).expect_code(0).stdout)["explained"][0]["in_run"][0].clone()
}

#[test]
fn says_of_each_scan_who_shares_it_and_why() {
    let (cli, _database) = large();
    let plan = dry_run(&cli, &[]);
    let shared = scan_of(&plan, "counts.state_1");
    let members = keys(&shared["metrics"]);
    assert!(
        members.contains("counts.state_4") && members.contains("counts.authors"),
        "{shared:#}"
    );
    assert_eq!(shared["why"]["reason"], "cheaper_together");
    assert!(shared["cost"].as_f64() < shared["cost_apart"].as_f64(), "{shared:#}");
    let rare = scan_of(&plan, "counts.rare");
    assert_eq!(rare["why"]["reason"], "cheaper_alone", "{rare:#}");
    assert_eq!(rare["rows"]["kind"], "whole");
    assert_eq!(rare["otherwise"]["columns"], json(r#"["id"]"#));
    let window = scan_of(&plan, "counts.opened");
    assert_eq!(
        keys(&window["metrics"]),
        BTreeSet::from(["counts.opened", "counts.written"])
    );
    assert_eq!(window["why"]["reason"], "common_condition", "{window:#}");
    let database = &plan["databases"][0];
    assert_eq!(database["statistics"], json(r#"["counts.labels_estimated"]"#));
    assert_eq!(database["failures"][0]["metrics"], json(r#"["counts.gone"]"#));
    assert_eq!(database["failures"][0]["error"]["reason"], "missing_table");
}

/// What a run sends is what was told, but for the ends of ranges.
#[test]
fn a_run_sends_the_statements_of_its_plan() {
    let (cli, database) = large();
    for strategy in ["auto", "shared", "separate"] {
        let plan = dry_run(&cli, &["--plan", strategy]);
        let told: BTreeSet<String> = scans(&plan)
            .into_iter()
            .map(|scan| shape(scan["statement"].as_str()))
            .collect();
        let before = database.logs().len();
        cli.run(&["generate", "--plan", strategy, "--now", NOW]).expect_code(0);
        let logs = database.logs()[before..].to_owned();
        let sent = sent(&logs);
        for statement in &told {
            assert!(
                sent.contains(statement),
                "{strategy}: {statement}\nis none of\n{sent:#?}"
            );
        }
        // What cannot be planned is tried all the same.
        for statement in sent.iter().filter(|sql| !sql.contains("\"gone\"")) {
            assert!(
                told.contains(statement),
                "{strategy}: {statement}\nis none of\n{told:#?}"
            );
        }
    }
}

/// A statement without the numbers of its ranges.
fn shape(statement: Option<&str>) -> String {
    let statement = statement.expect("a statement");
    let ranges = Regex::new(r"(>=|<|<=|>) -?\d+").expect("a pattern");
    ranges.replace_all(statement, "$1 N").into_owned()
}

/// The statements that counted something.
fn sent(logs: &str) -> BTreeSet<String> {
    let counts = Regex::new(r"(?:statement|execute [^:]*): (SELECT (?:COUNT|string_agg|.labels.\..name. FROM).*)$");
    let counts = counts.expect("a pattern");
    let lines = logs.lines().filter_map(|line| counts.captures(line));
    lines
        .map(|found| shape(found.get(1).map(|text| text.as_str())))
        .collect()
}

/// A wrong name is found where no plan was asked for to choose: in a small table, and in a file.
#[test]
fn what_a_scan_cannot_read_is_said_and_the_rest_is_planned() {
    let (cli, _database) = large();
    counted(&cli, "misspelt", "all", "count\n  relation: labels WHERE nam = 'l1'");
    counted(&cli, "named", "all", "count\n  relation: labels WHERE name = 'l1'");
    let plan = dry_run(&cli, &[]);
    let of_scan = scan_of(&plan, "counts.named");
    assert_eq!(
        keys(&of_scan["metrics"]),
        BTreeSet::from(["counts.labels", "counts.named"])
    );
    assert_eq!(of_scan["aggregates"], 2, "{of_scan:#}");
    let failures = plan["databases"][0]["failures"].as_array().expect("a list");
    let failed = |key: &str| failures.iter().find(|failure| keys(&failure["metrics"]).contains(key));
    assert_eq!(
        failed("counts.misspelt").expect("a failure")["error"]["reason"],
        "missing_column"
    );
    assert_eq!(
        failed("counts.gone").expect("a failure")["error"]["reason"],
        "missing_table"
    );
    assert_eq!(in_run(&cli, "counts.named")["scan"]["why"]["reason"], "small_table");
    let file = small();
    count(&file, "counts.misspelt", "optional", "users WHERE amin");
    let plan = dry_run(&file, &[]);
    assert_eq!(
        plan["databases"][0]["failures"][0]["metrics"],
        json(r#"["counts.misspelt"]"#)
    );
    assert_eq!(scan_of(&plan, "counts.admins")["readings"], 2);
}

#[test]
fn nothing_is_counted() {
    let (cli, database) = large();
    let before = database.logs().len();
    dry_run(&cli, &[]);
    assert_eq!(sent(&database.logs()[before..]), BTreeSet::new());
    assert!(!cli.folder().join("service-ping.db").exists(), "nothing was stored");
}

#[test]
fn a_plan_is_as_it_was_asked_for() {
    let (cli, _database) = large();
    let reasons = |strategy: &str| {
        let plan = dry_run(&cli, &["--plan", strategy]);
        let scans = scans(&plan).into_iter();
        scans
            .map(|scan| scan["why"]["reason"].as_str().expect("a reason").to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(reasons("separate"), BTreeSet::from(["separate".to_owned()]));
    assert!(reasons("shared").contains("asked"));
    let separate = dry_run(&cli, &["--plan", "separate"]);
    assert_eq!(separate["statements"], separate["statements_one_by_one"]);
    let shared = dry_run(&cli, &[]);
    assert_eq!(shared["statements_one_by_one"], separate["statements"]);
    assert!(
        shared["statements"].as_u64() < shared["statements_one_by_one"].as_u64(),
        "{shared:#}"
    );
}

#[test]
fn for_a_person() {
    let (cli, _database) = large();
    for (name, arguments) in [
        ("postgres.txt", &["run", "--dry-run"][..]),
        ("explained.txt", &["explain", "counts.state_1", "--plan"]),
        ("explained_rare.txt", &["explain", "counts.rare", "--plan"]),
        (
            "explained_window.txt",
            &["explain", "counts.opened", "--time-frame", "7d", "--plan"],
        ),
        (
            "merge_request.md",
            &["explain", "counts.state_1", "--plan", "--format", "markdown"],
        ),
    ] {
        let shown = cli.run(&[arguments, &["--now", NOW]].concat()).expect_code(0);
        let wide: Vec<&str> = shown.stdout.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(!name.ends_with("txt") || wide.is_empty(), "{wide:#?}");
        let text = format!("{}{}", shown.stdout, shown.stderr);
        // What stands before it has goldens of its own.
        let from = text
            .find("  in a run ")
            .or_else(|| text.find("### In a run"))
            .unwrap_or_default();
        let text = &text[from..];
        assert_golden(&format!("cli/plan/{name}"), &numbers_out(text));
    }
}

#[test]
fn for_a_person_with_a_file() {
    let cli = small();
    count(&cli, "counts.gone", "optional", "gone");
    let shown = cli.run(&["run", "--dry-run", "--now", NOW]).expect_code(0);
    assert_golden("cli/plan/sqlite.txt", &format!("{}{}", shown.stdout, shown.stderr));
}

/// Costs differ from machine to machine, and so do the ends of lines after them.
fn numbers_out(text: &str) -> String {
    let patterns = [
        (r"(  why  +[^\n]*)\n {11,13}(\S)", "$1 $2"),
        (r"(  why  +[^\n]*)\n {11,13}(\S)", "$1 $2"),
        (r"\b\d+(\.\d+)? (ms|s)\b", "<time>"),
        (r"(?m) +\d+ +\d+$", "  <cost> <rows>"),
        (r"\| \d+ \| \d+ \|", "| <cost> | <rows> |"),
        (r"costs? \d+(\.\d+)?(\s+)planner", "cost <units>${2}planner"),
        (r"\d+(\.\d+)?(\s+)(more|apart|together)", "<units>${2}${3}"),
        (r"(cost|apart)(\s+)\d+(\.\d+)?", "${1}${2}<units>"),
    ];
    patterns.iter().fold(text.to_owned(), |text, (pattern, shown)| {
        let pattern = Regex::new(pattern).expect("a pattern");
        pattern.replace_all(&text, *shown).into_owned()
    })
}

#[test]
fn explains_where_a_metric_stands_in_a_run() {
    let (cli, _database) = large();
    let plan = dry_run(&cli, &[]);
    for key in ["counts.state_1", "counts.rare", "counts.opened", "counts.authors"] {
        let mut scan = in_run(&cli, key)["scan"].clone();
        let beside = scan["beside"].take();
        let mut all = keys(&beside);
        assert!(all.insert(key), "{key} is beside itself");
        let of_run = scan_of(&plan, key);
        assert_eq!(all, keys(&of_run["metrics"]), "{key}");
        assert_eq!(scan["statement"], of_run["statement"], "{key}");
        assert_eq!(scan["why"], of_run["why"], "{key}");
    }
    assert_eq!(in_run(&cli, "counts.labels_estimated")["kind"], "statistics");
    let other = ["explain", "counts.opened", "--plan", "--now", NOW, "--format", "json"];
    let frames = json(&cli.run(&other).expect_code(0).stdout);
    assert_eq!(
        frames["explained"][1]["in_run"][0]["kind"], "scan",
        "state_3 asks for the same"
    );
    let unlike = [&other[..], &["--option", "relation=issues WHERE state_id = 17"]].concat();
    let unlike = json(&cli.run(&unlike).expect_code(0).stdout);
    assert_eq!(unlike["explained"][0]["in_run"][0]["kind"], "not_read");
    let all = cli.run(&["explain", "--all", "--only", "counts.state*", "--plan", "--now", NOW]);
    assert_eq!(all.expect_code(0).stdout.matches("in a run   with ").count(), 4);
}

#[test]
fn without_its_database_the_plan_is_what_the_definitions_say() {
    let cli = small();
    let reached = cli.run(&["run", "--dry-run", "--now", NOW]).expect_code(0);
    assert!(reached.stdout.contains("scan of \"users\""), "{}", reached.stdout);
    cli.write("service-ping.toml", "");
    let none = cli.run(&["run", "--dry-run", "--now", NOW]).expect_code(0);
    assert_golden("cli/plan/definitions.txt", &format!("{}{}", none.stdout, none.stderr));
    let secret = "postgres://reader:hush-hush@127.0.0.1:1/gitlab";
    configure(&cli, secret);
    let away = cli.run(&["run", "--dry-run", "--now", NOW]).expect_code(0);
    assert_eq!(away.stdout, none.stdout);
    assert!(
        away.stderr.contains("database main: source_unavailable"),
        "{}",
        away.stderr
    );
    assert!(!away.stderr.contains("hush"), "{}", away.stderr);
    let machine = dry_run(&cli, &[]);
    assert_eq!(machine["databases"][0]["error"]["reason"], "source_unavailable");
    assert_eq!(machine["scans"], 0);
}
