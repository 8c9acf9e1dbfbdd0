//! The receiving end.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use service_ping::versions::install_tls;
use service_ping::versions::receiver::{
    Receiver, ReceiverCounts, ReceiverError, ReceiverLimits, ReceiverStore, RunningReceiver,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::outbox::{DAYS, Outbox, client, metadata, payload};

struct End {
    running: RunningReceiver,
    store: ReceiverStore,
    http: reqwest::Client,
    url: String,
    _folder: tempfile::TempDir,
}

impl End {
    async fn start(limits: ReceiverLimits) -> End {
        install_tls();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("receiver.db").display());
        let store = ReceiverStore::open(&url).await.unwrap();
        let receiver = Receiver::bind("127.0.0.1:0".parse().unwrap(), store.clone())
            .await
            .unwrap();
        assert_ne!(receiver.local_addr().port(), 0);
        let running = receiver.with_limits(limits).start();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        End {
            running,
            store,
            http,
            url,
            _folder: folder,
        }
    }

    async fn post(&self, path: &str, key: Option<&str>, body: impl Into<String>) -> (StatusCode, Value) {
        let request = self
            .http
            .post(format!("{}{path}", self.running.url()))
            .body(body.into());
        let request = match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        };
        let reply = request.send().await.unwrap();
        let status = reply.status();
        (
            status,
            serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap_or_default(),
        )
    }

    async fn post_payload(&self, key: Option<&str>, body: &str) -> i64 {
        let (status, reply) = self.post("/usage_data", key, body).await;
        assert_eq!(status, StatusCode::CREATED, "{reply}");
        reply["conv_index"]["usage_data_id"].as_i64().unwrap()
    }

    async fn counts(&self) -> (u64, u64, u64) {
        let ReceiverCounts {
            payloads,
            metadata,
            errors,
        } = self.store.counts().await.unwrap();
        (payloads, metadata, errors)
    }
}

#[tokio::test]
async fn takes_what_the_client_delivers() {
    let end = End::start(ReceiverLimits::default()).await;
    let outbox = Outbox::holding(&DAYS).await;
    let delivered = outbox.deliver(&client(end.running.url())).await;
    assert!(delivered.is_delivered());
    assert_eq!(end.counts().await, (3, 3, 0));
    for (index, day) in DAYS.iter().enumerate() {
        let kept = &end.store.payloads().await.unwrap()[index];
        assert_eq!(kept.payload, payload(day.parse().unwrap()));
        assert_eq!(
            kept.idempotency_key,
            Some(delivered.reports[index].idempotency_key.to_string())
        );
        assert_eq!(
            end.store.metadata().await.unwrap()[index].body,
            metadata(day.parse().unwrap())
        );
    }
    assert_eq!(
        end.http
            .get(end.running.url() + "/healthz")
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    end.running.stop().await;
}

#[tokio::test]
async fn keeps_one_payload_a_key() {
    let end = End::start(ReceiverLimits::default()).await;
    let (body, other) = (
        r#"{"uuid": "a", "recorded_at": "1"}"#,
        r#"{"uuid": "a", "recorded_at": "2"}"#,
    );
    let id = end.post_payload(Some("k1"), body).await;
    assert_eq!(end.post_payload(Some("k1"), body).await, id);
    let (status, reply) = end.post("/usage_data", Some("k1"), other).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply["error"].as_str().unwrap().contains("key"));
    assert_ne!(
        end.post_payload(Some("k2"), body).await,
        id,
        "another key is another payload"
    );

    let many = futures_util::future::join_all((0..16).map(|_| end.post_payload(Some("k3"), other))).await;
    assert!(many.iter().all(|id| *id == many[0]), "{many:?}");
    assert_eq!(end.counts().await, (3, 0, 0));
}

