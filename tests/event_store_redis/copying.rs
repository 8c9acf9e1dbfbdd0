//! Pages out of one store, into another, however often.

use std::collections::BTreeMap;

use service_ping::keyspace::{Change, Life, Write};
use service_ping::source::event_store::{Content, Entry, EventStore, RedisStore};

use crate::harness::{WEEKS, add, increment, store, write};
use crate::support::redis::cluster::RedisCluster;
use crate::support::redis::server::Redis;

async fn all(store: &RedisStore) -> BTreeMap<String, Entry> {
    let (mut entries, mut cursor) = (BTreeMap::new(), None);
    loop {
        let page = store.page(cursor).await.unwrap();
        entries.extend(page.entries.into_iter().map(|entry| (entry.key.clone(), entry)));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return entries,
        }
    }
}

async fn copy(from: &RedisStore, to: &RedisStore) {
    let entries: Vec<Entry> = all(from).await.into_values().collect();
    to.absorb(&from.identity().await.unwrap(), &entries).await.unwrap();
}

fn sample() -> Vec<Write> {
    let mut writes: Vec<Write> = (0..700)
        .map(|number| increment(&format!("{{e{number}}}-total"), number))
        .collect();
    writes.extend([
        add("{s}-sparse", 0..100),
        add("{s}-dense", 0..9_000),
        Write {
            key: "USAGE_SUM{x}".to_owned(),
            change: Change::IncrementFloat(2.5),
            life: Life::Fixed(WEEKS),
        },
        Write {
            key: "{h}".to_owned(),
            change: Change::IncrementField {
                field: "a".to_owned(),
                by: 4,
            },
            life: Life::Forever,
        },
        increment("USAGE_OLD", 11),
    ]);
    writes
}

#[tokio::test]
async fn pages_hold_events_and_nothing_else() {
    let redis = Redis::start();
    let store = store(&redis.url());
    write(&store, sample()).await;
    store.identity().await.unwrap();
    redis.cli(&["SET", "{foreign}", "words"]);
    redis.cli(&["HSET", "{foreign}-hash", "a", "words"]);
    redis.cli(&["LPUSH", "{foreign}-list", "1"]);
    redis.cli(&["SET", "session", "1"]);
    let entries = all(&store).await;
    assert_eq!(entries.len(), sample().len());
    assert_eq!(entries["USAGE_OLD"].content, Content::Counter(11));
    assert_eq!(entries["USAGE_SUM{x}"].content, Content::Sum(2.5));
    assert!(entries["USAGE_SUM{x}"].lives.unwrap() <= WEEKS);
    assert_eq!(entries["USAGE_OLD"].lives, None);
    let Content::Sketch(sketch) = &entries["{s}-dense"].content else {
        panic!()
    };
    assert_eq!(sketch.count().to_string(), redis.cli(&["PFCOUNT", "{s}-dense"]));
}

#[tokio::test]
async fn a_copy_changes_nothing_the_second_time_and_adds_what_is_new() {
    let (here, there) = (Redis::start(), Redis::start());
    let (from, to) = (store(&here.url()), store(&there.url()));
    write(&from, sample()).await;
    write(&to, vec![increment("{e5}-total", 100), add("{s}-dense", 8_000..12_000)]).await;
    write(&to, vec![add("whole", 0..12_000)]).await;
    let expected = there.cli(&["PFCOUNT", "whole"]);
    for _ in 0..3 {
        copy(&from, &to).await;
        assert_eq!(there.cli(&["GET", "{e5}-total"]), "105");
        assert_eq!(there.cli(&["GET", "USAGE_SUM{x}"]), "2.5");
        assert_eq!(there.cli(&["HGET", "{h}", "a"]), "4");
        assert_eq!(there.cli(&["PFCOUNT", "{s}-dense"]), expected);
    }
    assert!(there.cli(&["TTL", "{s}-sparse"]).parse::<i64>().unwrap() > 1_000);
    assert_eq!(there.cli(&["TTL", "{e5}-total"]), "-1");
    write(&from, vec![increment("{e5}-total", 1), increment("USAGE_OLD", 1)]).await;
    copy(&from, &to).await;
    assert_eq!(there.cli(&["GET", "{e5}-total"]), "106");
    assert_eq!(there.cli(&["GET", "USAGE_OLD"]), "12");
    // What the origin lost is lost there alone.
    here.cli(&["SET", "USAGE_OLD", "2"]);
    copy(&from, &to).await;
    assert_eq!(there.cli(&["GET", "USAGE_OLD"]), "12");
}

#[tokio::test]
async fn merged_bytes_are_those_of_pfmerge() {
    let (here, there) = (Redis::start(), Redis::start());
    let (from, to) = (store(&here.url()), store(&there.url()));
    write(&from, vec![add("{s}", 0..9_000)]).await;
    write(&to, vec![add("{s}", 7_000..15_000)]).await;
    there.set_bytes("{s}-theirs", &here.bytes("{s}"));
    there.cli(&["PFMERGE", "{s}-expected", "{s}", "{s}-theirs"]);
    there.cli(&["DEL", "{s}-theirs"]);
    copy(&from, &to).await;
    assert_eq!(there.cli(&["PFCOUNT", "{s}"]), there.cli(&["PFCOUNT", "{s}-expected"]));
    assert_eq!(there.bytes("{s}"), there.bytes("{s}-expected"));
}

#[tokio::test]
async fn a_cluster_is_copied_to_a_server_and_back() {
    let (cluster, single) = (RedisCluster::start(), Redis::start());
    let (from, to) = (store(&cluster.url()), store(&single.url()));
    write(&from, sample()).await;
    copy(&from, &to).await;
    let contents = |entries: BTreeMap<String, Entry>| -> Vec<(String, Content)> {
        entries.into_values().map(|entry| (entry.key, entry.content)).collect()
    };
    assert_eq!(contents(all(&from).await), contents(all(&to).await));
    copy(&to, &from).await;
    copy(&to, &from).await;
    assert_eq!(cluster.cli(&["GET", "{e5}-total"]), "10");
    assert_eq!(
        cluster.cli(&["PFCOUNT", "{s}-dense"]),
        single.cli(&["PFCOUNT", "{s}-dense"])
    );
}
