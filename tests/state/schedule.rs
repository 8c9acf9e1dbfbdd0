//! What the scheduler remembers.

use service_ping::schedule::{Record, Trial};

use crate::place::{Place, at, report, run};

on_both_stores! {
    keeps_the_record_of_whoever_changed_it_first,
    counts_what_the_outbox_holds,
}

async fn keeps_the_record_of_whoever_changed_it_first(place: Place) {
    let store = place.open().await;
    assert_eq!(store.schedule().await.unwrap(), None);
    let begun = Record {
        served: at("2026-11-22T01:32:00Z"),
        trial: None,
    };
    let first = store.begin_schedule(&begun).await.unwrap();
    assert_eq!(first.record, begun);
    let later = Record {
        served: at("2026-11-29T01:32:00Z"),
        trial: None,
    };
    assert_eq!(store.begin_schedule(&later).await.unwrap(), first, "begun once");

    let tried = Record {
        trial: Some(Trial {
            slot: at("2026-11-29T01:32:00Z"),
            failures: 2,
            at: at("2026-11-29T01:32:41.123456Z"),
        }),
        ..begun
    };
    let taken = store
        .change_schedule(&first, &tried)
        .await
        .unwrap()
        .expect("nobody else");
    assert_eq!(taken.record, tried);
    assert_eq!(
        store.change_schedule(&first, &later).await.unwrap(),
        None,
        "another was first"
    );
    let done = store
        .change_schedule(&taken, &later)
        .await
        .unwrap()
        .expect("nobody else");
    assert_eq!(place.open().await.schedule().await.unwrap(), Some(done));
}

async fn counts_what_the_outbox_holds(place: Place) {
    let store = place.open().await;
    store.check().await.unwrap();
    assert_eq!(store.outbox_totals().await.unwrap(), Default::default());
    run(&store, "2026-11-01T00:00:00Z").await;
    let mut first = report(&store, "2026-11-08T00:00:00Z").await;
    first.payload_json = r#"{"name": "Grüße"}"#.to_owned();
    store.enqueue(&first).await.unwrap();
    store
        .enqueue(&report(&store, "2026-11-15T00:00:00Z").await)
        .await
        .unwrap();
    store.keep(&report(&store, "2026-11-22T00:00:00Z").await).await.unwrap();
    let totals = store.outbox_totals().await.unwrap();
    assert_eq!((totals.waiting, totals.withheld, totals.sent), (2, 1, 0));
    let second = r#"{"recorded_at": "2026-11-15T00:00:00Z"}"#;
    assert_eq!(
        totals.waiting_bytes as usize,
        first.payload_json.len() + second.len(),
        "bytes, not characters"
    );
    let oldest = store.waiting_reports().await.unwrap()[0].created_at;
    assert_eq!(totals.waiting_since, Some(oldest));
}
