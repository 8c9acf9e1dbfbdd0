//! The licence application.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use service_ping::versions::receiver::{LicenseHook, Receiver, ReceiverStore};
use tokio::sync::mpsc;

use crate::end::{BOTH, On, new_store};
use crate::simulated::{payload, uuid};
use crate::support::wait::wait_until;

type Told = mpsc::UnboundedSender<Value>;

/// A licence application that hands on what it is told.
async fn application() -> (String, mpsc::UnboundedReceiver<Value>) {
    let (told, telling) = mpsc::unbounded_channel();
    let take = async |State(told): State<Told>, body: String| {
        told.send(serde_json::from_str(&body).unwrap()).unwrap();
        StatusCode::NO_CONTENT
    };
    let router = Router::new().route("/pings", post(take)).with_state(told);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/pings", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, telling)
}

async fn store_with_pings(on: On) -> (ReceiverStore, Option<tempfile::TempDir>) {
    let (url, folder) = new_store(on).await;
    let end = crate::end::End::at(&url, crate::end::limits(), Default::default()).await;
    // The instance 4 has no licence.
    for instance in [4, 5, 6] {
        end.ping(&payload(instance, 0)).await;
    }
    (end.store.clone(), folder)
}

async fn start(store: &ReceiverStore, hook: &str) -> service_ping::versions::receiver::RunningReceiver {
    let receiver = Receiver::bind("127.0.0.1:0".parse().unwrap(), store.clone())
        .await
        .unwrap();
    receiver.with_license_hook(LicenseHook::parse(hook)).start()
}

#[tokio::test]
async fn is_told_of_every_licence_ping_once() {
    for on in BOTH {
        let (store, _folder) = store_with_pings(on).await;
        let (url, mut telling) = application().await;
        let running = start(&store, &url).await;
        let mut told = [telling.recv().await.unwrap(), telling.recv().await.unwrap()];
        told.sort_by_key(|told| told["license_id"].as_str().map(str::to_owned));
        assert_eq!(told[0]["uuid"], uuid(5));
        assert_eq!(told[0]["license_id"], "1005");
        let instance = store.instance(&uuid(5)).await.unwrap().unwrap();
        let said: chrono::DateTime<chrono::Utc> = told[0]["last_ping_at"].as_str().unwrap().parse().unwrap();
        assert!((said - instance.license_ping_at.unwrap()).abs() < chrono::TimeDelta::milliseconds(2));
        running.stop().await;
        // What was told is not told again by the next receiver; a new ping is.
        let end = crate::end::End::at(&store_url(&store, on), crate::end::limits(), Default::default()).await;
        end.ping(&payload(6, 1)).await;
        let running = start(&store, &url).await;
        assert_eq!(telling.recv().await.unwrap()["uuid"], uuid(6));
        running.stop().await;
        assert!(telling.try_recv().is_err());
    }
}

/// The store's URL with the password that `location` leaves out.
fn store_url(store: &ReceiverStore, on: On) -> String {
    match on {
        On::Sqlite => store.location().to_owned(),
        On::Postgres => {
            let user = format!("://service_ping:{}@", crate::postgres::PASSWORD);
            store.location().replace("://", &user)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn may_be_a_command_and_is_told_later_if_it_fails() {
    let (store, folder) = store_with_pings(On::Sqlite).await;
    let folder = folder.unwrap();
    let script = folder.path().join("tell");
    let lines = folder.path().join("lines");
    std::fs::write(
        &script,
        format!("#!/bin/sh\ncat >> '{0}'\necho >> '{0}'\n", lines.display()),
    )
    .unwrap();
    // A script that may not be executed is a failure, which costs nothing but time.
    let running = start(&store, script.to_str().unwrap()).await;
    running.stop().await;
    assert!(!lines.exists());
    std::fs::set_permissions(&script, Permissions::from_mode(0o700)).unwrap();
    let running = start(&store, script.to_str().unwrap()).await;
    let read = || std::fs::read_to_string(&lines).unwrap_or_default();
    wait_until("the application to be told twice", || read().lines().count() == 2);
    let told = read();
    running.stop().await;
    let uuids: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["uuid"].clone())
        .collect();
    assert_eq!(uuids, [uuid(5), uuid(6)]);
    tokio::time::timeout(Duration::from_secs(5), store.close())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_it_does_not_understand_keeps_nothing_back() {
    let (store, _folder) = store_with_pings(On::Sqlite).await;
    let (told, mut telling) = mpsc::unbounded_channel();
    let take = async |State(told): State<Told>, body: String| {
        let body: Value = serde_json::from_str(&body).unwrap();
        let is_understood = body["uuid"] != uuid(5);
        told.send(body).unwrap();
        if is_understood {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    };
    let router = Router::new().route("/", post(take)).with_state(told);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let running = start(&store, &url).await;
    let told = [telling.recv().await.unwrap(), telling.recv().await.unwrap()];
    assert_eq!(
        [&told[0]["uuid"], &told[1]["uuid"]],
        [&Value::from(uuid(5)), &Value::from(uuid(6))]
    );
    running.stop().await;
}
