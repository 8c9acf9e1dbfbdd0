//! A store that stays small.

use service_ping::state::{Delivery, Lease, NewReport, Released, Retention, StateStore};

use crate::place::{Place, report};

on_both_stores! {
    keeps_the_newest_runs,
    bounds_what_waits_in_number,
    bounds_what_waits_in_bytes,
    leaves_alone_what_is_on_its_way,
}

const ALL: Retention = Retention {
    runs: 100,
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
        Released { reports: 0, runs: 1 },
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
    let size = store.payload(ids[0]).await.unwrap().unwrap().len() as u64;
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
