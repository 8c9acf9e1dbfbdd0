//! What is retried, kept and reported, case by case.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use service_ping::state::{Delivery, MetadataDelivery};
use service_ping::versions::{ClientConfig, DeliveryOutcome};

use crate::outbox::{DAYS, Outbox, client, config, hasty_client, metadata, only_outcome, payload};
use crate::script::{ERRORS, METADATA, Script, Step, USAGE_DATA};

fn day(index: usize) -> DateTime<Utc> {
    DAYS[index].parse().unwrap()
}

#[tokio::test]
async fn a_payload_that_is_taken_is_sent_once_with_its_metadata() {
    let mut section = json!({"usage_data_id": 31643, "other": "ignored"});
    for feature in
        "issues notes milestones boards merge_requests ci_pipelines environments deployments service_desk_issues"
            .split(' ')
    {
        for side in ["leader", "instance", "percentage"] {
            section[format!("{side}_{feature}")] = json!(31.37);
        }
    }
    let script = Script::of([Step::body(201, json!({"conv_index": section}).to_string())]).await;
    let outbox = Outbox::holding(&DAYS[..1]).await;
    let delivered = outbox.deliver_at(&client(script.url()), "2024-03-02T00:00:00Z").await;

    assert_eq!(
        *only_outcome(&delivered),
        DeliveryOutcome::Sent {
            usage_data_id: Some(31643)
        }
    );
    assert!(delivered.is_delivered() && delivered.reports[0].warning.is_none());
    assert_eq!(
        delivered.of_run(delivered.reports[0].run_id),
        Some(&delivered.reports[0])
    );
    assert_eq!(script.paths(), [USAGE_DATA, METADATA]);
    let [request] = &script.requests(USAGE_DATA)[..] else {
        panic!()
    };
    assert_eq!(request.body, payload(day(0)));
    assert_eq!(request.key(), delivered.reports[0].idempotency_key.to_string());
    assert_eq!(request.headers["content-type"], "application/json");
    assert!(request.headers["user-agent"].starts_with("service-ping/"));
    let [follower] = &script.requests(METADATA)[..] else {
        panic!()
    };
    assert_eq!(follower.body, metadata(day(0)));
    assert_ne!(follower.key(), request.key());

    let kept = outbox
        .store
        .report(delivered.reports[0].report_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (kept.delivery, kept.usage_data_id, kept.attempts),
        (Delivery::Sent, Some(31643), 1)
    );
    assert_eq!(kept.sent_at, Some("2024-03-02T00:00:00Z".parse().unwrap()));
    assert_eq!(kept.metadata_delivery, MetadataDelivery::Sent);
    let dev_ops = outbox.store.last_dev_ops().await.unwrap().unwrap();
    assert_eq!((dev_ops.report_id, dev_ops.metrics["leader_boards"]), (kept.id, 31.37));

    let again = outbox.deliver(&client(script.url())).await;
    assert_eq!(
        (again.reports.len(), again.metadata.len(), script.paths().len()),
        (0, 0, 2)
    );
}

#[tokio::test]
async fn what_may_be_taken_later_is_tried_again_under_the_same_key() {
    let steps = [408, 425, 429, 500, 502, 503, 504, 599].map(Step::status).into_iter();
    let steps = steps.chain([Step::Reset, Step::Silence, Step::Stall, Step::Truncate]);
    for step in steps.chain([
        Step::with_header(503, "retry-after: 0"),
        Step::with_header(429, "Retry-After: soon"),
    ]) {
        let script = Script::of([step.clone()]).await;
        let outbox = Outbox::holding(&DAYS[..1]).await;
        let delivered = outbox.deliver(&hasty_client(script.url())).await;

        assert!(delivered.is_delivered(), "{step:?}: {delivered:?}");
        assert_eq!(delivered.reports[0].attempts, 2, "{step:?}");
        let [first, second] = &script.requests(USAGE_DATA)[..] else {
            panic!("{step:?}")
        };
        assert_eq!((first.key(), &first.body), (second.key(), &second.body), "{step:?}");
        assert_eq!(script.requests(ERRORS), [], "{step:?}: it was taken in the end");
    }
}

