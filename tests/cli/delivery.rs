//! A receiver that is away, and comes back; the receiver itself.

use std::net::TcpListener;

use crate::instance::{NOW, json, small};
use crate::receiver::{Receiver, metadata, payloads};
use crate::support::cli::Cli;

/// An address of loopback that nobody listens at.
pub fn closed_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

fn pointing_at(address: &str) -> Cli {
    small()
        .env("SERVICE_PING__VERSIONS__URL", &format!("http://{address}"))
        .env("SERVICE_PING__VERSIONS__ATTEMPTS", "1")
}

#[test]
fn a_payload_that_was_not_delivered_goes_first_next_time() {
    let address = closed_address();
    let cli = pointing_at(&address);
    let first = cli
        .run(&["run", "--now", "2026-11-12T00:00:00Z", "--output", "first.json"])
        .expect_code(4);
    assert!(
        first.stdout.contains("not delivered, waits for the next run"),
        "{}",
        first.stdout
    );
    let report = cli
        .run(&[
            "run",
            "--now",
            "2026-11-12T01:00:00Z",
            "--format",
            "json",
            "--output",
            "second.json",
        ])
        .expect_code(4);
    assert_eq!(json(&report.stdout)["delivery"]["status"], "waiting");
    let receiver = Receiver::start_at(&cli, &address);
    let third = cli
        .run(&["run", "--now", "2026-11-19T00:00:00Z", "--output", "third.json"])
        .expect_code(0);
    assert!(third.stdout.contains("of 2026-11-12T00:00:00"), "{}", third.stdout);
    cli.run(&["run", "--now", "2026-11-26T00:00:00Z", "--output", "fourth.json"])
        .expect_code(0);
    receiver.stop();
    let arrived: Vec<String> = payloads(&cli).into_iter().map(|payload| payload.payload).collect();
    let made: Vec<String> = ["first", "second", "third", "fourth"]
        .map(|name| cli.read(&format!("{name}.json")))
        .to_vec();
    assert_eq!(arrived, made, "each once, in the order they were made");
    let mut keys: Vec<_> = payloads(&cli)
        .into_iter()
        .filter_map(|payload| payload.idempotency_key)
        .collect();
    keys.dedup();
    assert_eq!(keys.len(), 4);
    assert_eq!(metadata(&cli).len(), 4);
}

#[test]
fn the_receiver_stops_on_sigterm_and_starts_again_with_what_it_holds() {
    let cli = small();
    let receiver = Receiver::start(&cli);
    let cli = cli.env("SERVICE_PING__VERSIONS__URL", &receiver.url);
    cli.run(&["run", "--now", NOW]).expect_code(0);
    let address = receiver.url.trim_start_matches("http://").to_owned();
    let (code, said) = receiver.stop();
    assert_eq!(code, Some(0), "{said:?}");
    assert!(said.iter().any(|line| line.starts_with("stopped")), "{said:?}");
    let again = Receiver::start_at(&cli, &address);
    cli.run(&["run", "--now", "2026-11-26T10:54:30Z"]).expect_code(0);
    let (code, _) = again.stop();
    assert_eq!(code, Some(0));
    assert_eq!(payloads(&cli).len(), 2);
}

#[test]
fn a_receiver_that_cannot_start_says_why() {
    let cli = small();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let outcome = cli.run(&["versions", "--listen", &address]).expect_code(1);
    assert!(outcome.stderr.contains(&address), "{}", outcome.stderr);
    let outcome = cli
        .run(&["versions", "--listen", "127.0.0.1:0", "--store", "nowhere/x.db"])
        .expect_code(1);
    assert!(
        outcome.stderr.contains("the folder nowhere does not exist"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn the_receivers_path_is_a_path_and_no_url() {
    let cli = small();
    let mut running = cli.start(&["versions", "--listen", "127.0.0.1:0", "--store", "a?b%20c#d.db"]);
    running.line_with("listening on ");
    running.signal("TERM");
    assert_eq!(running.wait().0, Some(0));
    assert!(cli.folder().join("a?b%20c#d.db").exists());
}
