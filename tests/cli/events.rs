//! `events`: the tracking API from the shell, and the metrics that it feeds.

use serde_json::Value;

use crate::instance::json;
use crate::support::cli::Cli;

/// A Thursday; the last whole week is 2026-46.
const NOW: &str = "2026-11-19T10:54:30Z";
const LAST_WEEK: &str = "2026-11-12T08:00:00Z";

const KNOWN: &str = "\
- name: g_compliance_dashboard
  category: compliance
  redis_slot: compliance
  aggregation: weekly
- name: i_compliance_audit
  category: compliance
  redis_slot: compliance
  aggregation: weekly
- name: g_compliance_daily
  category: compliance
  redis_slot: compliance
  aggregation: daily
- name: wiki_action
  category: source_code
  aggregation: weekly
  feature_flag: track_wiki
";

const INTERNAL: &str = "\
description: A package was pushed
action: push_package
internal_events: true
identifiers: [user, project]
additional_properties:
  label:
    description: The package manager
  value:
    description: Its size
";

fn metric(cli: &Cli, name: &str, lines: &str) {
    let text = format!("description: A test.\nvalue_type: number\nstatus: active\n{lines}");
    cli.write(&format!("metrics/{name}.yml"), &text);
}

fn instance() -> Cli {
    let cli = Cli::new();
    cli.write("service-ping.toml", "[event_store]\nurl = \"embedded\"\n");
    cli.write("known_events/all.yml", KNOWN);
    cli.write("events/push_package.yml", INTERNAL);
    metric(
        &cli,
        "pushes",
        "key_path: counts.source_code_pushes\ntime_frame: all\ndata_source: redis\n\
         instrumentation_class: RedisMetric\noptions: {prefix: source_code, event: pushes}\n",
    );
    let internal = |name: &str, frame: &str, selection: &str| {
        let lines = format!(
            "key_path: counts.{name}\ntime_frame: {frame}\ndata_source: internal_events\nevents:\n- {{name: push_package{selection}}}\n"
        );
        metric(&cli, name, &lines);
    };
    internal("packages", "all", "");
    internal("packages_weekly", "7d", "");
    internal("npm_packages", "all", ", filter: {label: npm}");
    internal("pushing_users", "7d", ", unique: user.id");
    internal("pushed_bytes", "all", ", operator: sum(value)");
    cli
}

fn run(cli: &Cli, arguments: &[&str]) -> crate::support::cli::Outcome {
    cli.run(&[&["--now", NOW, "events"], arguments].concat())
}

fn unique(cli: &Cli, arguments: &[&str]) -> String {
    let outcome = run(cli, &[&["unique"], arguments].concat()).expect_code(0);
    outcome.stdout.trim().to_owned()
}

fn payload(cli: &Cli) -> Value {
    json(&cli.run(&["--now", NOW, "generate"]).expect_code(0).stdout)
}

#[test]
fn what_is_tracked_is_counted_once_and_stands_in_the_payload() {
    let cli = instance();
    for values in [&["1", "2"][..], &["2", "3"]] {
        let track = [&["track", "g_compliance_dashboard", "--at", LAST_WEEK], values].concat();
        run(&cli, &track).expect_code(0);
    }
    run(&cli, &["track", "i_compliance_audit", "3", "4", "--at", LAST_WEEK]).expect_code(0);
    // This week does not count yet.
    run(&cli, &["track", "g_compliance_dashboard", "9"]).expect_code(0);
    assert_eq!(unique(&cli, &["g_compliance_dashboard"]), "3");
    assert_eq!(unique(&cli, &["g_compliance_dashboard", "i_compliance_audit"]), "4");
    let far = ["g_compliance_dashboard", "--from", "2026-11-16", "--to", "2026-11-30"];
    assert_eq!(unique(&cli, &far), "1");
    let payload = payload(&cli);
    let section = &payload["redis_hll_counters"]["compliance"];
    assert_eq!(section["g_compliance_dashboard_weekly"], 3);
    assert_eq!(section["g_compliance_dashboard_monthly"], 3);
    assert_eq!(section["i_compliance_audit_weekly"], 2);
    // A daily event in the category: there is no common total.
    assert_eq!(section["compliance_total_unique_counts_weekly"], Value::Null);
}