#[tokio::test]
async fn what_stays_untaken_waits_for_the_next_run() {
    for step in [Step::status(500), Step::Reset, Step::Silence, Step::Truncate] {
        let script = Script::of(vec![step.clone(); 3]).await;
        let mut outbox = Outbox::holding(&DAYS[..1]).await;
        let delivered = outbox.deliver(&hasty_client(script.url())).await;

        let outcome = only_outcome(&delivered);
        assert!(
            matches!(
                outcome,
                DeliveryOutcome::Waiting {
                    next_attempt_at: None,
                    ..
                }
            ),
            "{step:?}: {outcome:?}"
        );
        assert_eq!(
            (delivered.reports[0].attempts, script.requests(USAGE_DATA).len()),
            (3, 3),
            "{step:?}"
        );
        assert_eq!(
            (script.requests(ERRORS).len(), script.requests(METADATA).len()),
            (1, 0),
            "{step:?}"
        );
        assert_eq!(outbox.store.waiting_reports().await.unwrap()[0].attempts, 3, "{step:?}");

        outbox.restart().await;
        let delivered = outbox.deliver(&hasty_client(script.url())).await;
        assert!(delivered.is_delivered(), "{step:?}: {delivered:?}");
        let requests = script.requests(USAGE_DATA);
        assert_eq!(requests.len(), 4, "{step:?}");
        assert!(
            requests
                .iter()
                .all(|one| one.key() == requests[0].key() && one.body == payload(day(0))),
            "{step:?}"
        );
    }
}

#[tokio::test]
async fn what_is_rejected_is_not_sent_again() {
    let elsewhere = Script::start().await;
    let location = format!("location: {}/usage_data", elsewhere.url());
    let steps = [400, 401, 403, 404, 406, 413, 422].map(Step::status).into_iter();
    for step in steps.chain([301, 302, 303, 307, 308].map(|status| Step::with_header(status, &location))) {
        let script = Script::of([step.clone()]).await;
        let outbox = Outbox::holding(&DAYS[..2]).await;
        let delivered = outbox.deliver(&client(script.url())).await;

        let Step::Reply(status, ..) = step else { unreachable!() };
        let DeliveryOutcome::Rejected { reason } = &delivered.reports[0].outcome else {
            panic!("{delivered:?}")
        };
        assert!(reason.contains(&status.to_string()), "{reason}");
        assert!(
            delivered.reports[1].outcome.is_delivered(),
            "the next one is not held up: {delivered:?}"
        );
        assert!(!delivered.is_delivered());
        assert_eq!(script.paths(), [USAGE_DATA, ERRORS, USAGE_DATA, METADATA], "{status}");
        let kept = outbox
            .store
            .report(delivered.reports[0].report_id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept.delivery, Delivery::Rejected);
        outbox.deliver(&client(script.url())).await;
        assert_eq!(script.paths().len(), 4, "{status}");
    }
    assert_eq!(elsewhere.paths(), [] as [&str; 0], "no redirect is followed");
}

#[tokio::test]
async fn what_is_not_acknowledged_is_kept_and_reported() {
    let huge = format!(
        r#"{{"conv_index": {{"usage_data_id": 5}}, "filler": "{}"}}"#,
        "x".repeat(1024 * 1024)
    );
    let bodies = [
        "{}",
        "",
        "<html>",
        r#"{"conv_index": {"usage_data_id": 0}}"#,
        r#"{"conv_index""#,
        &huge,
    ];
    let steps = bodies
        .map(|body| Step::body(200, body))
        .into_iter()
        .chain([Step::status(204), Step::Endless]);
    for step in steps {
        let script = Script::of([step.clone()]).await;
        let mut outbox = Outbox::holding(&DAYS[..1]).await;
        let delivered = outbox.deliver(&client(script.url())).await;

        let outcome = only_outcome(&delivered);
        assert!(
            matches!(outcome, DeliveryOutcome::Unacknowledged { .. }),
            "{step:?}: {outcome:?}"
        );
        assert!(!delivered.is_delivered());
        assert_eq!(script.paths(), [USAGE_DATA, ERRORS], "not in the same run");
        outbox.restart().await;
        assert!(outbox.deliver(&client(script.url())).await.is_delivered());
        let [first, second] = &script.requests(USAGE_DATA)[..] else {
            panic!()
        };
        assert_eq!((first.key(), &first.body), (second.key(), &second.body));
    }
}

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
    let url = format!("http://user:canary@{gone}/?").replace("/?", "");
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
async fn failed_metadata_is_tried_by_itself() {
    let script = Script::start().await;
    script.then(METADATA, vec![Step::status(500); 3]);
    let mut outbox = Outbox::holding(&DAYS[..1]).await;
    let delivered = outbox.deliver(&client(script.url())).await;
    assert!(delivered.is_delivered(), "the payload was taken");
    assert!(matches!(delivered.metadata[0].outcome, DeliveryOutcome::Waiting { .. }));
    assert_eq!(script.paths(), [USAGE_DATA, METADATA, METADATA, METADATA]);

    outbox.restart().await;
    let delivered = outbox.deliver(&client(script.url())).await;
    assert_eq!(
        delivered.metadata[0].outcome,
        DeliveryOutcome::Sent { usage_data_id: None }
    );
    assert_eq!(delivered.reports.len(), 0);
    assert_eq!(
        (script.requests(USAGE_DATA).len(), script.requests(METADATA).len()),
        (1, 4)
    );
    let requests = script.requests(METADATA);
    assert!(
        requests
            .iter()
            .all(|one| one.key() == requests[0].key() && one.body == metadata(day(0)))
    );
    let report = &outbox.store.reports(1).await.unwrap()[0];
    assert_eq!(
        (report.metadata_delivery, report.metadata_attempts),
        (MetadataDelivery::Sent, 4)
    );
}

