//! What is taken, retried, kept and rejected, case by case.

use serde_json::json;
use service_ping::state::{Delivery, MetadataDelivery};
use service_ping::versions::{Client, ClientConfig, DeliveryOutcome};

use crate::outbox::{DAYS, Outbox, client, config, day, hasty_client, metadata, only_outcome, payload};
use crate::script::{ERRORS, METADATA, Script, Step, USAGE_DATA};

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
async fn one_attempt_means_one() {
    let script = Script::of(vec![Step::status(500); 2]).await;
    let outbox = Outbox::holding(&DAYS[..1]).await;
    let once = ClientConfig {
        attempts: 1,
        ..config(script.url())
    };
    let delivered = outbox.deliver(&Client::new(once).unwrap()).await;
    assert_eq!(
        (delivered.reports[0].attempts, script.requests(USAGE_DATA).len()),
        (1, 1)
    );
}
