//! Reading: the same numbers as redis-cli's, and each key's failure its own.

use std::collections::BTreeMap;

use service_ping::measure::Reason;
use service_ping::sketch::HyperLogLog;
use service_ping::source::event_store::{EventStore, Union, UnionAnswer, Unions};

use crate::harness::{add, counts, reason, store, texts, write};
use crate::support::redis::server::Redis;

#[tokio::test]
async fn unions_count_what_pfcount_counts() {
    let redis = Redis::start();
    let store = store(&redis.url());
    let keys: Vec<String> = (0..40).map(|number| format!("{{event}}-{number}")).collect();
    let range = |number: u32| number * 37..number * 37 + [1, 90, 800, 9_000][number as usize % 4];
    let writes = (0..40).map(|number| add(&keys[number as usize], range(number)));
    write(&store, writes.collect()).await;
    let mut unions: Vec<Vec<&str>> = keys.iter().map(|key| vec![key.as_str()]).collect();
    unions.extend(keys.windows(4).map(|four| four.iter().map(String::as_str).collect()));
    unions.push(keys.iter().map(String::as_str).collect());
    unions.push(vec!["absent", &keys[2], &keys[2]]);
    unions.push(vec!["absent"]);
    unions.push(vec![]);
    let unions: Vec<&[&str]> = unions.iter().map(Vec::as_slice).collect();
    for (union, count) in unions.iter().zip(counts(&store, &unions).await) {
        let mut command = vec!["PFCOUNT"];
        command.extend(*union);
        let theirs = if union.is_empty() {
            "0".to_owned()
        } else {
            redis.cli(&command)
        };
        assert_eq!(count.unwrap().to_string(), theirs, "{union:?}");
    }
}

#[tokio::test]
async fn a_sketch_that_is_asked_for_has_the_bytes_of_pfmerge() {
    let redis = Redis::start();
    let store = store(&redis.url());
    write(&store, vec![add("a", 0..5_000), add("b", 4_000..4_100)]).await;
    redis.cli(&["PFMERGE", "merged", "a", "b"]);
    let ask = Unions {
        keys: texts(&["a", "b"]),
        unions: vec![Union {
            keys: vec![1, 0],
            wants_sketch: true,
        }],
    };
    let [Ok(UnionAnswer::Sketch(sketch))] = &store.unions(&ask).await[..] else {
        panic!("a sketch was asked for");
    };
    assert_eq!(sketch.to_redis_bytes(), redis.bytes("merged"));
}

#[tokio::test]
async fn a_bad_key_fails_only_the_unions_that_use_it() {
    let redis = Redis::start();
    let store = store(&redis.url());
    write(&store, vec![add("good", 0..3_000), add("sparse", 0..50)]).await;
    redis.cli(&["LPUSH", "list", "x"]);
    redis.cli(&["SET", "word", "secret-word"]);
    let dense = redis.bytes("good");
    let sparse = redis.bytes("sparse");
    redis.set_bytes("cut", &dense[..9_000]);
    redis.set_bytes("cut sparse", &sparse[..sparse.len() - 2]);
    redis.set_bytes("header", b"HYLL");
    let mut high = dense.clone();
    high[16..].fill(0xff);
    redis.set_bytes("high", &high);
    let unions: [&[&str]; 9] = [
        &["good"],
        &["good", "list"],
        &["word"],
        &["cut", "good"],
        &["cut sparse"],
        &["header"],
        &["high"],
        &["good", "sparse"],
        &["list", "cut"],
    ];
    let answers = counts(&store, &unions).await;
    let good: u64 = redis.cli(&["PFCOUNT", "good"]).parse().unwrap();
    assert_eq!(answers[0], Ok(good));
    assert_eq!(
        answers[7].clone().unwrap().to_string(),
        redis.cli(&["PFCOUNT", "good", "sparse"])
    );
    assert_eq!([1, 2].map(|place| reason(&answers[place])), [Reason::WrongKeyType; 2]);
    assert_eq!(
        [3, 4, 5, 6].map(|place| reason(&answers[place])),
        [Reason::CorruptSketch; 4]
    );
    assert!(answers[8].is_err());
    assert!(!format!("{answers:?}").contains("secret-word"));
}

#[tokio::test]
async fn values_and_hashes_fail_key_by_key() {
    let redis = Redis::start();
    redis.cli(&["SET", "count", "42"]);
    redis.cli(&["SET", "sum", "4.5"]);
    redis.cli(&["HSET", "fields", "a", "1", "b", "-2"]);
    redis.cli(&["HSET", "words", "a", "secret-word"]);
    let store = store(&redis.url());
    let values = store.values(&texts(&["count", "fields", "absent", "sum"])).await;
    assert_eq!(values[0], Ok(Some("42".to_owned())));
    assert_eq!(reason(&values[1]), Reason::WrongKeyType);
    assert_eq!(values[2], Ok(None));
    assert_eq!(values[3], Ok(Some("4.5".to_owned())));
    let hashes = store.hashes(&texts(&["count", "fields", "absent", "words"])).await;
    assert_eq!(reason(&hashes[0]), Reason::WrongKeyType);
    let expected = [("a".to_owned(), 1), ("b".to_owned(), -2)];
    assert_eq!(hashes[1], Ok(BTreeMap::from(expected)));
    assert_eq!(hashes[2], Ok(BTreeMap::new()));
    assert_eq!(reason(&hashes[3]), Reason::WrongKeyType);
    assert!(!format!("{hashes:?}").contains("secret-word"));
}

#[tokio::test]
async fn bytes_that_we_wrote_are_redis_own() {
    let redis = Redis::start();
    let mut ours = HyperLogLog::new();
    (0..7_000).for_each(|element| {
        ours.add_integer(element);
    });
    redis.set_bytes("ours", &ours.to_redis_compact_bytes());
    let answers = counts(&store(&redis.url()), &[&["ours"]]).await;
    assert_eq!(answers[0], Ok(ours.count()));
    assert_eq!(redis.cli(&["PFCOUNT", "ours"]), ours.count().to_string());
}
