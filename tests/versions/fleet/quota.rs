//! How much an instance may send a day.

use reqwest::StatusCode;
use serde_json::json;
use service_ping::versions::receiver::ReceiverLimits;

use crate::end::{BOTH, End, limits, reply};

#[tokio::test]
async fn an_instance_that_sends_too_often_is_told_when_to_come_again() {
    for on in BOTH {
        let limits = ReceiverLimits {
            pings_a_day: Some(3),
            ..limits()
        };
        let end = End::with(on, limits, Default::default()).await;
        let send = async |uuid: &str, place: u8| {
            let body = json!({"uuid": uuid, "recorded_at": place.to_string()}).to_string();
            reply(end.post("/usage_data", body)).await
        };
        for place in 0..2 {
            assert_eq!(send("a", place).await.status, StatusCode::CREATED);
        }
        let error = json!({"error": {"uuid": "a", "message": "m"}}).to_string();
        assert_eq!(
            reply(end.post("/usage_ping_errors", error.clone())).await.status,
            StatusCode::CREATED
        );
        for refused in [
            send("a", 3).await,
            reply(end.post("/usage_ping_errors", error)).await,
            reply(end.post("/usage_ping_metadata", json!({"metadata": {"uuid": "a"}}).to_string())).await,
        ] {
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{on:?}");
            let seconds: u32 = refused.header("retry-after").parse().unwrap();
            assert!((1..=86_401).contains(&seconds), "{seconds}");
        }
        assert_eq!(
            send("a", 0).await.status,
            StatusCode::CREATED,
            "what is here already costs nothing"
        );
        assert_eq!(
            send("b", 3).await.status,
            StatusCode::CREATED,
            "another instance has its own"
        );
        let counts = end.store.counts().await.unwrap();
        assert_eq!((counts.payloads, counts.errors, counts.metadata), (3, 1, 0));
        assert_eq!(end.store.instance("a").await.unwrap().unwrap().pings, 2);
    }
}

#[tokio::test]
async fn an_instance_that_sends_too_much_is_told_so() {
    for on in BOTH {
        let limits = ReceiverLimits {
            bytes_a_day: Some(1000),
            ..limits()
        };
        let end = End::with(on, limits, Default::default()).await;
        let send = async |place: u8, bytes: usize| {
            let body = json!({"uuid": "a", "recorded_at": place.to_string(), "x": "x".repeat(bytes)}).to_string();
            reply(end.post("/usage_data", body)).await.status
        };
        assert_eq!(send(0, 700).await, StatusCode::CREATED);
        assert_eq!(send(1, 700).await, StatusCode::TOO_MANY_REQUESTS, "{on:?}");
        assert_eq!(
            send(2, 100).await,
            StatusCode::CREATED,
            "what was refused is not counted"
        );
    }
}

#[tokio::test]
async fn no_more_bodies_are_held_than_there_is_memory_for() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let limits = ReceiverLimits {
        body_bytes: 10_000,
        body_memory: 10_000,
        read_timeout: std::time::Duration::from_millis(500),
        ..limits()
    };
    let end = End::with(crate::end::On::Sqlite, limits, Default::default()).await;
    // Those that announce all of it and send nothing hold the memory until their time is over, one after the other.
    let head = "POST /usage_data HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 10000\r\n\r\n";
    let mut idle = Vec::new();
    for _ in 0..3 {
        let mut stream = tokio::net::TcpStream::connect(end.running.local_addr()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    // The server asks for a body once it has memory for it.
    let mut asked = [0; 12];
    idle[0].read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
    let body = json!({"uuid": "a", "x": "x".repeat(2000)}).to_string();
    let waiting = reply(end.post("/usage_data", body.clone())).await;
    assert_eq!(waiting.status, StatusCode::SERVICE_UNAVAILABLE, "{}", waiting.text);
    assert_eq!(waiting.header("retry-after"), "30");
    for mut stream in idle {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert!(rest.contains("408") || rest.contains("503"), "{rest}");
    }
    assert_eq!(reply(end.post("/usage_data", body)).await.status, StatusCode::CREATED);
}
