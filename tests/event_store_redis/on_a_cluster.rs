//! Redis Cluster: the same answers, wherever a key is and while it moves.

use service_ping::measure::Reason;
use service_ping::source::event_store::{Batch, EventStore};

use crate::harness::{add, counts, increment, reason, store, texts, write};
use crate::support::redis::cluster::RedisCluster;
use crate::support::redis::server::Redis;
use crate::support::wait::wait_until;

#[tokio::test]
async fn a_cluster_answers_as_one_server() {
    let cluster = RedisCluster::start();
    let store = store(&cluster.url());
    let keys: Vec<String> = (0..60).map(|number| format!("{{event{number}}}-2026-01")).collect();
    let mut writes: Vec<_> = keys
        .iter()
        .zip(0..)
        .map(|(key, number)| add(key, number..number * 40 + 1))
        .collect();
    writes.extend((0..60).map(|number| increment(&format!("{{event{number}}}-total"), number)));
    let batch = Batch::new(writes);
    for _ in 0..2 {
        let results = store.write(&batch).await.unwrap();
        assert!(results.iter().all(Result::is_ok));
    }
    let single = Redis::start();
    let other = crate::harness::store(&single.url());
    write(&other, batch.writes.clone()).await;
    let unions: Vec<Vec<&str>> = keys
        .windows(5)
        .map(|keys| keys.iter().map(String::as_str).collect())
        .collect();
    let unions: Vec<&[&str]> = unions.iter().map(Vec::as_slice).collect();
    assert_eq!(counts(&store, &unions).await, counts(&other, &unions).await);
    let totals: Vec<String> = (0..60).map(|number| format!("{{event{number}}}-total")).collect();
    assert_eq!(store.values(&totals).await, other.values(&totals).await);
    for key in &keys {
        assert_eq!(cluster.cli(&["PFCOUNT", key]), single.cli(&["PFCOUNT", key]));
    }
    assert_eq!(cluster.cli(&["GET", "{event7}-total"]), "7");
    wrong_schemes(&cluster, &single).await;
    slots_on_the_move(&cluster).await;
    a_node_is_gone(&cluster).await;
}

async fn wrong_schemes(cluster: &RedisCluster, single: &Redis) {
    let as_single = store(&cluster.nodes[0].url());
    let answers = as_single.values(&texts(&["a", "b", "c", "d", "e", "f"])).await;
    let refused = answers.iter().find(|answer| answer.is_err()).unwrap();
    assert!(format!("{refused:?}").contains("redis-cluster://"));
    let as_cluster = store(&format!("redis-cluster://127.0.0.1:{}", single.port));
    let refused = as_cluster.ping().await;
    assert_eq!(reason(&refused), Reason::SourceUnavailable);
    assert!(format!("{refused:?}").contains("redis://"));
}

/// ASK while a slot is being moved, MOVED once it is.
async fn slots_on_the_move(cluster: &RedisCluster) {
    let store = store(&cluster.url());
    let (here, there) = ("{event3}-total", "{event3}-new");
    assert_eq!(store.values(&texts(&[here])).await, [Ok(Some("3".to_owned()))]);
    let slot = cluster.cli(&["CLUSTER", "KEYSLOT", here]);
    let from = cluster.owner(here);
    let to = cluster.nodes.iter().find(|node| node.port != from.port).unwrap();
    to.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &cluster.id(from)]);
    from.cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &cluster.id(to)]);
    write(&store, vec![add(there, 0..10)]).await;
    assert_eq!(counts(&store, &[&[there]]).await, [Ok(10)]);
    assert_eq!(store.values(&texts(&[here])).await, [Ok(Some("3".to_owned()))]);
    // A counter and the note of its batch are on both nodes: no step of one server can change them now.
    let batch = Batch::new(vec![increment(here, 1)]);
    assert_eq!(reason(&store.write(&batch).await), Reason::SourceNotReady);
    let keys = from.cli(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
    let port = to.port.to_string();
    for key in keys.lines() {
        assert_eq!(from.cli(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]), "OK");
    }
    for node in [to, from] {
        assert_eq!(node.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &cluster.id(to)]), "OK");
    }
    for _ in 0..2 {
        store.write(&batch).await.unwrap()[0].clone().unwrap();
    }
    assert_eq!(to.cli(&["GET", here]), "4");
    assert_eq!(store.values(&texts(&[here])).await, [Ok(Some("4".to_owned()))]);
}

/// The keys of a node that is gone fail, the others do not, until the cluster itself declares itself down.
async fn a_node_is_gone(cluster: &RedisCluster) {
    let store = store(&cluster.url());
    let keys: Vec<String> = (0..60).map(|number| format!("{{event{number}}}-total")).collect();
    let lost = &cluster.nodes[2];
    let is_lost: Vec<bool> = keys.iter().map(|key| cluster.owner(key).port == lost.port).collect();
    assert!(store.values(&keys).await.iter().all(Result::is_ok));
    lost.kill();
    let answers = store.values(&keys).await;
    for (answer, is_lost) in answers.iter().zip(is_lost) {
        assert_eq!(answer.is_err(), is_lost, "{answer:?}");
    }
    wait_until("the cluster to be down", || {
        cluster.nodes[0]
            .cli(&["CLUSTER", "INFO"])
            .contains("cluster_state:fail")
    });
    let answers = store.values(&keys).await;
    assert!(
        answers
            .iter()
            .any(|answer| answer.is_err() && reason(answer) == Reason::SourceNotReady)
    );
    let refused = store.write(&Batch::new(vec![increment("{event1}-total", 1)])).await;
    assert!(refused.is_err());
}
