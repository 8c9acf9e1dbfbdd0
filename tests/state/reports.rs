//! Reports and their metadata.

use std::time::Duration;

use chrono::Utc;
use service_ping::state::{Delivery, Lease, MetadataDelivery, NewReport, StateError};

use crate::place::{Place, at, report};

on_both_stores! {
    keeps_the_payload_byte_for_byte,
    has_one_report_an_instant,
    lists_what_waits_oldest_first,
    refuses_texts_that_are_not_json,
    follows_metadata_apart_from_the_payload,
}

async fn keeps_the_payload_byte_for_byte(place: Place) {
    let store = place.open().await;
    // What a JSON type would not keep: order, spaces, a repeated key, a number's form, escapes.
    let text = "{ \"b\":1.0,\"a\" : 1e2, \"a\":\"\\u0000\\u00e9é\u{1f980}\" ,\n\"c\":12345678901234567890123}";
    let new = NewReport {
        payload_json: text.to_owned(),
        ..report(&store, "2024-03-01T00:00:00Z").await
    };
    let kept = store.enqueue(&new).await.unwrap();
    assert_eq!(store.payload(kept.id).await.unwrap().as_deref(), Some(text));
    assert_eq!(store.last_payload().await.unwrap().as_deref(), Some(text));
    let claimed = store
        .claim_report(kept.id, &Lease::new(Duration::from_secs(60)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(claimed.payload, text);
}

async fn has_one_report_an_instant(place: Place) {
    let store = place.open().await;
    let new = report(&store, "2024-03-01T00:00:00.123456789Z").await;
    let first = store.enqueue(&new).await.unwrap();
    assert_eq!(
        first.recorded_at,
        at("2024-03-01T00:00:00.123456Z"),
        "to the microsecond, on both"
    );
    let again = store.enqueue(&new).await.unwrap();
    assert_eq!((again.id, again.idempotency_key), (first.id, first.idempotency_key));

    let other = NewReport {
        payload_json: r#"{"other": true}"#.to_owned(),
        ..new.clone()
    };
    assert_eq!(
        store.enqueue(&other).await.unwrap().id,
        first.id,
        "nothing was sent yet: it is replaced"
    );
    assert_eq!(
        store.payload(first.id).await.unwrap().as_deref(),
        Some(r#"{"other": true}"#)
    );

    let lease = Lease::new(Duration::from_secs(60));
    store.claim_report(first.id, &lease).await.unwrap().unwrap();
    assert!(store.mark_attempt(first.id, &lease).await.unwrap());
    store.mark_waiting(first.id, &lease, "503", None).await.unwrap();
    assert!(matches!(
        store.enqueue(&new).await,
        Err(StateError::ReportExists { .. })
    ));
    assert_eq!(
        store.enqueue(&other).await.unwrap().idempotency_key,
        first.idempotency_key
    );
    assert_eq!(
        store.payload(first.id).await.unwrap().as_deref(),
        Some(r#"{"other": true}"#)
    );
}

async fn lists_what_waits_oldest_first(place: Place) {
    let store = place.open().await;
    assert_eq!(store.last_payload().await.unwrap(), None);
    let mut ids = Vec::new();
    // Sub-seconds of different lengths: text that sorts as the instants do.
    let instants = [
        "2024-03-01T00:00:00.5Z",
        "2024-03-01T00:00:00Z",
        "2024-03-01T00:00:00.500001Z",
        "2023-12-31T00:00:00Z",
    ];
    for recorded_at in instants {
        let new = report(&store, recorded_at).await;
        ids.push(store.enqueue(&new).await.unwrap().id);
    }
    let waiting = store.waiting_reports().await.unwrap();
    assert_eq!(
        waiting.iter().map(|report| report.id).collect::<Vec<_>>(),
        [ids[3], ids[1], ids[0], ids[2]]
    );
    assert_eq!(waiting[2].recorded_at, at("2024-03-01T00:00:00.5Z"));
    assert!(store.last_payload().await.unwrap().unwrap().contains("00.500001Z"));

    store
        .mark_sent(ids[1], at("2024-03-02T00:00:00Z"), 31643)
        .await
        .unwrap();
    let lease = Lease::new(Duration::from_secs(60));
    store.claim_report(ids[3], &lease).await.unwrap().unwrap();
    store.mark_rejected(ids[3], &lease, "406 Not Acceptable").await.unwrap();
    let waiting = store.waiting_reports().await.unwrap();
    assert_eq!(
        waiting.iter().map(|report| report.id).collect::<Vec<_>>(),
        [ids[0], ids[2]]
    );

    let all = store.reports(3).await.unwrap();
    assert_eq!(
        all.iter().map(|report| report.id).collect::<Vec<_>>(),
        [ids[2], ids[0], ids[1]]
    );
    assert_eq!((all[2].delivery, all[2].usage_data_id), (Delivery::Sent, Some(31643)));
    let rejected = store.report(ids[3]).await.unwrap().unwrap();
    assert_eq!(
        (rejected.delivery, rejected.last_error.as_deref()),
        (Delivery::Rejected, Some("406 Not Acceptable"))
    );
    assert_eq!(store.report(i64::MAX).await.unwrap(), None);
}

async fn refuses_texts_that_are_not_json(place: Place) {
    let store = place.open().await;
    let new = report(&store, "2024-03-01T00:00:00Z").await;
    let broken = NewReport {
        payload_json: "{".to_owned(),
        ..new.clone()
    };
    assert!(matches!(
        store.enqueue(&broken).await,
        Err(StateError::NotJson { what: "payload", .. })
    ));
    let broken = NewReport {
        metadata_json: Some("metadata".to_owned()),
        ..new
    };
    assert!(matches!(
        store.enqueue(&broken).await,
        Err(StateError::NotJson { what: "metadata", .. })
    ));
    assert_eq!(store.waiting_reports().await.unwrap(), []);
}

async fn follows_metadata_apart_from_the_payload(place: Place) {
    let store = place.open().await;
    let with = store
        .enqueue(&report(&store, "2024-03-01T00:00:00Z").await)
        .await
        .unwrap();
    let new = report(&store, "2024-03-02T00:00:00Z").await;
    let without = store
        .enqueue(&NewReport {
            metadata_json: None,
            ..new
        })
        .await
        .unwrap();
    assert_eq!(without.metadata_delivery, MetadataDelivery::None);
    let lease = Lease::new(Duration::from_secs(60));
    assert!(
        store.claim_metadata(with.id, &lease).await.unwrap().is_none(),
        "the payload goes first"
    );

    store.mark_sent(with.id, Utc::now(), 1).await.unwrap();
    store.mark_sent(without.id, Utc::now(), 2).await.unwrap();
    let unsent: Vec<i64> = store
        .unsent_metadata()
        .await
        .unwrap()
        .iter()
        .map(|report| report.id)
        .collect();
    assert_eq!(unsent, [with.id]);
    let claimed = store.claim_metadata(with.id, &lease).await.unwrap().unwrap();
    assert_eq!(claimed.metadata, r#"{"metadata": {}}"#);
    assert_ne!(claimed.key, with.idempotency_key);
    assert!(store.mark_metadata_attempt(with.id, &lease).await.unwrap());
    store.mark_metadata_waiting(with.id, &lease, "500", None).await.unwrap();
    assert_eq!(
        store.unsent_metadata().await.unwrap()[0].metadata_last_error.as_deref(),
        Some("500")
    );

    let again = store.claim_metadata(with.id, &lease).await.unwrap().unwrap();
    assert_eq!(again.key, claimed.key);
    store
        .mark_metadata_sent(with.id, at("2024-03-03T00:00:00Z"))
        .await
        .unwrap();
    let kept = store.report(with.id).await.unwrap().unwrap();
    assert_eq!(
        (kept.metadata_delivery, kept.metadata_attempts),
        (MetadataDelivery::Sent, 1)
    );
    assert_eq!(
        (kept.delivery, kept.metadata_sent_at),
        (Delivery::Sent, Some(at("2024-03-03T00:00:00Z")))
    );
    assert_eq!(store.unsent_metadata().await.unwrap(), []);
}
