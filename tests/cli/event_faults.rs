//! Keys of a Redis that hold something else than they should: each costs its own metric.

use crate::instance::json;
use crate::support::cli::Cli;
use crate::support::redis::server::Redis;

const NOW: &str = "2026-11-19T10:54:30Z";

#[test]
fn bad_keys_cost_their_metrics_alone() {
    let redis = Redis::start();
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &format!("[event_store]\nurl = \"{}\"\n", redis.url()),
    );
    let event = |name: &str| format!("- {{name: {name}, category: it, redis_slot: users, aggregation: weekly}}\n");
    let names = ["users_well", "users_listed", "users_cut", "users_odd", "users_absent"];
    cli.write("known_events/it.yml", &names.map(event).concat());
    for (name, event) in [("well", "well"), ("hashed", "hashed"), ("worded", "worded")] {
        let text = format!(
            "key_path: counts.{name}\ndescription: A test.\nvalue_type: number\nstatus: active\ntime_frame: all\n\
             data_source: redis\ninstrumentation_class: RedisMetric\noptions: {{prefix: it, event: {event}}}\n"
        );
        cli.write(&format!("metrics/{name}.yml"), &text);
    }
    let key = |name: &str| format!("{{users}}_{name}-2026-46");
    redis.cli(&["PFADD", &key("well"), "1", "2", "3"]);
    redis.cli(&["RPUSH", &key("listed"), "x"]);
    redis.set_bytes(&key("cut"), b"HYLL\x00\x00\x00\x00\x00\x00");
    redis.set_bytes(&key("odd"), b"no sketch at all");
    redis.cli(&["SET", "USAGE_IT_WELL", "7"]);
    redis.cli(&["HSET", "USAGE_IT_HASHED", "a", "1"]);
    redis.cli(&["SET", "USAGE_IT_WORDED", "s3cret-value"]);

    let outcome = cli
        .run(&["--now", NOW, "run", "--no-submit", "--format", "json"])
        .expect_code(0);
    assert!(!outcome.stdout.contains("s3cret") && !outcome.stderr.contains("s3cret"));
    let report = json(&outcome.stdout);
    let found = |key_path: &str| {
        let outcomes = report["outcomes"].as_array().expect("a list").iter();
        let outcome = outcomes.clone().find(|outcome| outcome["key_path"] == key_path);
        let outcome = outcome.unwrap_or_else(|| panic!("{key_path} is not there"));
        (
            outcome["value"].as_i64(),
            outcome["reason"].as_str().unwrap_or("").to_owned(),
        )
    };
    for (key_path, value, reason) in [
        ("redis_hll_counters.it.users_well_weekly", 3, ""),
        ("redis_hll_counters.it.users_well_monthly", 3, ""),
        ("redis_hll_counters.it.users_absent_weekly", 0, ""),
        ("redis_hll_counters.it.users_listed_weekly", -1, "wrong_key_type"),
        ("redis_hll_counters.it.users_listed_monthly", -1, "wrong_key_type"),
        ("redis_hll_counters.it.users_cut_weekly", -1, "corrupt_sketch"),
        ("counts.well", 7, ""),
        ("counts.hashed", -1, "wrong_key_type"),
        ("counts.worded", -2, "wrong_type"),
    ] {
        assert_eq!(found(key_path), (Some(value), reason.to_owned()), "{key_path}");
    }
    let (value, reason) = found("redis_hll_counters.it.users_odd_weekly");
    assert_eq!(value, Some(-1));
    assert!(
        ["wrong_key_type", "corrupt_sketch"].contains(&reason.as_str()),
        "{reason}"
    );
}

#[test]
fn a_server_that_goes_away_costs_its_metrics_and_no_run() {
    let redis = Redis::start();
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &format!("[event_store]\nurl = \"{}\"\ntimeout = \"2s\"\n", redis.url()),
    );
    cli.write(
        "known_events/it.yml",
        "- {name: users_well, category: it, redis_slot: users, aggregation: weekly}\n",
    );
    cli.write(
        "metrics/seven.yml",
        "key_path: counts.seven\ndescription: A test.\nvalue_type: number\nstatus: active\ntime_frame: none\n\
         data_source: system\ninstrumentation_class: StaticMetric\noptions: {value: 7}\n",
    );
    redis.kill();
    let payload = json(&cli.run(&["--now", NOW, "generate"]).expect_code(0).stdout);
    assert_eq!(payload["counts"]["seven"], 7);
    assert_eq!(payload["redis_hll_counters"]["it"]["users_well_weekly"], -1);
    redis.start_again();
    let payload = json(&cli.run(&["--now", NOW, "generate"]).expect_code(0).stdout);
    assert_eq!(payload["redis_hll_counters"]["it"]["users_well_weekly"], 0);
}

#[test]
fn a_store_that_is_away_is_named_with_its_key_and_without_its_password() {
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        "[event_store]\nurl = \"redis://:hunter2@127.0.0.1:1\"\n",
    );
    cli.write(
        "known_events/it.yml",
        "- {name: opened, category: it, aggregation: weekly}\n",
    );
    cli.write(
        "events/push.yml",
        "action: push\ndescription: A push.\ninternal_events: true\nidentifiers: [user]\n",
    );
    for verb in [
        &["events", "track", "opened", "7"] as &[&str],
        &["events", "unique", "opened"],
        &["console", "-e", "unique_events opened"],
    ] {
        let said = cli.run(verb).expect_code(1).stderr;
        assert!(said.contains("[event_store] url = \"redis://127.0.0.1:1\": "), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let internal = cli.run(&["events", "unique", "push"]).expect_code(2).stderr;
    assert!(
        internal.contains("internal event") && internal.contains("metric KEY"),
        "{internal}"
    );
}