#[test]
fn known_events_alone_make_a_payload() {
    let cli = Cli::new();
    cli.write("service-ping.toml", "[event_store]\nurl = \"embedded\"\n");
    cli.write("known_events/all.yml", KNOWN);
    assert_eq!(
        payload(&cli)["redis_hll_counters"]["compliance"]["g_compliance_dashboard_weekly"],
        0
    );
    let aggregate = "- {name: both, operator: AND, source: redis, time_frame: [7d], \
                     events: [g_compliance_dashboard, i_compliance_audit]}\n";
    cli.write("aggregated_metrics/all.yml", aggregate);
    run(&cli, &["track", "g_compliance_dashboard", "1", "2", "--at", LAST_WEEK]).expect_code(0);
    run(&cli, &["track", "i_compliance_audit", "2", "3", "--at", LAST_WEEK]).expect_code(0);
    assert_eq!(payload(&cli)["counts_weekly"]["aggregated_metrics"]["both"], 1);
    cli.run(&["validate"]).expect_code(0);
}

#[test]
fn contexts_are_counted_apart() {
    let cli = instance();
    let track = [
        "track",
        "g_compliance_dashboard",
        "1",
        "2",
        "--context",
        "premium",
        "--at",
        LAST_WEEK,
    ];
    run(&cli, &track).expect_code(0);
    assert_eq!(unique(&cli, &["g_compliance_dashboard"]), "0");
    assert_eq!(unique(&cli, &["g_compliance_dashboard", "--context", "premium"]), "2");
    let bad = run(&cli, &["track", "g_compliance_dashboard", "1", "--context", "platinum"]).expect_code(2);
    assert!(bad.stderr.contains("\"platinum\" is no context"), "{}", bad.stderr);
}

#[test]
fn internal_events_feed_every_metric_that_selects_them() {
    let cli = instance();
    for (user, label, value) in [("1", "npm", "10"), ("2", "npm", "2.5"), ("2", "maven", "1")] {
        let (label, value) = (format!("label={label}"), format!("value={value}"));
        let track = [
            "track",
            "push_package",
            "--user",
            user,
            "--property",
            &label,
            "--property",
            &value,
        ];
        run(&cli, &[&track[..], &["--at", LAST_WEEK]].concat()).expect_code(0);
    }
    run(&cli, &["increment", "source_code_pushes", "--by", "41"]).expect_code(0);
    run(&cli, &["increment", "source_code_pushes"]).expect_code(0);
    let counts = &payload(&cli)["counts"];
    assert_eq!(counts["packages"], 3);
    assert_eq!(counts["packages_weekly"], 3);
    assert_eq!(counts["npm_packages"], 2);
    assert_eq!(counts["pushing_users"], 2);
    assert_eq!(counts["pushed_bytes"], 13.5);
    assert_eq!(counts["source_code_pushes"], 42);
    let shown = cli
        .run(&["--now", NOW, "metric", "counts.pushing_users"])
        .expect_code(0)
        .stdout;
    assert!(
        shown.contains("PFCOUNT {hll_counters}_push_package-user-2026-46\n"),
        "{shown}"
    );
    assert!(shown.contains("counts.pushing_users => 2\n"), "{shown}");
}

#[test]
fn a_range_without_a_whole_week_is_minus_one() {
    let cli = instance();
    let outcome = run(
        &cli,
        &[
            "unique",
            "g_compliance_dashboard",
            "--from",
            "2021-01-01",
            "--to",
            "2020-12-28",
        ],
    );
    let outcome = outcome.expect_code(0);
    assert_eq!(outcome.stdout, "-1\n");
    assert!(outcome.stderr.contains("nothing was read"), "{}", outcome.stderr);
    assert!(!cli.folder().join("service-ping-events.db").exists());
}

