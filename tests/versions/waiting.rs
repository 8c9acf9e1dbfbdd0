//! In which order payloads leave, and when they wait.

use std::time::Duration;

use chrono::Utc;
use service_ping::versions::{Client, ClientConfig, DeliveryOutcome};

use crate::outbox::{DAYS, Outbox, client, config, day, hasty_client, only_outcome, payload};
use crate::script::{METADATA, Script, Step, USAGE_DATA};

#[tokio::test]
async fn an_endpoint_that_asks_for_a_long_rest_gets_it() {
    for header in [
        "retry-after: 7200".to_owned(),
        format!("retry-after: {}", in_two_hours()),
    ] {
        let script = Script::of([Step::with_header(503, &header)]).await;
        let outbox = Outbox::holding(&DAYS[..2]).await;
        let delivered = outbox.deliver(&client(script.url())).await;

        let DeliveryOutcome::Waiting {
            next_attempt_at: Some(until),
            ..
        } = delivered.reports[0].outcome
        else {
            panic!("{delivered:?}")
        };
        assert_eq!(delivered.reports[0].attempts, 1, "it is too long for one run");
        assert!(
            matches!(delivered.reports[1].outcome, DeliveryOutcome::NotTried { .. }),
            "{delivered:?}"
        );
        assert_eq!(script.requests(USAGE_DATA).len(), 1);

        let early = outbox.deliver(&client(script.url())).await;
        let held: Vec<_> = early.reports.iter().map(|report| &report.outcome).collect();
        let asked = |outcome: &&DeliveryOutcome| matches!(outcome, DeliveryOutcome::NotTried { next_attempt_at: Some(at), .. } if *at == until);
        assert!(held.iter().all(asked), "{held:?}");
        assert_eq!(script.requests(USAGE_DATA).len(), 1);

        assert!(
            outbox
                .deliver_at(&client(script.url()), &until.to_rfc3339())
                .await
                .is_delivered()
        );
        let requests = script.requests(USAGE_DATA);
        assert_eq!(
            requests.iter().map(|one| &one.body).collect::<Vec<_>>(),
            [&payload(day(0)), &payload(day(0)), &payload(day(1))]
        );
        assert_eq!(requests[0].key(), requests[1].key());
    }
}

fn in_two_hours() -> String {
    (Utc::now() + Duration::from_secs(7200))
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

#[tokio::test]
async fn a_rest_beyond_all_reason_ends_within_a_week() {
    let script = Script::of([Step::with_header(429, "retry-after: 99999999999999999999")]).await;
    let outbox = Outbox::holding(&DAYS[..1]).await;
    outbox.deliver_at(&client(script.url()), "2024-03-01T00:00:00Z").await;
    let waiting = &outbox.store.waiting_reports().await.unwrap()[0];
    assert_eq!(waiting.next_attempt_at, Some("2024-03-08T00:00:00Z".parse().unwrap()));
    // A clock that was set back: the rest that was kept lies beyond all reason, and is not heeded.
    assert!(
        outbox
            .deliver_at(&client(script.url()), "2023-01-01T00:00:00Z")
            .await
            .is_delivered()
    );
}

#[tokio::test]
async fn payloads_leave_oldest_first_and_one_does_not_hold_up_the_next() {
    let script = Script::of(vec![Step::status(500); 3]).await;
    let outbox = Outbox::holding(&[DAYS[2], DAYS[0], DAYS[1]]).await;
    let delivered = outbox.deliver(&client(script.url())).await;

    assert_eq!(
        delivered.reports.iter().map(|one| one.attempts).collect::<Vec<_>>(),
        [3, 1, 1]
    );
    let bodies: Vec<String> = script
        .requests(USAGE_DATA)
        .into_iter()
        .map(|request| request.body)
        .collect();
    assert_eq!(bodies[2..], [payload(day(0)), payload(day(1)), payload(day(2))]);
    assert_eq!(script.requests(METADATA).len(), 2);
}

#[tokio::test]
async fn where_nothing_listens_nothing_more_is_tried() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let outbox = Outbox::holding(&DAYS).await;
    let url = format!("http://user:canary@{gone}");
    assert!(!format!("{:?} {:?}", config(url.as_str()), client(url.as_str())).contains("canary"));
    let delivered = outbox.deliver(&client(url)).await;

    let DeliveryOutcome::Waiting {
        reason,
        next_attempt_at: None,
    } = &delivered.reports[0].outcome
    else {
        panic!()
    };
    assert!(
        reason.contains("cannot be reached") && !reason.contains("canary"),
        "{reason}"
    );
    assert_eq!(
        delivered.reports.iter().map(|one| one.attempts).collect::<Vec<_>>(),
        [3, 0, 0]
    );
    assert!(!format!("{delivered:?}").contains("canary"));
    assert_eq!(outbox.store.waiting_reports().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_failed_tls_handshake_may_succeed_later() {
    let script = Script::start().await;
    let outbox = Outbox::holding(&DAYS[..1]).await;
    let url = script.url().replace("http://", "https://");
    let delivered = outbox.deliver(&hasty_client(url)).await;
    assert!(
        matches!(only_outcome(&delivered), DeliveryOutcome::Waiting { .. }),
        "{delivered:?}"
    );
    assert!(outbox.deliver(&client(script.url())).await.is_delivered());
}

#[tokio::test]
async fn two_that_are_not_taken_in_succession_end_the_pass() {
    let week = DAYS.iter().chain(&["2024-03-22T00:00:00Z"]).copied();
    let week: Vec<&str> = week.collect();
    let steps = [
        Step::status(500),
        Step::Silence,
        Step::status(403),
        Step::body(200, "<html>"),
    ];
    for step in steps {
        let script = Script::of(vec![step.clone(); 6]).await;
        let outbox = Outbox::holding(&week).await;
        let once = ClientConfig {
            attempts: 1,
            timeout: Duration::from_millis(300),
            ..config(script.url())
        };
        let delivered = outbox.deliver(&Client::new(once).unwrap()).await;
        let attempts: Vec<u32> = delivered.reports.iter().map(|one| one.attempts).collect();
        assert_eq!(attempts, [1, 1, 0, 0], "{step:?}");
        assert!(
            matches!(delivered.reports[3].outcome, DeliveryOutcome::NotTried { .. }),
            "{step:?}: {delivered:?}"
        );
        assert_eq!(script.requests(USAGE_DATA).len(), 2, "{step:?}");
        let waits = outbox.store.waiting_reports().await.unwrap().len();
        let refused = matches!(step, Step::Reply(403, ..));
        assert_eq!(waits, if refused { 2 } else { 4 }, "{step:?}: the rest is spared");
    }
}