#[tokio::test]
async fn rejected_metadata_is_let_go_and_rested_metadata_rests() {
    let script = Script::start().await;
    script.then(
        METADATA,
        [Step::status(404), Step::with_header(429, "retry-after: 3600")],
    );
    let outbox = Outbox::holding(&DAYS[..2]).await;
    let delivered = outbox.deliver(&client(script.url())).await;
    assert!(matches!(
        delivered.metadata[0].outcome,
        DeliveryOutcome::Rejected { .. }
    ));
    let DeliveryOutcome::Waiting {
        next_attempt_at: Some(until),
        ..
    } = delivered.metadata[1].outcome
    else {
        panic!()
    };

    let early = outbox.deliver(&client(script.url())).await;
    assert!(
        matches!(early.metadata[0].outcome, DeliveryOutcome::NotTried { .. }),
        "{early:?}"
    );
    assert_eq!(script.requests(METADATA).len(), 2);
    let late = outbox.deliver_at(&client(script.url()), &until.to_rfc3339()).await;
    assert_eq!(late.metadata.len(), 1);
    assert_eq!(late.metadata[0].outcome, DeliveryOutcome::Sent { usage_data_id: None });
}

#[tokio::test]
async fn a_failure_is_told_once_and_its_own_failure_ends_nothing() {
    let script = Script::of([Step::status(406)]).await;
    script.then(ERRORS, [Step::status(500)]);
    let outbox = Outbox::holding(&DAYS[..1]).await;
    let delivered = outbox
        .deliver_at(&client(script.url()), "2024-03-02T03:04:05.678Z")
        .await;
    assert!(matches!(only_outcome(&delivered), DeliveryOutcome::Rejected { .. }));
    let [request] = &script.requests(ERRORS)[..] else {
        panic!("one attempt")
    };
    let mut body: Value = serde_json::from_str(&request.body).unwrap();
    let elapsed = body["error"]["elapsed"].take().as_f64().unwrap();
    assert!(elapsed >= 0.0 && (elapsed * 10.0).fract() == 0.0, "{elapsed}");
    assert_eq!(
        body,
        json!({"error": {
            "time": "2024-03-02T03:04:05.678Z",
            "uuid": "00000000-0000-0000-0000-000000000000",
            "hostname": "gitlab.example",
            "version": "15.0.0-ee",
            "elapsed": null,
            "message": "the Versions endpoint rejected it with 406 Not Acceptable",
        }})
    );
}

#[tokio::test]
async fn a_broken_dev_ops_report_is_a_warning() {
    let reply = json!({"conv_index": {"usage_data_id": 7, "leader_issues": -1}});
    let script = Script::of([Step::body(201, reply.to_string())]).await;
    let outbox = Outbox::holding(&DAYS[..1]).await;
    let delivered = outbox.deliver(&client(script.url())).await;
    assert!(delivered.is_delivered());
    assert!(delivered.reports[0].warning.as_ref().unwrap().contains("leader_issues"));
    assert_eq!(outbox.store.last_dev_ops().await.unwrap(), None);
}

#[tokio::test]
async fn one_attempt_means_one() {
    let script = Script::of(vec![Step::status(500); 2]).await;
    let outbox = Outbox::holding(&DAYS[..1]).await;
    let once = ClientConfig {
        attempts: 1,
        ..config(script.url())
    };
    let delivered = outbox
        .deliver(&service_ping::versions::Client::new(once).unwrap())
        .await;
    assert_eq!(
        (delivered.reports[0].attempts, script.requests(USAGE_DATA).len()),
        (1, 1)
    );
}

#[tokio::test]
async fn the_report_is_json_for_machines() {
    let script = Script::of([Step::status(406)]).await;
    let outbox = Outbox::holding(&DAYS[..1]).await;
    let delivered = outbox.deliver(&client(script.url())).await;
    let json = serde_json::to_value(&delivered).unwrap();
    assert_eq!(json["reports"][0]["outcome"]["status"], "rejected");
    assert_eq!(
        json["reports"][0]["idempotency_key"],
        delivered.reports[0].idempotency_key.to_string()
    );
}
