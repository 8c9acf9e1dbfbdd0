//! Runs, outcomes and DevOps reports.

use serde_json::json;
use service_ping::state::{DevOpsRecord, OutcomeRecord, RunEnd, RunStatus, SourceRecord};
use uuid::Uuid;

use crate::place::{Place, at, outcome, report, run};

on_both_stores! {
    keeps_runs_newest_first,
    orders_runs_as_they_were_begun,
    orders_the_runs_of_an_older_store,
    keeps_outcomes_and_replaces_them_by_key,
    keeps_thousands_of_outcomes_all_or_none,
    keeps_the_latest_dev_ops_report,
    keeps_what_a_run_read_of_each_source,
}

async fn keeps_runs_newest_first(place: Place) {
    let store = place.open().await;
    let first = run(&store, "2024-02-29T23:59:59.999999Z").await;
    let second = run(&store, "2024-03-01T00:00:00Z").await;
    let end = RunEnd {
        finished_at: at("2024-03-01T00:00:01.5Z"),
        status: RunStatus::Failed,
        message: Some("no definitions".to_owned()),
    };
    store.finish_run(second.id, &end).await.unwrap();

    let runs = store.runs(10).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), [second.id, first.id]);
    assert_eq!(
        (runs[0].status, runs[0].finished_at),
        (RunStatus::Failed, Some(end.finished_at))
    );
    assert_eq!(runs[0].message.as_deref(), Some("no definitions"));
    assert_eq!(
        (runs[1].status, runs[1].recorded_at, runs[1].finished_at),
        (RunStatus::Running, first.recorded_at, None)
    );
    assert_eq!(store.runs(1).await.unwrap().len(), 1);
    assert!(store.finish_run(Uuid::nil(), &end).await.is_err(), "an unknown run");
    assert!(store.begin_run(&first).await.is_err(), "a run begins once");
}

/// A clock that was set back between two runs changes nothing about which one is the last.
async fn orders_runs_as_they_were_begun(place: Place) {
    let store = place.open().await;
    let first = run(&store, "2024-03-08T10:00:00Z").await;
    let second = run(&store, "2024-03-08T09:00:00Z").await;
    let ids: Vec<Uuid> = store.runs(9).await.unwrap().iter().map(|run| run.id).collect();
    assert_eq!(ids, [second.id, first.id]);
    assert_eq!(store.run_summaries(1).await.unwrap()[0].run.id, second.id);
    let unfinished = store.unfinished_run(at("2024-03-01T00:00:00Z")).await.unwrap();
    assert_eq!(unfinished.map(|run| run.id), Some(second.id));
}

/// A store from before the order was kept.
async fn orders_the_runs_of_an_older_store(place: Place) {
    const OLDER: &str = "DROP INDEX runs_number; ALTER TABLE runs DROP COLUMN number; \
                         CREATE INDEX runs_started_at ON runs (started_at); \
                         DELETE FROM _sqlx_migrations WHERE version = 6";
    let store = place.open().await;
    let late = run(&store, "2024-03-15T00:00:00Z").await;
    let early = run(&store, "2024-03-01T00:00:00Z").await;
    store.close().await;
    place.execute(OLDER).await;
    let store = place.open().await;
    let newest = run(&store, "2024-02-01T00:00:00Z").await;
    let ids: Vec<Uuid> = store.runs(9).await.unwrap().iter().map(|run| run.id).collect();
    assert_eq!(ids, [newest.id, late.id, early.id]);
}

