//! Seven days without a receiver, and then one that misbehaves in every way before it is itself again.

use crate::front::Mood;
use crate::instance::json;
use crate::ledger::Ledger;
use crate::support::cli::Outcome;

/// How many requests for payloads a front has heard.
fn asked(ledger: &Ledger) -> usize {
    ledger
        .front
        .heard()
        .iter()
        .filter(|path| *path == "/usage_data")
        .count()
}

fn waiting(outcome: Outcome) -> u64 {
    json(&outcome.expect_code(4).stdout)["waiting"]
        .as_u64()
        .expect("a number")
}

/// An address of loopback that nobody listens at.
fn closed() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

#[test]
fn a_week_without_a_receiver_loses_nothing_and_sends_nothing_twice() {
    let mut ledger = Ledger::new("");
    let (front, closed) = (ledger.front.url(), closed());
    for day in 1..=7 {
        let outcome = ledger.run(&format!("2026-11-0{day}T02:00:00Z"), &closed).expect_code(4);
        assert_eq!(json(&outcome.stdout)["delivery"]["status"], "waiting");
        let waits = waiting(ledger.submit(&format!("2026-11-0{day}T10:00:00Z"), &closed));
        assert_eq!(waits, day);
    }
    assert!(ledger.history().iter().all(|run| {
        run["delivery"] == "waiting"
            && run["delivery_error"]
                .as_str()
                .is_none_or(|error| error.contains("cannot be reached"))
    }));

    // It asks to be left alone for an hour, and is.
    ledger.front.set(Mood::Status(503, "retry-after: 3600\r\n"));
    ledger.run("2026-11-08T02:00:00Z", &front).expect_code(4);
    assert_eq!(asked(&ledger), 1);
    ledger.front.set(Mood::Forward);
    assert_eq!(waiting(ledger.submit("2026-11-08T02:59:59Z", &front)), 8);
    assert_eq!(asked(&ledger), 0);

    // It takes nothing, in every way that may be another one later; two that are not taken spare it the rest.
    let moods = [408, 425, 429, 500, 502, 599].map(|status| Mood::Status(status, ""));
    for mood in moods.into_iter().chain([Mood::HangUp]) {
        ledger.front.set(mood);
        assert_eq!(waiting(ledger.submit("2026-11-08T04:00:00Z", &front)), 8, "{mood:?}");
        assert_eq!(asked(&ledger), if mood == Mood::HangUp { 0 } else { 2 }, "{mood:?}");
    }
    ledger.front.set(Mood::Forward);
    assert_eq!(
        waiting(ledger.submit("2026-11-08T05:00:00Z", &ledger.front.secure_url())),
        8
    );

    // It takes two and loses the answers, each time the same two.
    for mood in [Mood::Slow, Mood::Truncated, Mood::Lost] {
        ledger.front.set(mood);
        assert_eq!(waiting(ledger.submit("2026-11-08T06:00:00Z", &front)), 8, "{mood:?}");
    }

    // It takes payloads, and not yet what follows them: that is sent again by itself.
    ledger.front.set(Mood::MetadataStatus(500));
    ledger.front.heard();
    assert_eq!(waiting(ledger.submit("2026-11-08T08:00:00Z", &front)), 8);
    assert_eq!(asked(&ledger), 8);
    ledger.front.set(Mood::Forward);
    ledger.submit("2026-11-08T09:00:00Z", &front).expect_code(0);
    let heard = ledger.front.heard();
    assert!(
        heard.len() == 8 && heard.iter().all(|path| path == "/usage_ping_metadata"),
        "{heard:?}"
    );

    ledger.run("2026-11-09T02:00:00Z", &front).expect_code(0);
    assert_eq!(ledger.close(), 9);
}

#[test]
fn what_is_refused_for_good_is_said_kept_and_not_sent_again() {
    let mut ledger = Ledger::new("");
    let front = ledger.front.url();
    let mut refused = 0;
    for (status, advice) in [
        (400, ""),
        (401, "correct the credentials in [versions] url"),
        (404, "correct [versions] url"),
        (413, "have its limit raised, or send less"),
        (308, "set [versions] url to where it is now"),
        (422, ""),
    ] {
        refused += 1;
        ledger.front.set(Mood::Status(status, ""));
        let outcome = ledger
            .run(&format!("2026-11-0{refused}T02:00:00Z"), &front)
            .expect_code(4);
        assert_eq!(json(&outcome.stdout)["delivery"]["status"], "rejected", "{status}");
        ledger.front.set(Mood::Forward);
        ledger.front.heard();
        ledger.submit("2026-11-08T02:00:00Z", &front).expect_code(0);
        assert_eq!(ledger.front.heard(), [""; 0], "{status}");
        let run = &ledger.history()[0];
        let error = run["delivery_error"].as_str().expect("an error");
        assert!(
            run["delivery"] == "rejected" && error.contains(&status.to_string()) && error.contains(advice),
            "{run}"
        );
        let text = ledger.cli.run(&["history", "last"]).expect_code(0).stdout;
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains("payload refused after 1 request") && words.contains(error),
            "{text}"
        );
        let listed = ledger.cli.run(&["history"]).expect_code(0).stdout;
        assert!(listed.contains("payload refused"), "{listed}");
        assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
        let kept = ledger.cli.run(&["preview", "--last"]).expect_code(0).stdout;
        assert_eq!(kept, ledger.made[refused - 1].1, "it is kept here");
    }
    ledger.run("2026-11-09T02:00:00Z", &front).expect_code(0);
    assert_eq!(ledger.close(), 1);
}
