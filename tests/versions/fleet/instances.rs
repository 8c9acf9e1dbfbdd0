//! Instances in the store: what is known of each, by however many receivers.

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use service_ping::versions::receiver::{InstanceOrder, ReceiverStore};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::end::{BOTH, End, On, limits, new_store, reply};
use crate::simulated::{payload, uuid};

fn all() -> InstanceOrder {
    InstanceOrder {
        most: 1000,
        ..InstanceOrder::default()
    }
}

#[tokio::test]
async fn an_instance_is_as_its_last_payload_says() {
    for on in BOTH {
        let end = End::on(on).await;
        for week in 0..3 {
            end.ping(&payload(5, week)).await;
        }
        let last = end.ping(&payload(4, 0)).await.usage_data_id;
        let found = end.store.instances(&all()).await.unwrap();
        assert_eq!(found.len(), 2, "{on:?}");
        let [fourth, fifth] = &found[..] else { panic!() };
        assert_eq!(
            (fourth.uuid.clone(), fourth.pings, fourth.payload_id),
            (uuid(4), 1, last)
        );
        assert_eq!(fourth.license_ping_at, None, "it has no licence");
        assert_eq!((fifth.pings, fifth.version.as_deref()), (3, Some("17.5.0")));
        assert_eq!(fifth.hostname.as_deref(), Some("host-5.example"));
        assert_eq!(fifth.license_id.as_deref(), Some("1005"));
        assert_eq!(fifth.license_ping_at, Some(fifth.last_ping_at));
        assert!(fifth.first_ping_at < fifth.last_ping_at && fifth.last_ping_at <= fourth.last_ping_at);

        let of = |version: &str, holding: &str| InstanceOrder {
            version: (!version.is_empty()).then(|| version.to_owned()),
            holding: (!holding.is_empty()).then(|| holding.to_owned()),
            ..all()
        };
        for (order, count) in [
            (of("17.5.0", ""), 1),
            (of("1", ""), 0),
            (of("", "HOST-4"), 1),
            (of("", "%"), 0),
            (of("", "_"), 0),
        ] {
            assert_eq!(
                end.store.instances(&order).await.unwrap().len(),
                count,
                "{on:?} {order:?}"
            );
        }
    }
}

#[tokio::test]
async fn two_receivers_on_one_database_lose_nothing_and_count_nothing_twice() {
    let one = End::on(On::Postgres).await;
    let other = End::at(&one.url, limits(), Default::default()).await;
    // Every payload is sent to both at once, under one key.
    let posts = (0..40_u64).flat_map(|place| {
        let (instance, week) = (place % 4, place / 4);
        let body = payload(instance, week).to_string();
        [&one, &other].map(|end| {
            let post = end.post("/usage_data", body.clone());
            reply(post.header("Idempotency-Key", format!("key-{place}")))
        })
    });
    let replies = join_all(posts).await;
    for pair in replies.chunks(2) {
        assert!(
            pair.iter().all(|reply| reply.status == StatusCode::CREATED),
            "{}",
            pair[0].text
        );
        let id = |of: usize| pair[of].json()["conv_index"]["usage_data_id"].clone();
        assert_eq!(id(0), id(1), "one key is one payload");
    }
    assert_eq!(one.store.counts().await.unwrap().payloads, 40);
    for instance in other.store.instances(&all()).await.unwrap() {
        assert_eq!(instance.pings, 10, "no update of an instance is lost");
    }

    // Without keys, and a key that two instances take at once.
    let same = json!({"uuid": "x", "recorded_at": "2026-11-01T00:00:00Z"}).to_string();
    let posts = (0..8).map(|place| reply([&one, &other][place % 2].post("/usage_data", same.clone())));
    let replies = join_all(posts).await;
    let ids: Vec<_> = replies
        .iter()
        .map(|reply| reply.json()["conv_index"]["usage_data_id"].clone())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let posts = (0..8).map(|place| {
        let body = json!({"uuid": format!("y{place}")}).to_string();
        let post = [&one, &other][place % 2].post("/usage_data", body);
        reply(post.header("Idempotency-Key", "taken by several"))
    });
    let mut statuses: Vec<u16> = join_all(posts)
        .await
        .iter()
        .map(|reply| reply.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422, 422, 422, 422, 422, 422, 422]);
    assert_eq!(one.store.counts().await.unwrap().payloads, 42);
}

#[tokio::test]
async fn opens_at_once_on_a_new_database() {
    let url = crate::postgres::new_database().await;
    let opened = join_all((0..4).map(|_| ReceiverStore::open(&url))).await;
    let stores: Vec<ReceiverStore> = opened.into_iter().map(Result::unwrap).collect();
    assert!(
        !stores[0].location().contains(crate::postgres::PASSWORD),
        "{}",
        stores[0].location()
    );
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let elsewhere: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(elsewhere, 0, "everything is in a schema of its own");
}

#[tokio::test]
async fn a_store_of_before_knows_its_instances() {
    let (url, _folder) = new_store(On::Sqlite).await;
    let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    let first = include_str!("../../../migrations/receiver/sqlite/0001_receiver.sql");
    sqlx::raw_sql(first).execute(&mut connection).await.unwrap();
    let migrator = sqlx::migrate!("migrations/receiver/sqlite");
    sqlx::raw_sql(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT \
         NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let applied = migrator.iter().next().unwrap();
    sqlx::query("INSERT INTO _sqlx_migrations VALUES ($1, 'receiver', CURRENT_TIMESTAMP, TRUE, $2, 1)")
        .bind(applied.version)
        .bind(&*applied.checksum)
        .execute(&mut connection)
        .await
        .unwrap();
    for (key, version) in [("a", "1.0"), ("b", "2.0")] {
        let body = json!({"uuid": "u", "version": version, "hostname": "h"}).to_string();
        sqlx::query(
            "INSERT INTO raw_usage_data (received_at, idempotency_key, uuid, payload) VALUES ($1, $2, 'u', $3)",
        )
        .bind(chrono::Utc::now())
        .bind(key)
        .bind(body)
        .execute(&mut connection)
        .await
        .unwrap();
    }
    connection.close().await.unwrap();

    let store = ReceiverStore::open(&url).await.unwrap();
    let instance = store.instance("u").await.unwrap().unwrap();
    assert_eq!((instance.pings, instance.version.as_deref()), (2, Some("2.0")));
    let end = End::at(&url, limits(), Default::default()).await;
    end.ping(&json!({"uuid": "u", "version": "3.0", "hostname": "h"})).await;
    let instance = store.instance("u").await.unwrap().unwrap();
    assert_eq!((instance.pings, instance.version.as_deref()), (3, Some("3.0")));
}
