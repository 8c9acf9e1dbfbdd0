//! The log of a run: of which run it is, of which metric, and never a secret.

use serde_json::Value;

use crate::instance::{CANARY, NOW, large, run, small};
use crate::support::cli::Outcome;
use crate::support::otlp_collector::{Answer, Collector};
use crate::support::postgres::Postgres;
use crate::support::wire::nobody;

fn lines(outcome: &Outcome) -> Vec<Value> {
    let lines = outcome.stderr.lines();
    let lines = lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.collect()
}

fn said(line: &Value) -> &str {
    line["fields"]["message"].as_str().unwrap_or_default()
}

fn run_id(outcome: &Outcome) -> String {
    let report: Value = serde_json::from_str(&outcome.stdout).expect("the report");
    report["run_id"].as_str().expect("a run id").to_owned()
}

/// Whether a line stands in a span with this field.
fn is_in(line: &Value, field: &str, value: &str) -> bool {
    let spans = line["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
    spans.iter().any(|span| span[field] == value)
}

#[test]
fn every_line_is_json_with_the_run_and_the_metric_that_it_is_of() {
    // Nobody takes the payload or the trace, so that there is something to warn of.
    let cli = small(&format!(
        "[versions]\nurl = \"{0}\"\nattempts = 1\n[telemetry]\notlp = \"{0}\"\n",
        nobody()
    ));
    let outcome = run(&cli, &["--format", "json", "--log-format", "json"]).expect_code(4);
    let run_id = run_id(&outcome);
    let lines = lines(&outcome);
    for line in &lines {
        assert!(is_in(line, "run_id", &run_id), "{line}");
    }
    assert!(
        lines.iter().any(|line| said(line).starts_with("measured ")),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| said(line).contains("does not have the run's trace")),
        "{lines:#?}"
    );
    let fell_back: Vec<&Value> = lines
        .iter()
        .filter(|line| said(line) == "A metric fell back.")
        .collect();
    assert_eq!(fell_back.len(), 1, "{lines:#?}");
    let fields = &fell_back[0]["fields"];
    assert_eq!(
        (fields["key_path"].as_str(), fields["reason"].as_str()),
        (Some("counts.nothing"), Some("missing_table"))
    );

    let cli = cli.env("SERVICE_PING_LOG", "service_ping=debug");
    let outcome = run(&cli, &["--format", "json", "--log-format", "json"]);
    let read = lines_of(&outcome, "A reading was taken.");
    assert_eq!(read.len(), 4, "{read:#?}");
    assert!(
        read.iter().all(|line| line["fields"]["key_path"].is_string()),
        "{read:#?}"
    );
}

fn lines_of(outcome: &Outcome, message: &str) -> Vec<Value> {
    let lines = lines(outcome).into_iter();
    lines.filter(|line| said(line) == message).collect()
}

#[test]
fn a_line_of_text_names_them_too() {
    let cli = small("").env("SERVICE_PING_LOG", "info");
    let outcome = run(&cli, &["--format", "json"]).expect_code(0);
    let run_id = run_id(&outcome);
    let line = outcome.stderr.lines().find(|line| line.contains("A metric fell back."));
    let line = line.unwrap_or_else(|| panic!("{}", outcome.stderr));
    assert!(line.contains(&format!("run{{run_id={run_id}}}")), "{line}");
    assert!(
        line.contains("key_path=counts.nothing") && line.contains("reason=\"missing_table\""),
        "{line}"
    );
    // Unasked for, a person is told in the summary alone.
    let quiet = run(&small(""), &[]).expect_code(0);
    assert!(!quiet.stderr.contains("A metric fell back."), "{}", quiet.stderr);
}

#[test]
fn a_run_that_is_gone_on_with_keeps_its_id() {
    let cli = small("");
    let killed = crate::instance::unfinished_run(&cli);
    let outcome = cli.run(&["run", "--resume", "--log-format", "json"]).expect_code(0);
    for line in lines(&outcome) {
        assert!(is_in(&line, "run_id", &killed), "{line}");
    }
}

#[test]
fn no_level_of_the_log_shows_a_secret_or_a_row() {
    let database = Postgres::shared().database();
    let collector = Collector::start(&[Answer::Taken]);
    let with_password = |url: &str| url.replace("http://", &format!("http://ping:{CANARY}@"));
    let cli = large(
        &database,
        &format!(
            "[versions]\nurl = \"{}\"\nattempts = 1\n[hooks]\nwebhook = \"{}/{CANARY}?key={CANARY}\"\n\
             [telemetry]\notlp = \"{}\"\notlp_headers = [\"x-key={CANARY}\"]\n",
            with_password(&nobody()),
            with_password(&nobody()),
            with_password(&collector.url),
        ),
    );
    let cli = cli.env("SERVICE_PING_LOG", "trace");
    for format in ["text", "json"] {
        let outcome = cli.run(&["run", "--now", NOW, "--log-format", format]).expect_code(4);
        assert!(outcome.stderr.contains("A reading was taken."), "all of it is logged");
        assert_hidden(&outcome);
    }
    assert_eq!(collector.requests().len(), 2);
}

fn assert_hidden(outcome: &Outcome) {
    let shown = [&outcome.stdout, &outcome.stderr];
    for text in shown {
        let found = text.lines().find(|line| line.contains(CANARY));
        // The statements of the definitions name what they look for; rows and secrets are in none.
        assert!(found.is_none_or(|line| line.contains("WHERE")), "{found:?}");
        let password = crate::support::postgres::READER_PASSWORD;
        assert!(!text.contains(password), "the password is shown");
    }
}
