//! A batch whose answer is lost is written again, and counts once.

use service_ping::keyspace::Write;
use service_ping::measure::Reason;
use service_ping::source::event_store::{Batch, EventStore};

use crate::harness::{add, increment, reason, store};
use crate::support::redis::proxy::Proxy;
use crate::support::redis::server::Redis;

fn writes() -> Vec<Write> {
    let mut writes: Vec<Write> = (0..600).map(|number| increment(&format!("{{c{number}}}"), 3)).collect();
    writes.push(add("{s}", 0..1_000));
    writes
}

fn expect_once(redis: &Redis) {
    for key in ["{c0}", "{c249}", "{c250}", "{c599}"] {
        assert_eq!(redis.cli(&["GET", key]), "3", "{key}");
    }
    assert_eq!(redis.cli(&["INFO", "keyspace"]).matches("db0:").count(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_got_over_at_once() {
    let redis = Redis::start();
    let proxy = Proxy::start(redis.port, "ZREMRANGEBYRANK");
    let store = store(&proxy.url());
    store.ping().await.unwrap();
    proxy.lose(1);
    let results = store.write(&Batch::new(writes())).await.unwrap();
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(proxy.left(), 0, "an answer was lost");
    expect_once(&redis);
}

#[tokio::test]
async fn the_same_batch_counts_once_however_often_it_is_written() {
    let redis = Redis::start();
    let proxy = Proxy::start(redis.port, "ZREMRANGEBYRANK");
    let batch = Batch::new(writes());
    let store_one = store(&proxy.url());
    proxy.lose(2);
    let lost = store_one.write(&batch).await;
    assert_eq!(reason(&lost), Reason::ConnectionLost);
    expect_once(&redis);
    // By the same writer, and by one that knows nothing of the first attempt.
    for store in [store_one, store(&redis.url())] {
        let results = loop {
            match store.write(&batch).await {
                Ok(results) => break results,
                Err(_) => continue,
            }
        };
        assert!(results.iter().all(Result::is_ok));
        expect_once(&redis);
    }
    store(&redis.url()).write(&Batch::new(writes())).await.unwrap();
    assert_eq!(redis.cli(&["GET", "{c0}"]), "6", "another batch counts again");
}

#[tokio::test]
async fn a_failure_is_told_again() {
    let redis = Redis::start();
    redis.cli(&["LPUSH", "list", "x"]);
    let batch = Batch::new(vec![increment("list", 1), increment("count", 1)]);
    let store = store(&redis.url());
    for _ in 0..2 {
        let results = store.write(&batch).await.unwrap();
        assert_eq!(reason(&results[0]), Reason::WrongKeyType);
        assert!(results[1].is_ok());
    }
    assert_eq!(redis.cli(&["GET", "count"]), "1");
}
