//! An instance whose run is held back, and what the server saw of it.

use serde_json::{Value, json};

use crate::instance::{Instance, Report};
use crate::server::Watched;
use crate::support::cli::{Outcome, Running};
use crate::support::postgres::Database;
use crate::support::wait::wait_until;

/// Part of each statement that counts users.
const COUNTS: &str = "COUNT(";
/// Part of each look at the server.
const LOOKS: &str = "lag_is_hidden";
pub const ROWS: u32 = 100;

pub struct Held<'a> {
    pub watched: Watched<'a>,
    pub instance: Instance,
}

impl<'a> Held<'a> {
    /// A hundred users, counted in four batches on one connection, with `settings` of the database.
    pub fn new(database: &'a Database<'a>, settings: &str) -> Held<'a> {
        database.psql(&format!(
            "CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO users SELECT generate_series(1, {ROWS})"
        ));
        let watched = Watched::new(database);
        let settings = watched.setting() + "statement_timeout = \"10m\"\nconnections = 1\n" + settings;
        let held = Held {
            instance: Instance::new(&database.reader_tcp_url(), &settings),
            watched,
        };
        held.count("counts.users", "users");
        held
    }

    pub fn count(&self, key_path: &str, relation: &str) {
        let options = json!({"operation": "count", "relation": relation, "batch_size": 25});
        self.instance.database_metric(key_path, options);
    }

    pub fn start(&self, more: &[&str]) -> Running {
        let arguments = ["run", "--format", "json"].iter().chain(more);
        self.instance.cli.start(&arguments.copied().collect::<Vec<&str>>())
    }

    /// How many statements that count have begun.
    pub fn counts(&self) -> usize {
        self.lines_with(COUNTS)
    }

    /// Waits until the run has looked at the server five times more.
    pub fn wait_for_looks(&self) {
        let before = self.lines_with(LOOKS);
        wait_until("five more looks at the server", || self.lines_with(LOOKS) >= before + 5);
    }

    /// Plans run nothing.
    fn lines_with(&self, part: &str) -> usize {
        let log = self.watched.log();
        let run = log.iter().filter(|line| !line.contains("EXPLAIN"));
        run.filter(|line| line.contains(part)).count()
    }
}

/// The report of a run to its end, which must be `code`.
pub fn ended(running: Running, code: i32) -> Report {
    let (seen, lines) = running.wait();
    assert_eq!(seen, Some(code), "{lines:#?}");
    // Both streams are in the lines: the report is what stands between its braces.
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let begin = lines.iter().position(|line| *line == "{").expect("a report");
    let end = lines.iter().rposition(|line| *line == "}").expect("a report");
    let is_of_the_report = |line: &&&str| line.starts_with([' ', '{', '}']);
    let (json, rest): (Vec<&&str>, Vec<&&str>) = lines[begin..=end].iter().partition(|line| is_of_the_report(line));
    let said = lines[..begin].iter().chain(rest).chain(&lines[end + 1..]);
    Report::of(Outcome {
        code: seen,
        stdout: json.iter().map(|line| format!("{line}\n")).collect(),
        stderr: said.map(|line| format!("{line}\n")).collect(),
    })
}

/// Panics unless the run waited for this cause, and for no other.
pub fn assert_waited_for(report: &Report, cause: &str) {
    let waited = report.json["waited_for"].as_array().expect("a list");
    let causes: Vec<&Value> = waited.iter().map(|waited| &waited["cause"]).collect();
    assert_eq!(causes, [cause], "{waited:#?}");
    assert_eq!(waited[0]["database"], "main");
    assert!(
        waited[0]["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0),
        "{waited:#?}"
    );
    assert_eq!(report.json["waited"], waited[0]["seconds"]);
}

pub fn assert_did_not_wait(report: &Report) {
    assert_eq!(
        (&report.json["waited_for"], report.json["waited"].as_f64()),
        (&json!([]), Some(0.0)),
        "{}",
        report.stderr
    );
}
