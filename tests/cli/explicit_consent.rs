//! Under explicit consent a metric leaves as it read when it was accepted, and not otherwise.

use serde_json::{Value, json as object};

use crate::instance::{NOW, UUID, count, json, small};
use crate::receiver::{Receiver, metadata, payloads};
use crate::support::cli::Cli;
use crate::support::postgres::Postgres;

const EXPLICIT: &str = "[reporting]\nconsent = \"explicit\"\n";

fn configured(cli: &Cli, lines: &str) {
    let config = cli.read("service-ping.toml");
    cli.write("service-ping.toml", &format!("{config}{lines}"));
}

fn explicit() -> (Cli, Receiver) {
    let cli = small();
    let receiver = Receiver::start(&cli);
    configured(&cli, &format!("[versions]\nurl = \"{}\"\n{EXPLICIT}", receiver.url));
    (cli, receiver)
}

fn shown(cli: &Cli) -> Value {
    json(&cli.run(&["consent", "show", "--format", "json"]).expect_code(0).stdout)
}

fn arrived(cli: &Cli) -> Value {
    json(&payloads(cli).last().expect("a payload").payload)
}

#[test]
fn nothing_leaves_before_anything_was_accepted() {
    let (cli, receiver) = explicit();
    let run = cli.run(&["run"]).expect_code(6);
    assert_eq!(run.stdout, "");
    for part in ["4 metrics held back", "consent diff", "consent accept --all"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    cli.run(&["run", "--dry-run"]).expect_code(6);
    cli.run(&["generate"]).expect_code(6);
    let preview = cli.run(&["preview"]).expect_code(0);
    assert_eq!(preview.stdout, "{}");
    assert!(
        preview.stderr.contains("4 metrics held back: 4 not accepted yet"),
        "{}",
        preview.stderr
    );
    receiver.stop();
    assert_eq!((payloads(&cli).len(), metadata(&cli).len()), (0, 0));
}

#[test]
fn what_was_accepted_leaves_and_nothing_else() {
    let (cli, receiver) = explicit();
    cli.run(&["consent", "accept", "uuid", "counts.u*"]).expect_code(0);
    let run = cli.run(&["run"]).expect_code(0);
    assert!(run.stderr.contains("2 metrics held back"), "{}", run.stderr);
    assert!(run.stdout.contains("computed     2 metrics"), "{}", run.stdout);
    receiver.stop();
    assert_eq!(arrived(&cli), object!({"uuid": UUID, "counts": {"users": 3}}));
    let timings = &metadata(&cli)[0].body;
    assert!(!timings.contains("admins") && !timings.contains("license"), "{timings}");
    // Not even computed.
    let generated = cli.run(&["generate"]).expect_code(0);
    assert_eq!(json(&generated.stdout), arrived(&cli));
}

#[test]
fn a_metric_that_changed_stays_out_until_it_is_accepted_again() {
    let (cli, receiver) = explicit();
    cli.run(&["consent", "accept", "--all", "--by", "Ada"]).expect_code(0);
    let changed = [
        ("description: A metric of the tests.", "description: Another one."),
        ("data_category: optional", "data_category: operational"),
        ("relation: users WHERE admin", "relation: users WHERE NOT admin"),
        ("time_frame: all", "time_frame: none"),
        ("value_type: number", "value_type: string"),
    ];
    let sound = cli.read("metrics/counts_admins.yml");
    for (before, after) in changed {
        cli.write("metrics/counts_admins.yml", &sound.replace(before, after));
        let preview = cli.run(&["preview"]).expect_code(0);
        assert_eq!(json(&preview.stdout)["counts"], object!({"users": 3}), "{after}");
        let says = "1 metric held back: 1 changed since accepted";
        assert!(preview.stderr.contains(says), "{after}: {}", preview.stderr);
    }
    let diff = cli.run(&["consent", "diff"]).expect_code(0).stdout;
    assert!(
        diff.contains("~ counts.admins") && diff.contains("was \"number\"\n      is  \"string\""),
        "{diff}"
    );
    // What does not change what is said or measured is no change.
    cli.write(
        "metrics/counts_admins.yml",
        &sound.replace("key_path", "product_group: growth\nkey_path"),
    );
    cli.run(&["run"]).expect_code(0);
    receiver.stop();
    assert_eq!(arrived(&cli)["counts"], object!({"users": 3, "admins": 1}));
}

#[test]
fn the_body_of_a_declared_class_is_a_part_of_what_was_accepted() {
    let cli = small();
    configured(&cli, EXPLICIT);
    let class = |relation: &str| {
        let text = format!("class: CountSomeMetric\noperation: count\nrelation: {relation}\n");
        cli.write("metrics/instrumentations/count_some.yml", &text);
    };
    class("users WHERE id < 5");
    crate::instance::definition(&cli, "counts.some", "optional", "all", "CountSomeMetric", "");
    let text = cli
        .read("metrics/counts_some.yml")
        .replace("value_type: string", "value_type: number");
    cli.write("metrics/counts_some.yml", &text);
    cli.run(&["consent", "accept", "--all"]).expect_code(0);
    class("users  WHERE  id<5");
    assert_eq!(
        shown(&cli)["categories"]["optional"]["accepted"],
        2,
        "white space is no change"
    );
    class("users WHERE id < 6");
    assert_eq!(shown(&cli)["categories"]["optional"]["changed"], 1);
    // So it is in a sum.
    class("users WHERE id < 5");
    crate::instance::definition(
        &cli,
        "counts.sum",
        "optional",
        "all",
        "NumbersMetric",
        "operation: add\n  metrics: [counts.some]",
    );
    let text = cli
        .read("metrics/counts_sum.yml")
        .replace("value_type: string", "value_type: number");
    cli.write("metrics/counts_sum.yml", &text);
    cli.run(&["consent", "accept", "--all"]).expect_code(0);
    class("users WHERE id < 6");
    assert_eq!(shown(&cli)["categories"]["optional"]["changed"], 2);
}

#[test]
fn what_is_accepted_is_what_was_shown() {
    let cli = small();
    configured(&cli, EXPLICIT);
    let digest = shown(&cli)["digest"].as_str().expect("a digest").to_owned();
    count(&cli, "counts.more", "optional", "users");
    let late = cli
        .run(&["consent", "accept", "--all", "--digest", &digest])
        .expect_code(1);
    assert!(late.stderr.contains("what may leave has changed"), "{}", late.stderr);
    assert_eq!(shown(&cli)["categories"]["optional"]["accepted"], 0);
    let digest = shown(&cli)["digest"].as_str().expect("a digest").to_owned();
    cli.run(&[
        "consent",
        "accept",
        "--category",
        "optional",
        "--digest",
        &digest,
        "--by",
        "Ada",
    ])
    .expect_code(0);
    let shown = shown(&cli);
    assert_eq!(
        shown["categories"]["optional"],
        object!({"accepted": 2, "new": 0, "changed": 0, "gone": 0})
    );
    assert_eq!(
        (&shown["last_answer"]["by"], &shown["last_answer"]["metrics"]),
        (&object!("Ada"), &object!(2))
    );
}

#[test]
fn what_is_revoked_or_gone_leaves_no_more() {
    let cli = small();
    configured(&cli, EXPLICIT);
    cli.run(&["consent", "accept", "--all"]).expect_code(0);
    cli.run(&["consent", "revoke", "counts.a*"]).expect_code(0);
    std::fs::remove_file(cli.folder().join("metrics/license_plan.yml")).expect("the file was there");
    let preview = cli.run(&["preview"]).expect_code(0);
    assert_eq!(json(&preview.stdout), object!({"uuid": UUID, "counts": {"users": 3}}));
    let diff = json(&cli.run(&["consent", "diff", "--format", "json"]).expect_code(0).stdout);
    assert_eq!(diff["new"][0]["key_path"], "counts.admins");
    assert_eq!(diff["gone"][0]["key_path"], "license.plan");
    cli.run(&["consent", "revoke", "nothing.*"]).expect_code(2);
    cli.run(&["consent", "accept", "nothing.*"]).expect_code(2);
    cli.run(&["consent", "accept"]).expect_code(2);
    cli.run(&["consent", "accept", "--all", "uuid"]).expect_code(2);
}

#[test]
fn a_definition_with_errors_was_not_accepted_as_it_stands() {
    let cli = small();
    configured(&cli, EXPLICIT);
    cli.run(&["consent", "accept", "--all"]).expect_code(0);
    let text = cli
        .read("metrics/counts_users.yml")
        .replace("status: active", "status: wrong");
    cli.write("metrics/counts_users.yml", &text);
    let preview = cli.run(&["preview", "--skip-invalid"]).expect_code(0);
    assert_eq!(json(&preview.stdout)["counts"], object!({"admins": 1}));
}

#[test]
fn answers_are_kept_in_postgresql_too() {
    let cli = small();
    let database = Postgres::shared().database();
    let url = database.url();
    configured(&cli, &format!("[state]\nurl = \"{url}\"\n{EXPLICIT}"));
    cli.run(&["consent", "accept", "--all"]).expect_code(0);
    cli.run(&["consent", "revoke", "counts.admins"]).expect_code(0);
    assert_eq!(shown(&cli)["categories"]["optional"]["new"], 1);
    cli.run(&["run"]).expect_code(0);
}

/// Whether sending is on or not: what preview shows is what leaves, byte for byte.
#[test]
fn preview_shows_the_very_bytes() {
    let (cli, receiver) = explicit();
    crate::instance::definition(&cli, "recorded_at", "standard", "none", "RecordedAtMetric", "");
    cli.run(&["consent", "accept", "uuid", "recorded_at", "counts.*"])
        .expect_code(0);
    let shown = cli.run(&["preview", "--now", NOW]).expect_code(0).stdout;
    let silent = cli
        .command(&["preview", "--now", NOW])
        .env("DO_NOT_TRACK", "1")
        .output();
    assert_eq!(silent.expect("it runs").stdout, shown.as_bytes());
    cli.run(&["run", "--now", NOW]).expect_code(0);
    receiver.stop();
    assert_eq!(payloads(&cli)[0].payload, shown);
}
