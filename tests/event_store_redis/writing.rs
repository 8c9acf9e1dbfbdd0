//! Tracking: what redis-cli finds afterwards.

use std::time::Duration;

use service_ping::keyspace::{Change, Life, Write};
use service_ping::measure::Reason;
use service_ping::source::event_store::{Batch, EventStore};

use crate::harness::{WEEKS, add, increment, reason, store, texts, write};
use crate::support::redis::server::Redis;

#[tokio::test]
async fn sketches_equal_those_of_pfadd() {
    let redis = Redis::start();
    let store = store(&redis.url());
    for (key, size) in [("{few}", 3), ("{some}", 301), ("{many}", 4_000)] {
        write(&store, vec![add(key, 0..size / 2), add(key, size / 3..size)]).await;
        let theirs = format!("theirs {key}");
        for slice in (0..size).collect::<Vec<u32>>().chunks(500) {
            let elements: Vec<String> = slice.iter().map(u32::to_string).collect();
            let mut command = vec!["PFADD", &theirs];
            command.extend(elements.iter().map(String::as_str));
            redis.cli(&command);
        }
        assert_eq!(redis.cli(&["PFCOUNT", key]), redis.cli(&["PFCOUNT", &theirs]));
        assert_eq!(redis.cli(&["PFCOUNT", key]), redis.cli(&["PFCOUNT", key, &theirs]));
    }
}

#[tokio::test]
async fn every_kind_of_change_is_applied() {
    let redis = Redis::start();
    let store = store(&redis.url());
    let change = |key: &str, change| Write {
        key: key.to_owned(),
        change,
        life: Life::Forever,
    };
    let field = |field: &str, by| Change::IncrementField {
        field: field.to_owned(),
        by,
    };
    let writes = vec![
        increment("count", 2),
        increment("count", 40),
        change("sum", Change::IncrementFloat(0.5)),
        change("sum", Change::IncrementFloat(0.25)),
        change("fields", field("a", 1)),
        change("fields", field("b", 5)),
        change("fields", field("a", 1)),
    ];
    write(&store, writes).await;
    assert_eq!(redis.cli(&["GET", "count"]), "42");
    assert_eq!(redis.cli(&["GET", "sum"]), "0.75");
    assert_eq!(redis.cli(&["HMGET", "fields", "a", "b"]), "2\n5");
    assert_eq!(redis.cli(&["TTL", "count"]), "-1");
}

fn seconds(text: &str) -> i64 {
    text.parse().unwrap()
}

#[tokio::test]
async fn sketches_renew_their_expiry_and_counters_keep_theirs() {
    let redis = Redis::start();
    let store = store(&redis.url());
    let counter = |life| Write {
        life,
        ..increment("{c}", 1)
    };
    let full = i64::try_from(WEEKS.as_secs()).unwrap();
    for _ in 0..2 {
        write(&store, vec![add("{s}", 0..1_000), counter(Life::Fixed(WEEKS))]).await;
        assert!((full - 30..=full).contains(&seconds(&redis.cli(&["TTL", "{s}"]))));
        assert!((full - 30..=full).contains(&seconds(&redis.cli(&["TTL", "{c}"]))));
    }
    redis.cli(&["EXPIRE", "{s}", "100"]);
    redis.cli(&["EXPIRE", "{c}", "100"]);
    write(&store, vec![add("{s}", 0..1), counter(Life::Fixed(WEEKS))]).await;
    assert!(seconds(&redis.cli(&["TTL", "{s}"])) > 100);
    assert!(seconds(&redis.cli(&["TTL", "{c}"])) <= 100);
    write(&store, vec![counter(Life::Renewed(Duration::from_secs(500)))]).await;
    assert!(seconds(&redis.cli(&["TTL", "{c}"])) > 400);
}

#[tokio::test]
async fn a_key_of_another_kind_fails_its_writes_alone() {
    let redis = Redis::start();
    redis.cli(&["LPUSH", "list", "x"]);
    redis.cli(&["SET", "word", "secret-word"]);
    redis.cli(&["SET", "full", &i64::MAX.to_string()]);
    let store = store(&redis.url());
    let writes = vec![
        add("list", 0..700),
        add("{fine}", 0..700),
        add("word", 0..1),
        increment("list", 1),
        increment("word", 1),
        increment("full", 1),
        increment("count", 1),
    ];
    let results = store.write(&Batch::new(writes)).await.unwrap();
    assert_eq!(reason(&results[0]), Reason::WrongKeyType);
    assert_eq!(reason(&results[2]), Reason::WrongKeyType);
    assert_eq!(reason(&results[3]), Reason::WrongKeyType);
    assert_eq!(reason(&results[4]), Reason::WrongKeyType);
    assert_eq!(reason(&results[5]), Reason::Overflow);
    assert!(results[1].is_ok() && results[6].is_ok());
    assert!(!format!("{results:?}").contains("secret-word"));
    assert_eq!(redis.cli(&["GET", "count"]), "1");
    // What is somebody else's does not come to an end through us.
    assert_eq!(redis.cli(&["TTL", "list"]), "-1");
    assert_eq!(redis.cli(&["TTL", "word"]), "-1");
}

#[tokio::test]
async fn large_batches_arrive_whole() {
    let redis = Redis::start();
    let store = store(&redis.url());
    let keys: Vec<String> = (0..3_000).map(|number| format!("{{event{number}}}-total")).collect();
    let mut writes: Vec<Write> = keys.iter().map(|key| increment(key, 7)).collect();
    writes.extend((0..1_200).map(|number| add(&format!("{{event{number}}}"), 0..2)));
    write(&store, writes).await;
    let values = store.values(&keys).await;
    assert!(
        values
            .iter()
            .all(|value| value.as_ref().unwrap().as_deref() == Some("7"))
    );
    assert_eq!(redis.cli(&["PFCOUNT", "{event1199}"]), "2");
    assert_eq!(store.values(&texts(&["absent"])).await, [Ok(None)]);
}
