//! Claims on reports.

use std::time::Duration;

use service_ping::state::{Delivery, Lease, StateStore};

use crate::place::{Place, at, report};

on_both_stores! {
    lets_one_holder_claim_a_report,
    frees_a_report_when_its_lease_runs_out,
    fences_off_a_holder_that_lost_its_lease,
}

async fn lets_one_holder_claim_a_report(place: Place) {
    let store = place.open().await;
    let id = store
        .enqueue(&report(&store, "2024-03-01T00:00:00Z").await)
        .await
        .unwrap()
        .id;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let url = place.url.clone();
            tokio::spawn(async move {
                let store = StateStore::open(&url).await.unwrap();
                store
                    .claim_report(id, &Lease::new(Duration::from_secs(60)))
                    .await
                    .unwrap()
                    .is_some()
            })
        })
        .collect();
    let claimed = futures_util::future::join_all(tasks)
        .await
        .into_iter()
        .filter(|task| *task.as_ref().unwrap())
        .count();
    assert_eq!(claimed, 1);
}

async fn frees_a_report_when_its_lease_runs_out(place: Place) {
    let store = place.open().await;
    let id = store
        .enqueue(&report(&store, "2024-03-01T00:00:00Z").await)
        .await
        .unwrap()
        .id;
    let dead = Lease::new(Duration::ZERO);
    let alive = Lease::new(Duration::from_secs(60));
    assert!(store.claim_report(id, &dead).await.unwrap().is_some());
    assert!(store.claim_report(id, &alive).await.unwrap().is_some());
    assert!(
        store.claim_report(id, &alive).await.unwrap().is_some(),
        "its holder may claim it again"
    );
    assert!(store.claim_report(id, &dead).await.unwrap().is_none());
    assert!(!store.renew_lease(id, &dead).await.unwrap());
    assert!(store.renew_lease(id, &alive).await.unwrap());
}

async fn fences_off_a_holder_that_lost_its_lease(place: Place) {
    let store = place.open().await;
    let id = store
        .enqueue(&report(&store, "2024-03-01T00:00:00Z").await)
        .await
        .unwrap()
        .id;
    let paused = Lease::new(Duration::ZERO);
    let current = Lease::new(Duration::from_secs(60));
    store.claim_report(id, &paused).await.unwrap().unwrap();
    assert!(store.mark_attempt(id, &paused).await.unwrap());
    store.claim_report(id, &current).await.unwrap().unwrap();

    assert!(!store.mark_attempt(id, &paused).await.unwrap());
    store.mark_rejected(id, &paused, "406").await.unwrap();
    store
        .mark_waiting(id, &paused, "late", Some(at("2030-01-01T00:00:00Z")))
        .await
        .unwrap();
    let kept = store.report(id).await.unwrap().unwrap();
    assert_eq!(
        (kept.delivery, kept.last_error, kept.next_attempt_at),
        (Delivery::Waiting, None, None)
    );
    assert_eq!(kept.attempts, 1);

    store.mark_sent(id, at("2024-03-02T00:00:00Z"), 5).await.unwrap();
    store.mark_sent(id, at("2024-03-03T00:00:00Z"), 6).await.unwrap();
    let kept = store.report(id).await.unwrap().unwrap();
    assert_eq!(
        (kept.delivery, kept.usage_data_id),
        (Delivery::Sent, Some(5)),
        "the first receipt stands"
    );
    assert!(
        !store.mark_attempt(id, &current).await.unwrap(),
        "what was sent is not sent again"
    );
}
