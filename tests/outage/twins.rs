//! Two instances under one uuid at one receiver, and a receiver that takes no payload of this size.

use std::net::SocketAddr;

use service_ping::versions::receiver::{Receiver as Endpoint, ReceiverLimits, ReceiverStore};

use crate::instance::{block_on, definition, json, small};
use crate::receiver::{Receiver, payloads};
use crate::support::cli::Cli;

/// An instance under the uuid of all the tests, with a host name of its own in its payload.
fn instance(receiver: &str, host: &str) -> Cli {
    let cli = small()
        .env("SERVICE_PING__VERSIONS__URL", receiver)
        .env("SERVICE_PING__INSTANCE__HOSTNAME", host);
    definition(&cli, "hostname", "standard", "none", "HostnameMetric", "");
    definition(&cli, "recorded_at", "standard", "none", "RecordedAtMetric", "");
    cli
}

#[test]
fn two_instances_under_one_uuid_are_both_heard_and_the_receiver_warns() {
    let place = Cli::new();
    let receiver = Receiver::start(&place);
    let (one, other) = (instance(&receiver.url, "one"), instance(&receiver.url, "other"));
    one.run(&["run", "--now", "2026-11-01T02:00:00Z"]).expect_code(0);
    one.run(&["run", "--now", "2026-11-08T02:00:00Z"]).expect_code(0);
    other.run(&["run", "--now", "2026-11-08T02:30:00Z"]).expect_code(0);
    other.run(&["run", "--now", "2026-11-15T02:00:00Z"]).expect_code(0);
    one.run(&["run", "--now", "2026-11-15T02:00:00Z"]).expect_code(0);
    let (_, said) = receiver.stop();
    let arrived: Vec<(String, String)> = payloads(&place)
        .iter()
        .map(|payload| {
            let document = json(&payload.payload);
            let text = |key: &str| document[key].as_str().expect("a text").to_owned();
            (text("hostname"), text("recorded_at")[..13].to_owned())
        })
        .collect();
    let expected = [
        ("one", "2026-11-01T02"),
        ("one", "2026-11-08T02"),
        ("other", "2026-11-08T02"),
        ("other", "2026-11-15T02"),
        ("one", "2026-11-15T02"),
    ];
    assert_eq!(arrived, expected.map(|(host, at)| (host.to_owned(), at.to_owned())));
    let warnings: Vec<&String> = said
        .iter()
        .filter(|line| line.contains("seem to share a uuid"))
        .collect();
    assert_eq!(warnings.len(), 2, "{said:#?}");
    assert!(
        warnings[0].contains("another host") && warnings[1].contains("the same recorded_at"),
        "{warnings:#?}"
    );
}

/// A receiver that takes bodies of up to `bytes`.
fn narrow(bytes: usize) -> String {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        block_on(async {
            let store = ReceiverStore::open("sqlite::memory:").await.expect("a store");
            let address: SocketAddr = "127.0.0.1:0".parse().expect("an address");
            let limits = ReceiverLimits {
                body_bytes: bytes,
                ..ReceiverLimits::default()
            };
            let receiver = Endpoint::bind(address, store)
                .await
                .expect("a free port")
                .with_limits(limits);
            tell.send(format!("http://{}", receiver.local_addr()))
                .expect("somebody waits");
            receiver.serve(std::future::pending()).await;
        });
    });
    told.recv().expect("it listens")
}

#[test]
fn a_payload_that_is_too_large_is_refused_once_and_for_all_and_says_what_to_do() {
    let cli = instance(&narrow(100), "one");
    let refused = cli
        .run(&["run", "--now", "2026-11-01T02:00:00Z", "--output", "payload.json"])
        .expect_code(4);
    for part in [
        "refused for good, kept here",
        "413 Payload Too Large",
        "send less with categories",
    ] {
        assert!(refused.stdout.contains(part), "{part}: {}", refused.stdout);
    }
    let again = cli.run(&["submit"]).expect_code(0);
    assert!(again.stdout.contains("nothing was sent"), "{}", again.stdout);
    let shown = json(&cli.run(&["history", "last", "--format", "json"]).expect_code(0).stdout);
    assert_eq!(
        (&shown["report"]["delivery"], &shown["report"]["attempts"]),
        (&"rejected".into(), &1.into())
    );
    assert_eq!(
        cli.run(&["preview", "--last"]).expect_code(0).stdout,
        cli.read("payload.json")
    );
}
