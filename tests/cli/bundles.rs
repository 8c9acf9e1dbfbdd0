//! Sealed networks: a report goes out as a file, a receipt comes back.

use std::os::unix::fs::PermissionsExt;

use crate::instance::{json, small};
use crate::receiver::{metadata, payloads};
use crate::support::cli::Cli;
use crate::support::postgres::Postgres;

/// A small instance without a way to the maker.
fn sealed(lines: &str) -> Cli {
    let cli = small();
    let config = cli.read("service-ping.toml");
    cli.write(
        "service-ping.toml",
        &format!("{config}[versions]\nsealed = true\n{lines}"),
    );
    cli
}

fn run(cli: &Cli, now: &str) {
    let run = cli.run(&["run", "--now", now]).expect_code(0);
    let lines: Vec<&str> = run.stdout.lines().filter(|line| line.contains("sealed")).collect();
    assert_eq!(lines.len(), 1, "{}", run.stdout);
    assert!(!run.stderr.contains("sealed"), "{}", run.stderr);
}

fn exported(cli: &Cli) -> String {
    run(cli, "2026-11-19T00:00:00Z");
    cli.run(&["bundle", "export", "--output", "report.json"]).expect_code(0);
    cli.read("report.json")
}

fn goes_there_and_back(cli: &Cli) {
    let bundle = json(&exported(cli));
    assert!(
        cli.run(&["bundle", "verify", "report.json"])
            .expect_code(0)
            .stdout
            .contains("signed by")
    );
    let import = |receipt: &str| {
        let arguments = [
            "bundle",
            "import",
            "report.json",
            "--database",
            "versions.db",
            "--receipt",
            receipt,
        ];
        cli.run(&arguments).expect_code(0).stdout
    };
    assert_eq!(import("receipt.json"), "report.json: usage_data_id 1, new\n");
    assert_eq!(import("again.json"), "report.json: usage_data_id 1, known already\n");
    assert_eq!(cli.read("receipt.json"), cli.read("again.json"));
    let arrived = payloads(cli);
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].payload, bundle["payload"], "byte for byte");
    assert_eq!(
        arrived[0].idempotency_key.as_deref(),
        bundle["idempotency_key"].as_str()
    );
    assert_eq!(metadata(cli).len(), 1);

    let closed = cli.run(&["bundle", "receipt", "receipt.json"]).expect_code(0);
    assert_eq!(
        closed.stdout,
        "report of 2026-11-19T00:00:00.000Z: sent, usage_data_id 1\n"
    );
    let again = cli.run(&["bundle", "receipt", "receipt.json"]).expect_code(0);
    assert!(again.stdout.contains("was marked as sent before"), "{}", again.stdout);
    let nothing = cli.run(&["bundle", "export"]).expect_code(2);
    assert!(nothing.stderr.contains("no report waits"), "{}", nothing.stderr);
}

#[test]
fn a_report_goes_out_and_its_receipt_closes_the_outbox() {
    goes_there_and_back(&sealed(""));
}

#[test]
fn the_same_with_the_state_in_postgresql() {
    let database = Postgres::shared().database();
    goes_there_and_back(&sealed(&format!("[state]\nurl = \"{}\"\n", database.url())));
}

/// What is exported had been on its way by a request already: it is there once.
#[test]
fn a_report_that_goes_both_ways_is_kept_once() {
    let cli = sealed("");
    exported(&cli);
    let receiver = crate::receiver::Receiver::start(&cli);
    let config = cli.read("service-ping.toml");
    let open = config.replace("sealed = true", &format!("url = \"{}\"", receiver.url));
    cli.write("service-ping.toml", &open);
    cli.run(&["run", "--now", "2026-11-26T00:00:00Z"]).expect_code(0);
    receiver.stop();
    assert_eq!(payloads(&cli).len(), 2);
    let import = cli
        .run(&["bundle", "import", "report.json", "--database", "versions.db"])
        .expect_code(0);
    assert_eq!(import.stdout, "report.json: usage_data_id 1, known already\n");
    assert_eq!((payloads(&cli).len(), metadata(&cli).len()), (2, 2));
}