async fn keeps_what_a_run_read_of_each_source(place: Place) {
    let store = place.open().await;
    let run = run(&store, "2024-03-01T00:00:00Z").await;
    let source = |source: &str, is_up, statements| SourceRecord {
        source: source.to_owned(),
        is_up,
        readings: 3,
        failed: 1,
        statements,
        elapsed_seconds: 0.125,
    };
    let events = source("event_store", true, i64::MAX);
    let first = [events.clone(), source("database.main", false, 0)];
    store.record_sources(run.id, &first).await.unwrap();
    // Gone on with, the run reads the rest.
    let main = source("database.main", true, 7);
    store.record_sources(run.id, std::slice::from_ref(&main)).await.unwrap();
    store.record_sources(run.id, &[]).await.unwrap();
    assert_eq!(store.sources(run.id).await.unwrap(), [main, events]);
    assert_eq!(store.sources(Uuid::nil()).await.unwrap(), []);
    assert!(
        store.record_sources(Uuid::nil(), &first).await.is_err(),
        "an unknown run"
    );
}

async fn keeps_outcomes_and_replaces_them_by_key(place: Place) {
    let store = place.open().await;
    let run = run(&store, "2024-03-01T00:00:00Z").await;
    let histogram = outcome("counts.Z", json!({"-1": -1, "nested": [1.5, null, "text"]}));
    let failed = OutcomeRecord {
        value: json!(-1),
        reason: Some("lock_timeout".to_owned()),
        message: Some("waited\0 2 s".to_owned()),
        elapsed_seconds: f64::NAN,
        error_bound: Some(12.5),
        ..outcome("counts.a", json!(0))
    };
    store
        .record_outcomes(run.id, &[failed, histogram.clone(), outcome("counts.a_b", json!(7))])
        .await
        .unwrap();
    store
        .record_outcomes(
            run.id,
            &[outcome("counts.a_b", json!(8)), outcome("counts.a_b", json!(9))],
        )
        .await
        .unwrap();
    store.record_outcomes(run.id, &[]).await.unwrap();

    let kept = store.outcomes(run.id).await.unwrap();
    assert_eq!(
        kept.iter().map(|one| one.key_path.as_str()).collect::<Vec<_>>(),
        ["counts.Z", "counts.a", "counts.a_b"]
    );
    assert_eq!(kept[0], histogram);
    assert_eq!(
        (kept[1].reason.as_deref(), kept[1].error_bound),
        (Some("lock_timeout"), Some(12.5))
    );
    assert_eq!(
        (kept[1].message.as_deref(), kept[1].elapsed_seconds),
        (Some("waited\u{fffd} 2 s"), 0.0)
    );
    assert_eq!(kept[2].value, json!(9));
    assert_eq!(store.outcomes(Uuid::nil()).await.unwrap(), []);
}

async fn keeps_thousands_of_outcomes_all_or_none(place: Place) {
    let store = place.open().await;
    let run = run(&store, "2024-03-01T00:00:00Z").await;
    let many: Vec<_> = (0..3701)
        .map(|n| outcome(&format!("counts.metric_{n:04}"), json!(n)))
        .collect();
    assert!(
        store.record_outcomes(Uuid::nil(), &many).await.is_err(),
        "an unknown run"
    );
    assert_eq!(store.outcomes(Uuid::nil()).await.unwrap(), []);
    store.record_outcomes(run.id, &many).await.unwrap();
    assert_eq!(store.outcomes(run.id).await.unwrap(), many);
}

async fn keeps_the_latest_dev_ops_report(place: Place) {
    let store = place.open().await;
    assert_eq!(store.last_dev_ops().await.unwrap(), None);
    for (day, value) in [("2024-03-01T00:00:00Z", 10.2), ("2024-03-08T00:00:00Z", 31.37)] {
        let report_id = store.enqueue(&report(&store, day).await).await.unwrap().id;
        let metrics = [("leader_issues".to_owned(), value)].into();
        store
            .record_dev_ops(&DevOpsRecord {
                report_id,
                created_at: at(day),
                metrics,
            })
            .await
            .unwrap();
    }
    let last = store.last_dev_ops().await.unwrap().unwrap();
    assert_eq!(
        (last.created_at, last.metrics["leader_issues"]),
        (at("2024-03-08T00:00:00Z"), 31.37)
    );
}
