//! What verbs say of metrics of Prometheus.

use serde_json::Value;

use crate::instance::{instance, query, topology};
use crate::support::cli::Cli;
use crate::support::prometheus::server::Prometheus;

fn with_server() -> (Prometheus, Cli) {
    let server = Prometheus::start();
    let cli = instance(&format!("url = \"{}\"", server.url()));
    query(&cli, "settings.load", "vector(0.5)", ", unit: ratio");
    topology(&cli);
    (server, cli)
}

#[test]
fn metric_and_console_show_the_query_with_its_time_and_its_value() {
    let (_server, cli) = with_server();
    let shown = cli.run(&["metric", "settings.load"]).expect_code(0).stdout;
    assert!(shown.contains("ms)  vector(0.5)\nsettings.load => 0.5\n"), "{shown}");
    assert!(shown.contains("  1 query that gave 1 sample, "), "{shown}");
    let by_class = ["metric", "PrometheusMetric", "--option", "query=vector(2)"];
    let shown = cli.run(&by_class).expect_code(0).stdout;
    assert!(shown.contains("=> 2\n"), "{shown}");
    let shown = cli.run(&["metric", "topology"]).expect_code(0).stdout;
    assert!(
        shown.contains("ms)  max_over_time (gitlab_usage_ping:node_cpus:count[1w])\n"),
        "{shown}"
    );
    assert!(shown.contains("  12 queries that gave 0 samples, "), "{shown}");
    let said = cli.run(&["console", "-e", "metric settings.load"]).expect_code(0);
    assert_eq!(said.stdout, "0.5\n");
    assert!(said.stderr.contains("vector(0.5)"), "{}", said.stderr);
}

#[test]
fn dumps_put_it_among_what_no_statement_gives() {
    let (_server, cli) = with_server();
    let dumped = cli.run(&["dump", "non-sql", "--format", "json"]).expect_code(0).stdout;
    let dumped: Value = serde_json::from_str(&dumped).expect("JSON");
    assert_eq!(dumped["settings"]["load"], 0.5);
    assert_eq!(dumped["topology"]["failures"].as_array().map(Vec::len), Some(12));
    let sql = cli.run(&["dump", "sql"]).expect_code(0).stdout;
    assert!(!sql.contains("load") && !sql.contains("topology"), "{sql}");
}

#[test]
fn a_plan_says_what_would_be_asked_and_asks_nothing() {
    let cli = instance("url = \"http://127.0.0.1:1\"");
    query(&cli, "settings.load", "vector(0.5)", ", unit: ratio");
    topology(&cli);
    let plan = cli.run(&["run", "--dry-run"]).expect_code(0).stdout;
    assert!(plan.contains("settings.load\n    PromQL vector(0.5)\n"), "{plan}");
    assert!(plan.contains("topology\n    12 queries of Prometheus\n"), "{plan}");
    let explained = cli.run(&["explain", "settings.load"]).expect_code(0).stdout;
    assert!(explained.contains("PromQL vector(0.5)"), "{explained}");
    let dictionary = cli.run(&["dictionary"]).expect_code(0).stdout;
    assert!(
        dictionary.contains("What Prometheus answers to `vector(0.5)`, in ratio."),
        "{dictionary}"
    );
    cli.run(&["validate"]).expect_code(0);
}

#[test]
fn doctor_names_the_server_or_what_to_correct() {
    let (server, cli) = with_server();
    let doctor = cli.run(&["doctor"]).expect_code(0).stdout;
    assert!(doctor.contains(&format!("at {}\n", server.url())), "{doctor}");
    server.kill();
    let doctor = cli.run(&["doctor"]).expect_code(1).stdout;
    assert!(doctor.contains("FAIL  prometheus"), "{doctor}");
    let shown = cli.run(&["metric", "settings.load"]).stdout;
    assert!(
        shown.contains(&format!("  [prometheus] url = \"{}\"\n", server.url())),
        "{shown}"
    );
}

#[test]
fn a_run_keeps_the_topology_and_its_outcome() {
    let (server, cli) = with_server();
    let report = cli
        .run(&["run", "--no-submit", "--format", "json"])
        .expect_code(0)
        .stdout;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert!(!report.to_string().contains("source_"), "{report:#}");
    let preview: Value = serde_json::from_str(&cli.run(&["preview", "--last"]).expect_code(0).stdout).expect("JSON");
    assert_eq!(preview["settings"]["load"], 0.5);
    assert!(preview["topology"]["duration_s"].is_number());
    server.kill();
    let history = cli.run(&["run", "--no-submit"]).expect_code(0);
    assert!(history.stdout.contains("source_unavailable"), "{}", history.stdout);
}
