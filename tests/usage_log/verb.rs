//! `usage-log check`.

use serde_json::{Value, json};

use crate::support::cli::Cli;

const RUNNERS: &str = "concurrent = 4\n[[runners]]\nname = \"r\"\n";

#[test]
fn a_configuration_is_explained_with_its_defaults() {
    let cli = Cli::new();
    cli.write(
        "config.toml",
        &format!(
            "{RUNNERS}[experimental.usage_logger]\nenabled = true\nwriters = [\"logrotate\", \"snowplow_billing\"]\n\
             max_rotation_age = \"1h30m\"\n[experimental.usage_logger.snowplow_billing]\n\
             collector_uri = \"https://user:secret@c.example.com\"\n"
        ),
    );
    let told = cli.run(&["usage-log", "check", "config.toml"]).expect_code(0);
    for part in [
        "the usage log is on, with 2 writers\n",
        "  log_dir           usage-log\n",
        "  max_rotation_age  1h30m0s\n",
        "  realm                            SM\n",
    ] {
        assert!(told.stdout.contains(part), "{part}\n{}", told.stdout);
    }
    assert!(!(told.stdout.clone() + &told.stderr).contains("secret"));
    assert!(
        told.stderr.contains("`max_rotation_age` is deprecated"),
        "{}",
        told.stderr
    );
    let told = cli
        .run(&["usage-log", "check", "config.toml", "--format", "json"])
        .expect_code(0);
    let document: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(document["is_on"], true);
    assert_eq!(document["writers"]["logrotate"]["max_backup_files"], 14);
    assert_eq!(document["notices"][0]["level"], "warning");
}

#[test]
fn what_is_wrong_has_its_place_and_its_exit_code() {
    let cli = Cli::new();
    cli.write("off.toml", RUNNERS);
    let told = cli.run(&["usage-log", "check", "off.toml"]).expect_code(0);
    assert_eq!(told.stdout, "the usage log is off: enabled = false\n");
    cli.write(
        "lacking.toml",
        "[experimental.usage_logger]\nenabled = true\nwriters = [\"syslog\"]\n",
    );
    let told = cli.run(&["usage-log", "check", "lacking.toml"]).expect_code(3);
    assert_eq!(told.stdout, "the usage log is off: it has no writer\n");
    assert!(
        told.stderr.contains("known writers: logrotate, snowplow_billing"),
        "{}",
        told.stderr
    );
    cli.write("wrong.toml", "[experimental.usage_logger]\nenabled = 1\n");
    let told = cli.run(&["usage-log", "check", "wrong.toml"]).expect_code(3);
    assert!(told.stderr.contains("wrong.toml:2:11"), "{}", told.stderr);
    cli.run(&["usage-log", "check", "away.toml"]).expect_code(3);
}

#[test]
fn the_configuration_of_every_verb_is_the_default() {
    let cli = Cli::new();
    cli.write("service-ping.toml", "[experimental.usage_logger]\nenabled = true\n");
    let told = cli.run(&["usage-log", "check", "--format", "json"]).expect_code(0);
    let document: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(document["writers"]["logrotate"]["log_dir"], "usage-log");
    assert_eq!(document["notices"], json!([]));
}