#[tokio::test]
async fn without_a_key_an_instant_of_an_instance_is_one_payload() {
    let end = End::start(ReceiverLimits::default()).await;
    let id = end.post_payload(None, r#"{"uuid": "a", "recorded_at": "1"}"#).await;
    assert_eq!(
        end.post_payload(None, r#"{"uuid": "a", "recorded_at": "1", "later": true}"#)
            .await,
        id
    );
    assert_ne!(end.post_payload(None, r#"{"uuid": "a", "recorded_at": "2"}"#).await, id);
    assert_ne!(end.post_payload(None, r#"{"uuid": "b", "recorded_at": "1"}"#).await, id);
    let bare = end.post_payload(None, r#"{"uuid": "c"}"#).await;
    assert_ne!(end.post_payload(None, r#"{"uuid": "c"}"#).await, bare);
}

#[tokio::test]
async fn keeps_metadata_and_errors() {
    let end = End::start(ReceiverLimits::default()).await;
    let body = json!({"metadata": {"uuid": "a", "metrics": [{"name": "x", "time_elapsed": 0.5}]}}).to_string();
    for key in [Some("m"), Some("m"), None] {
        assert_eq!(
            end.post("/usage_ping_metadata", key, body.as_str()).await.0,
            StatusCode::CREATED
        );
    }
    let error = json!({"error": {"uuid": "a", "message": "no"}}).to_string();
    assert_eq!(
        end.post("/usage_ping_errors", None, error.as_str()).await.0,
        StatusCode::CREATED
    );
    assert_eq!(end.counts().await, (0, 2, 1));
    assert_eq!(end.store.errors().await.unwrap()[0].body, error);
    assert_eq!(end.store.metadata().await.unwrap()[0].uuid, "a");
}

#[tokio::test]
async fn says_what_is_wrong_with_a_body() {
    let end = End::start(ReceiverLimits::default()).await;
    let bodies = [
        "",
        "x",
        "[]",
        "5",
        "null",
        "{",
        "{}",
        r#"{"uuid": 5}"#,
        r#"{"uuid": ""}"#,
        r#"{"uuid": "a"} x"#,
    ];
    for path in ["/usage_data", "/usage_ping_metadata", "/usage_ping_errors"] {
        for body in bodies {
            let (status, reply) = end.post(path, None, body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}");
            assert!(reply["error"].is_string(), "{path} {body}");
        }
    }
    let not_text = end
        .http
        .post(end.running.url() + "/usage_data")
        .body(b"{\"uuid\": \"\xff\"}".to_vec());
    assert_eq!(not_text.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let long = "k".repeat(256);
    assert_eq!(
        end.post("/usage_data", Some(&long), r#"{"uuid": "a"}"#).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(end.post("/elsewhere", None, "{}").await.0, StatusCode::NOT_FOUND);
    let get = end.http.get(end.running.url() + "/usage_data").send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(end.counts().await, (0, 0, 0));
}

#[tokio::test]
async fn takes_a_body_up_to_its_limit() {
    let end = End::start(ReceiverLimits {
        body_bytes: 1000,
        ..ReceiverLimits::default()
    })
    .await;
    let body = |length: usize| {
        let bare = r#"{"uuid": "a", "x": ""}"#;
        bare.replace(r#""""#, &format!(r#""{}""#, "x".repeat(length - bare.len())))
    };
    assert_eq!(body(1000).len(), 1000);
    assert_eq!(end.post("/usage_data", None, body(1000)).await.0, StatusCode::CREATED);
    for length in [1001, 1999] {
        let (status, reply) = end.post("/usage_data", None, body(length)).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(reply["error"].as_str().unwrap().contains("1000"));
    }
    assert_eq!(end.counts().await, (1, 0, 0));
}

#[tokio::test]
async fn does_not_wait_for_ever() {
    let end = End::start(ReceiverLimits {
        read_timeout: Duration::from_millis(200),
        ..ReceiverLimits::default()
    })
    .await;
    for (sent, answer) in [
        ("POST /usage_data HTTP/1.1\r\nhost: x\r\n", ""),
        (
            "POST /usage_data HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
            "HTTP/1.1 408 ",
        ),
    ] {
        let mut stream = tokio::net::TcpStream::connect(end.running.local_addr()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with(answer), "{reply}");
    }
}

#[tokio::test]
async fn keeps_what_it_has_over_a_restart_and_frees_its_address() {
    let end = End::start(ReceiverLimits::default()).await;
    let body = r#"{"uuid": "a", "recorded_at": "1"}"#;
    let id = end.post_payload(Some("k"), body).await;
    let address = end.running.local_addr();
    let taken = Receiver::bind(address, end.store.clone()).await.unwrap_err();
    assert!(matches!(taken, ReceiverError::Bind { .. }));
    end.running.stop().await;
    end.store.close().await;

    let store = ReceiverStore::open(&end.url).await.unwrap();
    let running = Receiver::bind(address, store.clone()).await.unwrap().start();
    let again = End { running, store, ..end };
    assert_eq!(again.post_payload(Some("k"), body).await, id);
    again.running.stop().await;
    assert!(ReceiverStore::open("mysql://localhost/x").await.is_err());
}