#[test]
fn the_oldest_waits_first_and_each_can_be_named() {
    let cli = sealed("");
    run(&cli, "2026-11-12T00:00:00Z");
    run(&cli, "2026-11-19T00:00:00Z");
    let recorded_at = |arguments: &[&str]| {
        cli.run(&[&["bundle", "export", "--output", "one.json"], arguments].concat())
            .expect_code(0);
        json(&cli.read("one.json"))["recorded_at"].as_str().expect("an instant")[..10].to_owned()
    };
    assert_eq!(recorded_at(&[]), "2026-11-12");
    assert_eq!(recorded_at(&["--last"]), "2026-11-19");
    assert_eq!(recorded_at(&["--report", "2"]), "2026-11-19");
    cli.run(&["bundle", "export", "--report", "3"]).expect_code(2);
}

#[test]
fn the_instance_has_one_key_that_nothing_shows() {
    let cli = sealed("");
    let first = json(&exported(&cli));
    let mode = std::fs::metadata(cli.folder().join("report.json"))
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let export = cli.run(&["bundle", "export", "--output", "again.json"]).expect_code(0);
    assert_eq!(json(&cli.read("again.json"))["public_key"], first["public_key"]);
    let key = first["public_key"].as_str().expect("a key");
    assert!(export.stderr.contains(key), "{}", export.stderr);

    cli.run(&["bundle", "verify", "report.json", "--key", key])
        .expect_code(0);
    let other = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let verify = cli
        .run(&["bundle", "verify", "report.json", "--key", other])
        .expect_code(1);
    assert!(verify.stderr.contains("signed by another key"), "{}", verify.stderr);
    cli.run(&["bundle", "import", "report.json", "--key", other])
        .expect_code(1);
    assert!(!cli.folder().join("receipts.json").exists());
    cli.run(&["bundle", "verify", "report.json", "--key", "beef"])
        .expect_code(2);
}

#[test]
fn what_may_not_leave_leaves_in_no_file() {
    let cli = sealed("");
    run(&cli, "2026-11-19T00:00:00Z");
    let silent = cli
        .command(&["bundle", "export", "--output", "silent.json"])
        .env("DO_NOT_TRACK", "1")
        .output();
    assert_eq!(silent.expect("it runs").status.code(), Some(6));
    assert!(!cli.folder().join("silent.json").exists());
    // A run that was for the instance's own eyes.
    cli.run(&["run", "--no-submit", "--now", "2026-11-20T00:00:00Z"])
        .expect_code(0);
    let withheld = cli.run(&["bundle", "export", "--report", "2"]).expect_code(2);
    assert!(withheld.stderr.contains("never leaves"), "{}", withheld.stderr);
}

#[test]
fn files_that_are_not_sound_are_told_apart() {
    let cli = sealed("");
    let text = exported(&cli);
    let verify = |text: &str| {
        cli.write("bad.json", text);
        cli.run(&["bundle", "verify", "bad.json"]).expect_code(1).stderr
    };
    assert!(verify(&text[..text.len() / 2]).contains("ends too early"));
    assert!(verify(&text.replace("\"version\": 1", "\"version\": 2")).contains("format 2"));
    assert!(verify("{\"format\": \"something\"}").contains("no bundle"));
    assert!(verify(&text.replace("\\\"users\\\":3", "\\\"users\\\":4")).contains("altered"));
    let refused = cli.run(&["bundle", "import", "bad.json", "report.json"]).expect_code(1);
    assert_eq!(
        refused.stdout, "report.json: usage_data_id 1, new\n",
        "the sound one is taken"
    );
    cli.run(&["bundle", "receipt", "report.json"]).expect_code(1);
    let strange = cli
        .read("receipts.json")
        .replace("\"usage_data_id\": 1", "\"usage_data_id\": 0");
    cli.write("strange.json", &strange);
    cli.run(&["bundle", "receipt", "strange.json"]).expect_code(1);
}

/// The maker's checks are those of a request: a payload without a uuid has no place there.
#[test]
fn a_payload_that_a_request_would_not_bring_in_is_not_imported() {
    let cli = sealed("");
    std::fs::remove_file(cli.folder().join("metrics/uuid.yml")).expect("the file was there");
    exported(&cli);
    let refused = cli
        .run(&["bundle", "import", "report.json", "--database", "versions.db"])
        .expect_code(1);
    assert!(
        refused.stderr.contains("(400)") && refused.stderr.contains("uuid"),
        "{}",
        refused.stderr
    );
    assert_eq!(payloads(&cli).len(), 0);
}
