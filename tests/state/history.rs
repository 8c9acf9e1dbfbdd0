//! Past runs, and one metric over them.

use serde_json::json;
use service_ping::state::{Delivery, OutcomeRecord};

use crate::place::{Place, outcome, report, run};

on_both_stores! {
    sums_up_each_run,
    follows_one_metric_over_the_runs,
}

async fn sums_up_each_run(place: Place) {
    let store = place.open().await;
    let sent = report(&store, "2024-03-01T00:00:00Z").await;
    let failed = OutcomeRecord {
        reason: Some("lock_timeout".to_owned()),
        ..outcome("counts.a", json!(-1))
    };
    store
        .record_outcomes(sent.run_id, &[failed, outcome("counts.b", json!(2))])
        .await
        .unwrap();
    store.enqueue(&sent).await.unwrap();
    let bare = run(&store, "2024-03-08T00:00:00Z").await;

    let summaries = store.run_summaries(10).await.unwrap();
    let seen: Vec<_> = summaries
        .iter()
        .map(|one| (one.run.id, one.metrics, one.with_reason, one.delivery))
        .collect();
    assert_eq!(
        seen,
        [(bare.id, 0, 0, None), (sent.run_id, 2, 1, Some(Delivery::Waiting))]
    );
    assert_eq!(store.run_summaries(1).await.unwrap().len(), 1);
}

async fn follows_one_metric_over_the_runs(place: Place) {
    let store = place.open().await;
    for (recorded_at, value) in [("2024-03-01T00:00:00Z", 1), ("2024-03-08T00:00:00Z", 3)] {
        let run = run(&store, recorded_at).await;
        let outcomes = [outcome("counts.a", json!(value)), outcome("counts.a_b", json!(9))];
        store.record_outcomes(run.id, &outcomes).await.unwrap();
    }
    let past = store.past_outcomes("counts.a", 10).await.unwrap();
    let values: Vec<_> = past.iter().map(|one| one.outcome.value.clone()).collect();
    assert_eq!(values, [json!(3), json!(1)], "newest first, and of no other metric");
    assert!(past[0].recorded_at > past[1].recorded_at);
    assert_eq!(store.past_outcomes("counts.a", 1).await.unwrap().len(), 1);
    assert!(store.past_outcomes("counts", 10).await.unwrap().is_empty());
}
