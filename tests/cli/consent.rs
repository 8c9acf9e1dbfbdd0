//! What the operator switched off stays off.

use crate::instance::{NOW, UUID, json, small, small_with};
use crate::receiver::{Receiver, metadata, payloads};
use crate::support::cli::Cli;

/// A small instance whose receiver runs.
fn with_receiver(lines: &str) -> (Cli, Receiver) {
    let cli = small();
    let receiver = Receiver::start(&cli);
    let config = cli.read("service-ping.toml");
    cli.write(
        "service-ping.toml",
        &format!("{config}[versions]\nurl = \"{}\"\n{lines}", receiver.url),
    );
    (cli, receiver)
}

fn received(cli: &Cli, receiver: Receiver) -> (usize, usize) {
    receiver.stop();
    (payloads(cli).len(), metadata(cli).len())
}

#[test]
fn reporting_that_is_off_runs_nothing() {
    let (cli, receiver) = with_receiver("[reporting]\nenabled = false\n");
    let outcome = cli.run(&["run"]).expect_code(6);
    assert_eq!(outcome.stdout, "");
    assert!(
        outcome.stderr.contains("reporting.enabled is false"),
        "{}",
        outcome.stderr
    );
    assert!(!cli.folder().join("service-ping.db").exists(), "nothing was stored");
    let preview = cli.run(&["preview"]).expect_code(0);
    assert_eq!(json(&preview.stdout)["uuid"], UUID);
    assert!(
        preview.stderr.contains("nothing leaves: reporting.enabled is false"),
        "{}",
        preview.stderr
    );
    assert_eq!(received(&cli, receiver), (0, 0));
}

#[test]
fn do_not_track_sends_nothing() {
    let (cli, receiver) = with_receiver("");
    let cli = cli.env("DO_NOT_TRACK", "1");
    let outcome = cli.run(&["run", "--now", NOW]).expect_code(6);
    assert!(
        outcome.stdout.contains("nothing sent: DO_NOT_TRACK is set"),
        "{}",
        outcome.stdout
    );
    let preview = cli.run(&["preview"]).expect_code(0);
    assert_eq!(json(&preview.stdout)["counts"]["users"], 3);
    assert!(
        preview.stderr.contains("nothing leaves: DO_NOT_TRACK is set"),
        "{}",
        preview.stderr
    );
    assert_eq!(received(&cli, receiver), (0, 0));
}

#[test]
fn do_not_track_of_0_tracks() {
    let (cli, receiver) = with_receiver("");
    let cli = cli.env("DO_NOT_TRACK", "0");
    cli.run(&["run"]).expect_code(0);
    assert_eq!(received(&cli, receiver), (1, 1));
}

#[test]
fn what_was_kept_without_consent_does_not_leave_later() {
    let (cli, receiver) = with_receiver("");
    let run = |now: &str, track: &str, code| {
        let output = cli
            .command(&["run", "--now", now])
            .env("DO_NOT_TRACK", track)
            .output()
            .expect("it runs");
        assert_eq!(
            output.status.code(),
            Some(code),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    run("2026-11-12T00:00:00Z", "1", 6);
    run("2026-11-19T00:00:00Z", "", 0);
    receiver.stop();
    let left: Vec<_> = payloads(&cli);
    assert_eq!(left.len(), 1);
}

#[test]
fn without_an_address_nothing_is_sent_and_run_says_so() {
    let outcome = small_with("").run(&["run"]).expect_code(0);
    assert!(
        outcome.stdout.contains("nothing sent: [versions] has no url"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn what_is_limited_is_not_in_what_arrives() {
    let (cli, receiver) = with_receiver("[reporting]\ncategories = [\"standard\", \"operational\"]\n");
    cli.run(&["run"]).expect_code(0);
    receiver.stop();
    let arrived = json(&payloads(&cli)[0].payload);
    assert_eq!(
        arrived,
        json(&format!(r#"{{"counts": {{"users": 3}}, "uuid": "{UUID}"}}"#))
    );
    let named = &metadata(&cli)[0].body;
    assert!(!named.contains("admins") && !named.contains("license"), "{named}");
}
