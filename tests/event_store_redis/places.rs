//! The ways to a Redis: socket, password, TLS, Sentinel, and addresses that lead nowhere.

use service_ping::measure::Reason;
use service_ping::source::event_store::{EventStore, RedisOptions, RedisStore};

use crate::harness::{increment, reason, store, texts, write};
use crate::support::redis::PASSWORD;
use crate::support::redis::sentinel::RedisSentinel;
use crate::support::redis::server::{Redis, RedisSettings};
use crate::support::wait::wait_until;

#[tokio::test]
async fn a_unix_socket_with_a_database() {
    let redis = Redis::start();
    for scheme in ["redis+unix", "unix"] {
        let store = store(&format!("{scheme}://{}?db=3", redis.socket().display()));
        write(&store, vec![increment("count", 1)]).await;
    }
    assert_eq!(redis.cli(&["-n", "3", "GET", "count"]), "2");
    let store = store(&format!("{}/3", redis.url()));
    assert_eq!(store.values(&texts(&["count"])).await, [Ok(Some("2".to_owned()))]);
}

#[tokio::test]
async fn a_password_and_none() {
    let redis = Redis::start_with(RedisSettings {
        password: true,
        ..RedisSettings::default()
    });
    let with = store(&redis.url());
    write(&with, vec![increment("count", 1)]).await;
    assert_eq!(redis.cli(&["GET", "count"]), "1");
    assert_eq!(with.address(), format!("redis://127.0.0.1:{}", redis.port));
    assert!(!format!("{with:?} {:?}", RedisOptions::new(redis.url())).contains(PASSWORD));
    let wrong = redis.url().replace(PASSWORD, "wrong-secret");
    for url in [format!("redis://127.0.0.1:{}", redis.port), wrong] {
        let answer = store(&url).ping().await;
        assert_eq!(reason(&answer), Reason::SourceUnavailable);
        let text = format!("{answer:?}");
        assert!(text.contains("password") && !text.contains("wrong-secret"), "{text}");
    }
}

#[tokio::test]
async fn tls_believes_its_authority_alone() {
    let redis = Redis::start_with(RedisSettings {
        tls: true,
        ..RedisSettings::default()
    });
    let with_authority = RedisOptions {
        ca_file: Some(redis.authority()),
        ..RedisOptions::new(redis.url())
    };
    let trusting = RedisStore::new(with_authority).unwrap();
    write(&trusting, vec![increment("count", 1)]).await;
    assert_eq!(redis.cli(&["GET", "count"]), "1");
    assert_eq!(reason(&store(&redis.url()).ping().await), Reason::SourceUnavailable);
    let plain = redis.url().replace("rediss", "redis");
    assert!(store(&plain).ping().await.is_err());
}

#[tokio::test]
async fn a_sentinel_leads_to_the_primary_and_to_its_heir() {
    let redis = RedisSentinel::start();
    let store = store(&redis.url());
    write(&store, vec![increment("count", 1)]).await;
    wait_until("the replica to have the count", || {
        redis.replica.cli(&["GET", "count"]) == "1"
    });
    redis.primary.kill();
    assert!(store.ping().await.is_err(), "nobody is primary yet");
    wait_until("the failover", || redis.replica.cli(&["ROLE"]).starts_with("master"));
    let mut answer = store.ping().await;
    while answer.is_err() {
        tokio::task::yield_now().await;
        answer = store.ping().await;
    }
    write(&store, vec![increment("count", 1)]).await;
    assert_eq!(redis.replica.cli(&["GET", "count"]), "2");
    let unknown = redis.url().replace("/events", "/others");
    assert_eq!(
        reason(&crate::harness::store(&unknown).ping().await),
        Reason::SourceUnavailable
    );
    let not_a_sentinel = format!("redis-sentinel://127.0.0.1:{}/events", redis.replica.port);
    assert_eq!(
        reason(&crate::harness::store(&not_a_sentinel).ping().await),
        Reason::SourceUnavailable
    );
}

#[tokio::test]
async fn addresses_that_lead_nowhere() {
    let nowhere = store(&format!(
        "redis://127.0.0.1:{}",
        crate::support::redis::server::free_port()
    ));
    assert_eq!(reason(&nowhere.ping().await), Reason::SourceUnavailable);
    let values = nowhere.values(&texts(&["a", "b"])).await;
    assert!(values.iter().all(|value| reason(value) == Reason::SourceUnavailable));
    for url in [
        "",
        "redis",
        "http://x",
        "redis-sentinel://a",
        "redis://:hunter2@host:notaport",
    ] {
        let refused = RedisStore::new(RedisOptions::new(url));
        assert_eq!(reason(&refused), Reason::SourceUnavailable, "{url}");
        assert!(!format!("{refused:?}").contains("hunter2"));
    }
}
