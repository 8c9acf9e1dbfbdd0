//! Servers that go away, that load, or that only read.

use service_ping::measure::Reason;
use service_ping::source::event_store::{Batch, EventStore};

use crate::harness::{add, counts, increment, reason, store, texts, write};
use crate::support::redis::server::{Redis, RedisSettings};
use crate::support::wait::wait_until;

#[tokio::test]
async fn a_server_that_comes_back_is_found_again() {
    let redis = Redis::start();
    let store = store(&redis.url());
    write(&store, vec![increment("count", 1)]).await;
    redis.kill();
    let lost = store.write(&Batch::new(vec![increment("count", 1)])).await;
    assert_eq!(reason(&lost), Reason::SourceUnavailable);
    assert_eq!(reason(&counts(&store, &[&["a"]]).await[0]), Reason::SourceUnavailable);
    redis.start_again();
    write(&store, vec![increment("count", 1)]).await;
    assert_eq!(redis.cli(&["GET", "count"]), "1");
    // A connection that went stale in between is no failure.
    redis.kill();
    redis.start_again();
    assert_eq!(store.values(&texts(&["count"])).await, [Ok(None)]);
}

#[tokio::test]
async fn a_replica_is_read_and_says_why_it_is_not_written() {
    let primary = Redis::start();
    write(&store(&primary.url()), vec![add("{s}", 0..500)]).await;
    let port = primary.port.to_string();
    let replica = Redis::start_with(RedisSettings::with(&["--replicaof", "127.0.0.1", &port]));
    wait_until("the replica to follow", || replica.cli(&["EXISTS", "{s}"]) == "1");
    let store = store(&replica.url());
    assert_eq!(
        counts(&store, &[&["{s}"]]).await[0].clone().unwrap().to_string(),
        primary.cli(&["PFCOUNT", "{s}"])
    );
    for writes in [vec![increment("count", 1)], vec![add("{s}", 0..1)]] {
        let refused = store.write(&Batch::new(writes)).await;
        assert_eq!(reason(&refused), Reason::SourceUnavailable);
        assert!(format!("{refused:?}").contains("primary"));
    }
    assert_eq!(store.identity().await, store.identity().await);
}

#[tokio::test]
async fn a_server_that_loads_is_not_ready() {
    let settings = RedisSettings::with(&[
        "--key-load-delay",
        "20000",
        "--loading-process-events-interval-bytes",
        "1024",
    ]);
    let redis = Redis::start_with(settings);
    redis.cli(&["DEBUG", "POPULATE", "1"]);
    let keys: Vec<String> = (0..3_000)
        .flat_map(|number| [format!("key{number}"), "1".repeat(50)])
        .collect();
    for pairs in keys.chunks(1_000) {
        let mut command = vec!["MSET"];
        command.extend(pairs.iter().map(String::as_str));
        redis.cli(&command);
    }
    redis.cli(&["SAVE"]);
    redis.kill();
    redis.start_unready_again();
    wait_until("the server to load", || {
        redis
            .try_cli(&["GET", "key1"])
            .is_some_and(|answer| answer.starts_with("LOADING"))
    });
    let store = store(&redis.url());
    assert_eq!(
        reason(&store.values(&texts(&["key1"])).await[0]),
        Reason::SourceNotReady
    );
    assert_eq!(reason(&counts(&store, &[&["key1"]]).await[0]), Reason::SourceNotReady);
    assert_eq!(
        reason(&store.write(&Batch::new(vec![increment("n", 1)])).await),
        Reason::SourceNotReady
    );
}
