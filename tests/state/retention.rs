//! A store that stays small.

use service_ping::state::{Delivery, Lease, MetadataDelivery, NewReport, Released, Retention, StateStore};

use crate::place::{Place, outcome, report};

on_both_stores! {
    keeps_the_newest_runs,
    bounds_what_waits_in_number,
    bounds_what_waits_in_bytes,
    bounds_metadata_that_waits,
    lets_go_of_what_is_large_in_old_runs,
    keeps_the_newest_by_the_order_they_were_made_in,
    leaves_alone_what_is_on_its_way,
}

const ALL: Retention = Retention {
    runs: 100,
    history_bytes: 1 << 20,
    waiting_reports: 100,
    waiting_bytes: 1 << 20,
};

/// Four weeks of payloads of the same size that wait, the oldest first.
async fn four_weeks(store: &StateStore) -> Vec<i64> {
    let mut ids = Vec::new();
    for day in ["01", "08", "15", "22"] {
        let new: NewReport = report(store, &format!("2024-03-{day}T00:00:00Z")).await;
        ids.push(store.enqueue(&new).await.unwrap().id);
    }
    ids
}

async fn waiting(store: &StateStore) -> Vec<i64> {
    store
        .waiting_reports()
        .await
        .unwrap()
        .iter()
        .map(|one| one.id)
        .collect()
}

async fn keeps_the_newest_runs(place: Place) {
    let store = place.open().await;
    let ids = four_weeks(&store).await;
    let now = chrono::Utc::now();
    for id in &ids[..2] {
        store.mark_sent(*id, now, 1).await.unwrap();
    }
    store.mark_metadata_sent(ids[0], now).await.unwrap();
    let released = store.release(&Retention { runs: 1, ..ALL }).await.unwrap();
    assert_eq!(
        released,
        Released {
            runs: 1,
            ..Released::default()
        },
        "metadata and payloads that wait stay"
    );
    assert_eq!(store.runs(10).await.unwrap().len(), 3);
    assert_eq!(store.report(ids[0]).await.unwrap(), None, "its payload went with it");
    assert_eq!(store.release(&ALL).await.unwrap(), Released::default());
}

async fn bounds_what_waits_in_number(place: Place) {
    let store = place.open().await;
    let ids = four_weeks(&store).await;
    let two = Retention {
        waiting_reports: 2,
        ..ALL
    };
    assert_eq!(store.release(&two).await.unwrap().reports, 2);
    assert_eq!(waiting(&store).await, ids[2..]);
    let gone = store.report(ids[0]).await.unwrap().unwrap();
    assert_eq!(gone.delivery, Delivery::Rejected);
    assert!(gone.last_error.unwrap().contains("gave way"));
}

async fn bounds_what_waits_in_bytes(place: Place) {
    let store = place.open().await;
    let ids = four_weeks(&store).await;
    let stored = store.stored_report(ids[0]).await.unwrap().unwrap();
    let size = (stored.payload.len() + stored.metadata.unwrap().len()) as u64;
    let three = Retention {
        waiting_bytes: 3 * size,
        ..ALL
    };
    assert_eq!(store.release(&three).await.unwrap().reports, 1);
    assert_eq!(waiting(&store).await, ids[1..]);
    let none = Retention {
        waiting_bytes: 1,
        ..ALL
    };
    store.release(&none).await.unwrap();
    assert_eq!(waiting(&store).await, ids[3..], "the newest waits whatever it takes");
}

async fn leaves_alone_what_is_on_its_way(place: Place) {
    let store = place.open().await;
    let ids = four_weeks(&store).await;
    let lease = Lease::new(std::time::Duration::from_secs(60));
    store.claim_report(ids[0], &lease).await.unwrap().unwrap();
    let one = Retention {
        waiting_reports: 1,
        ..ALL
    };
    assert_eq!(store.release(&one).await.unwrap().reports, 2);
    assert_eq!(waiting(&store).await, [ids[0], ids[3]]);
}

async fn bounds_metadata_that_waits(place: Place) {
    let store = place.open().await;
    let ids = four_weeks(&store).await;
    for id in &ids {
        store.mark_sent(*id, chrono::Utc::now(), 1).await.unwrap();
    }
    let one = Retention {
        waiting_reports: 1,
        ..ALL
    };
    assert_eq!(store.release(&one).await.unwrap().metadata, 3);
    let waiting = store.unsent_metadata().await.unwrap();
    assert_eq!(waiting.iter().map(|one| one.id).collect::<Vec<_>>(), ids[3..]);
    let gone = store.report(ids[0]).await.unwrap().unwrap();
    assert_eq!(gone.delivery, Delivery::Sent, "the payload was taken, and says so");
    assert_eq!(gone.metadata_delivery, MetadataDelivery::Rejected);
    assert!(gone.metadata_last_error.unwrap().contains("gave way"));
}

async fn lets_go_of_what_is_large_in_old_runs(place: Place) {
    let store = place.open().await;
    let ids = four_weeks(&store).await;
    let runs = store.runs(10).await.unwrap();
    for run in &runs {
        let large = outcome("counts.a", serde_json::json!("x".repeat(1000)));
        store.record_outcomes(run.id, &[large]).await.unwrap();
    }
    for id in &ids[1..] {
        store.mark_sent(*id, chrono::Utc::now(), 7).await.unwrap();
        store.mark_metadata_sent(*id, chrono::Utc::now()).await.unwrap();
    }
    let two = Retention {
        history_bytes: 2500,
        ..ALL
    };
    assert_eq!(store.release(&two).await.unwrap().details, 2);
    assert_eq!(store.release(&two).await.unwrap(), Released::default(), "once");
    let kept: Vec<u64> = summaries(&store).await;
    assert_eq!(kept, [1, 1, 0, 0], "newest first");
    assert_eq!(store.runs(10).await.unwrap().len(), 4, "that they were is kept");
    assert_eq!(store.payload(ids[1]).await.unwrap(), None);
    assert_eq!(store.stored_report(ids[1]).await.unwrap(), None);
    assert_eq!(store.report(ids[1]).await.unwrap().unwrap().usage_data_id, Some(7));
    assert_eq!(waiting(&store).await, ids[..1]);
    assert!(store.payload(ids[0]).await.unwrap().is_some(), "what waits is kept");
    let nothing = Retention {
        history_bytes: 1,
        ..ALL
    };
    store.release(&nothing).await.unwrap();
    assert_eq!(
        summaries(&store).await,
        [1, 0, 0, 0],
        "the newest stays whatever it takes"
    );
    assert!(store.last_payload().await.unwrap().unwrap().contains("2024-03-22"));
}

async fn summaries(store: &StateStore) -> Vec<u64> {
    let summaries = store.run_summaries(10).await.unwrap();
    summaries.iter().map(|one| one.metrics).collect()
}

/// After a clock that was ahead for a while was set back.
async fn keeps_the_newest_by_the_order_they_were_made_in(place: Place) {
    let store = place.open().await;
    let mut ids = Vec::new();
    for day in ["2031-03-01", "2024-03-08", "2024-03-15"] {
        let new: NewReport = report(&store, &format!("{day}T00:00:00Z")).await;
        ids.push(store.enqueue(&new).await.unwrap().id);
    }
    let two = Retention {
        waiting_reports: 2,
        ..ALL
    };
    store.release(&two).await.unwrap();
    assert_eq!(waiting(&store).await, ids[1..]);
}
