//! What the tests of this crate share.

use std::time::Duration;

use service_ping::keyspace::{Change, Life, Write};
use service_ping::measure::{Failure, Reason};
use service_ping::source::event_store::{Batch, EventStore, RedisOptions, RedisStore, Union, UnionAnswer, Unions};

pub const WEEKS: Duration = Duration::from_secs(6 * 7 * 86_400);

pub fn store(url: &str) -> RedisStore {
    RedisStore::new(RedisOptions::new(url)).unwrap()
}

pub fn add(key: &str, elements: std::ops::Range<u32>) -> Write {
    Write {
        key: key.to_owned(),
        change: Change::Add(elements.map(|element| element.to_string().into_bytes()).collect()),
        life: Life::Renewed(WEEKS),
    }
}

pub fn increment(key: &str, by: i64) -> Write {
    Write {
        key: key.to_owned(),
        change: Change::Increment(by),
        life: Life::Forever,
    }
}

/// Writes, and expects every write to succeed.
pub async fn write(store: &RedisStore, writes: Vec<Write>) {
    for result in store.write(&Batch::new(writes)).await.unwrap() {
        result.unwrap();
    }
}

pub fn texts(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// The counts of unions of keys.
pub async fn counts(store: &RedisStore, unions: &[&[&str]]) -> Vec<Result<u64, Failure>> {
    let mut ask = Unions::default();
    for union in unions {
        let places = union
            .iter()
            .map(|key| match ask.keys.iter().position(|known| known == key) {
                Some(place) => place,
                None => {
                    ask.keys.push((*key).to_owned());
                    ask.keys.len() - 1
                }
            });
        let keys = places.collect();
        ask.unions.push(Union {
            keys,
            wants_sketch: false,
        });
    }
    let answers = store.unions(&ask).await;
    let count = |answer| match answer {
        UnionAnswer::Count(count) => count,
        UnionAnswer::Sketch(_) => panic!("a count was asked for"),
    };
    answers.into_iter().map(|answer| answer.map(count)).collect()
}

pub fn reason<T: std::fmt::Debug>(result: &Result<T, Failure>) -> Reason {
    result.as_ref().unwrap_err().reason
}
