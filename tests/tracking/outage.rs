//! A redis-server that is killed and started again under load: what was accepted is there, and once.

use std::sync::Arc;
use std::time::Duration;

use service_ping::definition::{
    Catalog, DataCategory, DataSource, KeyPath, MetricDefinition, Status, TimeFrame, ValueType,
};
use service_ping::event::{Queued, Tracker, TrackerOptions};
use service_ping::keyspace::{FeatureFlags, KeyRules, Keyspace};
use service_ping::source::event_store::{StoreOptions, open};

use crate::support::redis::server::{Redis, RedisSettings};
use crate::support::wait::wait_until;

pub fn counters(names: &[&str]) -> Arc<Keyspace> {
    let metric = |name: &&str| {
        let options = serde_json::json!({"prefix": "outage", "event": name});
        MetricDefinition {
            key_path: KeyPath::new(&format!("counts.{name}")).unwrap(),
            description: String::new(),
            value_type: ValueType::Number,
            status: Status::Active,
            time_frame: TimeFrame::All,
            data_source: DataSource::Redis,
            data_category: DataCategory::Optional,
            instrumentation_class: Some("RedisMetric".to_owned()),
            options: options.as_object().unwrap().clone(),
            events: Vec::new(),
            fallback: None,
            file: "metrics/test.yml".into(),
            attributes: serde_json::Map::new(),
        }
    };
    let mut catalog = Catalog::default();
    catalog.metrics.extend(names.iter().map(metric));
    Arc::new(Keyspace::of(&catalog, KeyRules::default(), FeatureFlags::default()))
}

/// Counters, because they show a write that is applied twice; every command is on disk before it is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_servers_killed_under_load_lose_only_what_the_queue_dropped() {
    let names = ["a", "b", "c"];
    let redis = Redis::start_with(RedisSettings::with(&["--appendonly", "yes", "--appendfsync", "always"]));
    let store = open(&StoreOptions {
        url: redis.url(),
        ca_file: None,
        timeout: Duration::from_secs(5),
    });
    let options = TrackerOptions {
        capacity: 2_000,
        batch: 50,
        pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(50),
    };
    let tracker = Tracker::start(store.unwrap(), counters(&names), options);
    let (mut accepted, mut dropped) = (0_u64, 0_u64);
    for round in 0..4 {
        for place in 0..6_000 {
            if place == 2_000 {
                wait_until("something was written", || tracker.counts().written > round * 1_000);
                redis.kill();
            }
            match tracker.increment(&format!("outage_{}", names[place % 3]), 1).unwrap() {
                Queued::Waits => accepted += 1,
                Queued::Dropped => dropped += 1,
                Queued::HeldBack(flag) => panic!("{flag}"),
            }
        }
        let tried = tracker.counts().retries;
        wait_until("the writer has met the outage", || tracker.counts().retries > tried);
        redis.start_again();
        tracker.flush().await;
    }
    let counts = tracker.close(Duration::from_secs(30)).await;
    assert_eq!((counts.accepted, counts.dropped), (accepted, dropped));
    assert_eq!((counts.written, counts.abandoned, counts.rejected), (accepted, 0, 0));
    assert!(dropped > 0, "the queue was never full: {counts:?}");
    let stored: u64 = names
        .iter()
        .map(|name| redis.cli(&["GET", &format!("USAGE_OUTAGE_{}", name.to_uppercase())]))
        .map(|text| text.trim().parse::<u64>().unwrap())
        .sum();
    assert_eq!(stored, accepted, "each accepted event is there, and once: {counts:?}");
}
