//! What every event store must do, as checks over the trait; a test crate runs them all against a store of its own with
//! `event_store_checks!`.
#![allow(
    unused_macros,
    unused_imports,
    reason = "crates without an event store make no tests of these checks"
)]

mod copying;
mod counting;

use std::collections::BTreeMap;
use std::time::Duration;

pub use copying::*;
pub use counting::*;
use service_ping::keyspace::{Change, Life, Write};
use service_ping::measure::{Failure, Reason};
use service_ping::sketch::HyperLogLog;
use service_ping::source::event_store::{Batch, Content, Entry, EventStore, Union, UnionAnswer, Unions};

/// Makes a test of each check. The argument is an async function that gives a new, empty store in something that has a
/// method `store(&self) -> &dyn EventStore`.
macro_rules! event_store_checks {
    ($open:path) => {
        $crate::support::event_store::event_store_checks!(
            $open,
            counters_rise,
            an_overflow_fails_its_write_alone,
            sums_rise_as_redis_prints_them,
            a_counter_takes_floats,
            hashes_count_by_field,
            sketches_count_and_merge,
            an_absent_key_is_empty,
            a_key_of_another_kind_fails_alone,
            a_batch_is_applied_once,
            keys_live_as_their_writes_say,
            every_text_is_a_key,
            pages_show_every_key,
            absorbing_twice_changes_nothing,
            absorbing_adds_to_what_is_there,
            absorbed_keys_live_as_long_as_the_longer,
            the_identity_stays
        );
    };
    ($open:path, $($check:ident),+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $check() {
            let place = $open().await;
            $crate::support::event_store::$check(place.store()).await;
        })+
    };
}
pub(crate) use event_store_checks;

pub const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

pub fn add(key: &str, elements: impl IntoIterator<Item = i64>) -> Write {
    let elements = elements.into_iter().map(|element| element.to_string().into_bytes());
    forever(key, Change::Add(elements.collect()))
}

pub fn increment(key: &str, by: i64) -> Write {
    forever(key, Change::Increment(by))
}

pub fn increment_float(key: &str, by: f64) -> Write {
    forever(key, Change::IncrementFloat(by))
}

pub fn increment_field(key: &str, field: &str, by: i64) -> Write {
    let field = field.to_owned();
    forever(key, Change::IncrementField { field, by })
}

fn forever(key: &str, change: Change) -> Write {
    Write {
        key: key.to_owned(),
        change,
        life: Life::Forever,
    }
}

pub fn living(life: Life, write: Write) -> Write {
    Write { life, ..write }
}

pub fn sketch_of(elements: impl IntoIterator<Item = i64>) -> HyperLogLog {
    let mut sketch = HyperLogLog::new();
    for element in elements {
        sketch.add_integer(element);
    }
    sketch
}

/// Writes that must all be applied.
pub async fn write(store: &dyn EventStore, writes: Vec<Write>) {
    for answer in answers(store, writes).await {
        answer.unwrap();
    }
}

pub async fn answers(store: &dyn EventStore, writes: Vec<Write>) -> Vec<Result<(), Failure>> {
    store.write(&Batch::new(writes)).await.unwrap()
}

pub async fn value(store: &dyn EventStore, key: &str) -> Result<Option<String>, Failure> {
    store.values(&[key.to_owned()]).await.remove(0)
}

/// The value of a counter or a sum that must be there.
pub async fn text(store: &dyn EventStore, key: &str) -> String {
    value(store, key).await.unwrap().unwrap()
}

pub async fn hash(store: &dyn EventStore, key: &str) -> Result<BTreeMap<String, i64>, Failure> {
    store.hashes(&[key.to_owned()]).await.remove(0)
}

/// The sketch of one key.
pub async fn sketch(store: &dyn EventStore, key: &str) -> Result<HyperLogLog, Failure> {
    let ask = union(&[key], true);
    match store.unions(&ask).await.remove(0)? {
        UnionAnswer::Sketch(sketch) => Ok(*sketch),
        UnionAnswer::Count(count) => panic!("a sketch was asked for, {count} was the answer"),
    }
}

pub fn union(keys: &[&str], wants_sketch: bool) -> Unions {
    Unions {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        unions: vec![Union {
            keys: (0..keys.len()).collect(),
            wants_sketch,
        }],
    }
}

pub async fn count(store: &dyn EventStore, keys: &[&str]) -> u64 {
    match store.unions(&union(keys, false)).await.remove(0).unwrap() {
        UnionAnswer::Count(count) => count,
        UnionAnswer::Sketch(_) => panic!("a count was asked for"),
    }
}

/// All entries by their keys.
pub async fn entries(store: &dyn EventStore) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    let mut cursor = None;
    loop {
        let page = store.page(cursor).await.unwrap();
        entries.extend(page.entries.into_iter().map(|entry| (entry.key.clone(), entry)));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return entries,
        }
    }
}

/// How long a key still lives.
pub async fn lives(store: &dyn EventStore, key: &str) -> Option<Duration> {
    entries(store).await[key].lives
}

/// Redis adds in binary, so that the last digits may be off.
pub fn assert_near(text: &str, sum: f64) {
    let difference = (text.parse::<f64>().unwrap() - sum).abs();
    assert!(difference < 1e-12, "{text} is not {sum}");
}

pub fn reason<T: std::fmt::Debug>(answer: Result<T, Failure>) -> Reason {
    answer.unwrap_err().reason
}
