//! What follows a payload: its metadata, or the report of its failure; and what is made of the reply.

use serde_json::{Value, json};
use service_ping::state::MetadataDelivery;
use service_ping::versions::DeliveryOutcome;

use crate::outbox::{DAYS, Outbox, client, day, metadata, only_outcome};
use crate::script::{ERRORS, METADATA, Script, Step, USAGE_DATA};

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
