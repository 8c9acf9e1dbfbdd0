//! Opening a store: at once, again, in company, and in vain.

use std::time::Duration;

use chrono::TimeDelta;
use service_ping::state::{Lease, StateStore};
use uuid::Uuid;

use crate::place::{Place, at, report};
use crate::postgres;

on_both_stores! {
    makes_the_uuid_once,
    opens_for_many_at_once,
    survives_being_opened_again,
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