#[test]
fn mistakes_are_told_with_what_was_meant() {
    let cli = instance();
    for (arguments, says) in [
        (
            &["track", "g_compliance_dashbord", "1"][..],
            "did you mean \"g_compliance_dashboard\"?",
        ),
        (&["track", "g_compliance_dashboard"], "was given no value"),
        (&["track", "push_package", "1"], "is an internal event"),
        (
            &["track", "g_compliance_dashboard", "--user", "1"],
            "track it with the values",
        ),
        (
            &["track", "push_package", "--property", "labl=x"],
            "did you mean \"label\"?",
        ),
        (&["track", "push_package", "--property", "value=x"], "must be a number"),
        (
            &["increment", "source_code_push"],
            "did you mean \"source_code_pushes\"?",
        ),
        (&["unique", "g_compliance_dashboard", "wiki_action"], "different slots"),
        (
            &["unique", "g_compliance_dashboard", "g_compliance_daily"],
            "different aggregations",
        ),
        (&["unique", "nothing_like_it"], "unknown event"),
        (&["copy", "--from", "embedded", "--to", "http://x"], "the scheme `http`"),
    ] {
        let outcome = run(&cli, arguments).expect_code(2);
        assert!(outcome.stderr.contains(says), "{arguments:?}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn a_flag_that_is_off_keeps_its_event_from_being_counted() {
    let cli = instance();
    let off = run(&cli, &["track", "wiki_action", "1", "--at", LAST_WEEK]).expect_code(0);
    assert!(
        off.stderr.contains("the feature flag track_wiki is off"),
        "{}",
        off.stderr
    );
    cli.write(
        "service-ping.toml",
        "[event_store]\nurl = \"embedded\"\n[feature_flags]\ntrack_wiki = true\n",
    );
    run(&cli, &["track", "wiki_action", "1", "--at", LAST_WEEK]).expect_code(0);
    assert_eq!(unique(&cli, &["wiki_action"]), "1");
    cli.write(
        "service-ping.toml",
        "[event_store]\nurl = \"embedded\"\n[feature_flags]\ntrack_wiki = true\nredis_hll_tracking = false\n",
    );
    let off = run(&cli, &["track", "g_compliance_dashboard", "1"]).expect_code(0);
    assert!(off.stderr.contains("redis_hll_tracking is off"), "{}", off.stderr);
    let payload = payload(&cli);
    assert_eq!(
        payload["redis_hll_counters"],
        Value::Null,
        "the section goes with the flag"
    );
}

#[test]
fn without_a_store_events_are_refused_and_their_metrics_fall_back() {
    let cli = instance();
    cli.write("service-ping.toml", "");
    let outcome = run(&cli, &["track", "g_compliance_dashboard", "1"]).expect_code(3);
    assert!(outcome.stderr.contains("no [event_store]"), "{}", outcome.stderr);
    assert_eq!(payload(&cli)["counts"]["packages"], -1);
    let outcome = cli
        .run(&["metric", "counts.packages", "--format", "json"])
        .expect_code(0);
    assert_eq!(json(&outcome.stdout)["reason"], "source_not_configured");
}

#[test]
fn a_store_that_is_away_costs_its_metrics_alone_and_shows_no_secret() {
    let cli = instance();
    cli.write(
        "service-ping.toml",
        "[event_store]\nurl = \"redis://reader:tr0ub4dor@127.0.0.1:1\"\ntimeout = \"1s\"\n",
    );
    metric(
        &cli,
        "constant",
        "key_path: counts.constant\ntime_frame: none\ndata_source: system\n\
         instrumentation_class: StaticMetric\noptions: {value: 7}\n",
    );
    let outcome = run(&cli, &["track", "g_compliance_dashboard", "1"]).expect_code(1);
    assert!(!outcome.stderr.contains("tr0ub4dor"), "{}", outcome.stderr);
    let counts = &payload(&cli)["counts"];
    assert_eq!(
        (&counts["packages"], &counts["constant"]),
        (&Value::from(-1), &Value::from(7))
    );
    let outcome = cli
        .run(&["metric", "counts.packages", "--format", "json"])
        .expect_code(0);
    assert_eq!(json(&outcome.stdout)["reason"], "source_unavailable");
    assert!(!outcome.stdout.contains("tr0ub4dor"));
    let doctor = cli.run(&["doctor"]).expect_code(1);
    assert!(doctor.stdout.contains("FAIL  event store"), "{}", doctor.stdout);
    assert!(!doctor.stdout.contains("tr0ub4dor"));
}

#[test]
fn lists_say_how_each_event_is_tracked() {
    let cli = instance();
    let human = run(&cli, &["list"]).expect_code(0).stdout;
    assert!(human.contains("  wiki_action\n      weekly, category source_code, 42 days, flag track_wiki (off)\n"));
    assert!(human.contains("  push_package\n      label, value\n"), "{human}");
    assert!(human.lines().all(|line| line.chars().count() <= 80), "{human}");
    let list = json(&run(&cli, &["list", "--format", "json"]).expect_code(0).stdout);
    let events = list["events"].as_array().expect("a list");
    assert_eq!(events.len(), 6, "{list:#}");
}

#[test]
fn a_copy_brings_all_and_a_second_one_nothing_twice() {
    let cli = instance();
    run(&cli, &["track", "g_compliance_dashboard", "1", "2", "--at", LAST_WEEK]).expect_code(0);
    run(&cli, &["increment", "source_code_pushes", "--by", "5"]).expect_code(0);
    let copy = ["copy", "--from", "embedded", "--to", "sqlite://other.db"];
    for _ in 0..2 {
        let outcome = run(&cli, &copy).expect_code(0);
        assert!(outcome.stdout.contains("2 keys"), "{}", outcome.stdout);
    }
    run(&cli, &["increment", "source_code_pushes", "--by", "2"]).expect_code(0);
    run(&cli, &copy).expect_code(0);
    cli.write("service-ping.toml", "[event_store]\nurl = \"sqlite://other.db\"\n");
    assert_eq!(unique(&cli, &["g_compliance_dashboard"]), "2");
    assert_eq!(payload(&cli)["counts"]["source_code_pushes"], 7);
}
