//! The state store, the same tests on SQLite and on PostgreSQL.

#[path = "state/postgres.rs"]
mod postgres;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use service_ping::state::{
    Delivery, DevOpsRecord, Lease, MetadataDelivery, NewReport, NewRun, OutcomeRecord, RunEnd, RunStatus, StateError,
    StateStore,
};
use uuid::Uuid;

/// A place for a store, that can be opened many times.
struct Place {
    url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Place {
    fn sqlite() -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place {
            url: format!("sqlite://{}", folder.path().join("state.db").display()),
            _folder: Some(folder),
        }
    }

    async fn postgres() -> Place {
        Place {
            url: postgres::new_database().await,
            _folder: None,
        }
    }

    async fn open(&self) -> StateStore {
        StateStore::open(&self.url).await.unwrap()
    }
}

/// Writes each test once and runs it on both stores.
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::Place::sqlite()).await })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::Place::postgres().await).await })+
        }
    };
}

on_both_stores! {
    makes_the_uuid_once,
    opens_for_many_at_once,
    keeps_runs_newest_first,
    keeps_outcomes_and_replaces_them_by_key,
    keeps_thousands_of_outcomes_all_or_none,
    keeps_the_payload_byte_for_byte,
    has_one_report_an_instant,
    lists_what_waits_oldest_first,
    lets_one_holder_claim_a_report,
    frees_a_report_when_its_lease_runs_out,
    fences_off_a_holder_that_lost_its_lease,
    follows_metadata_apart_from_the_payload,
    keeps_the_latest_dev_ops_report,
    survives_being_opened_again,
    refuses_texts_that_are_not_json,
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn run(store: &StateStore, recorded_at: &str) -> NewRun {
    let run = NewRun {
        id: Uuid::now_v7(),
        recorded_at: at(recorded_at),
        started_at: at(recorded_at),
        definitions_digest: "sha256:0".to_owned(),
        trigger: "cli".to_owned(),
    };
    store.begin_run(&run).await.unwrap();
    run
}

async fn report(store: &StateStore, recorded_at: &str) -> NewReport {
    let run = run(store, recorded_at).await;
    NewReport {
        run_id: run.id,
        recorded_at: run.recorded_at,
        payload_json: format!(r#"{{"recorded_at": "{recorded_at}"}}"#),
        metadata_json: Some(r#"{"metadata": {}}"#.to_owned()),
    }
}

fn outcome(key_path: &str, value: serde_json::Value) -> OutcomeRecord {
    OutcomeRecord {
        key_path: key_path.to_owned(),
        value,
        reason: None,
        message: None,
        elapsed_seconds: 0.25,
        statements: 3,
        retries: 1,
        error_bound: None,
    }
}

async fn makes_the_uuid_once(place: Place) {
    let stores = [place.open().await, place.open().await, place.open().await];
    let asked = stores
        .iter()
        .flat_map(|store| (0..4).map(move |_| store.instance_uuid()));
    let uuids = futures_util::future::join_all(asked).await;
    let uuids: Vec<Uuid> = uuids.into_iter().map(Result::unwrap).collect();
    assert!(
        uuids.iter().all(|uuid| *uuid == uuids[0] && !uuid.is_nil()),
        "{uuids:?}"
    );
    assert_eq!(place.open().await.instance_uuid().await.unwrap(), uuids[0]);
}

async fn opens_for_many_at_once(place: Place) {
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let url = place.url.clone();
            tokio::spawn(async move { StateStore::open(&url).await?.instance_uuid().await })
        })
        .collect();
    let mut uuids = Vec::new();
    for task in tasks {
        uuids.push(task.await.unwrap().unwrap());
    }
    uuids.dedup();
    assert_eq!(uuids.len(), 1);
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

async fn survives_being_opened_again(place: Place) {
    let store = place.open().await;
    let new = report(&store, "2024-03-01T00:00:00Z").await;
    let kept = store.enqueue(&new).await.unwrap();
    let lease = Lease::new(Duration::from_secs(1));
    store.claim_report(kept.id, &lease).await.unwrap().unwrap();
    store
        .mark_waiting(kept.id, &lease, "429", Some(kept.recorded_at + TimeDelta::hours(1)))
        .await
        .unwrap();
    store.close().await;

    let waiting = place.open().await.waiting_reports().await.unwrap();
    assert_eq!(
        (waiting[0].id, waiting[0].idempotency_key),
        (kept.id, kept.idempotency_key)
    );
    assert_eq!(waiting[0].next_attempt_at, Some(at("2024-03-01T01:00:00Z")));
    assert_eq!(waiting[0].run_id, new.run_id);
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

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::sqlite();
    let store = place.open().await;
    store.instance_uuid().await.unwrap();
    let file = place.url.strip_prefix("sqlite://").unwrap();
    for name in [file.to_owned(), format!("{file}-wal"), format!("{file}-shm")] {
        let mode = std::fs::metadata(&name).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn shares_a_postgresql_database_with_others() {
    use sqlx::Connection;
    let url = postgres::new_database().await;
    let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE raw_usage_data (theirs int); CREATE TABLE _sqlx_migrations (theirs int); \
         INSERT INTO _sqlx_migrations VALUES (1)",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let store = StateStore::open(&url).await.unwrap();
    assert_eq!(store.waiting_reports().await.unwrap(), []);
    let ours: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'service_ping' ORDER BY 1")
            .fetch_all(&mut other)
            .await
            .unwrap();
    assert!(
        ours.contains(&"_sqlx_migrations".to_owned()) && ours.contains(&"raw_usage_data".to_owned()),
        "{ours:?}"
    );
    let theirs: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            .fetch_all(&mut other)
            .await
            .unwrap();
    assert_eq!(theirs, ["_sqlx_migrations", "raw_usage_data"]);
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let url = postgres::new_database().await;
    let store = StateStore::open(&url).await.unwrap();
    let mut shown = vec![format!("{store:?}"), store.location().to_owned()];
    for url in [
        url.replace(postgres::PASSWORD, "wrong-canary"),
        url.replace("127.0.0.1", "no.such.host.invalid"),
        url.replace("/state_", "/missing_"),
        url.replace("postgres://", "mysql://"),
        format!("postgres://u:{}@[half/x", postgres::PASSWORD),
        format!("sqlite:///no/such/folder/{}.db?password=canary", Uuid::nil()),
    ] {
        let error = StateStore::open(&url).await.unwrap_err();
        let mut message = format!("{error:?}");
        let mut next: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = next {
            message.push_str(&error.to_string());
            next = error.source();
        }
        shown.push(message);
    }
    assert!(shown.iter().all(|text| !text.contains("canary")), "{shown:#?}");
}
