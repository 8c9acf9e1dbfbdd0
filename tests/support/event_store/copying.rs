//! What a store shows of itself to be copied, and how it takes in what others hold.

use std::collections::BTreeMap;

use service_ping::keyspace::{Life, Write};
use service_ping::source::event_store::{Content, Entry, EventStore};

use super::{
    WEEK, add, assert_near, entries, hash, increment, increment_field, increment_float, lives, living, sketch,
    sketch_of, text, write,
};

pub async fn pages_show_every_key(store: &dyn EventStore) {
    let mut writes: Vec<Write> = (0..1_500).map(|n| increment(&format!("{{{n}}}_total"), n)).collect();
    writes.extend([
        increment_float("{sum}", 0.5),
        increment_field("{hash}", "f", 7),
        add("{sketch}", 0..2_000),
    ]);
    write(store, writes).await;
    let entries = entries(store).await;
    assert_eq!(entries.len(), 1_503);
    for n in 0..1_500 {
        assert_eq!(entries[&format!("{{{n}}}_total")].content, Content::Counter(n));
    }
    assert_eq!(entries["{sum}"].content, Content::Sum(0.5));
    let fields = BTreeMap::from([("f".to_owned(), 7)]);
    assert_eq!(entries["{hash}"].content, Content::Fields(fields));
    let sketch = Box::new(sketch_of(0..2_000));
    assert_eq!(entries["{sketch}"].content, Content::Sketch(sketch));
}

/// One entry of each kind; the greater the number, the more was counted.
fn absorbed(counted: i64) -> Vec<Entry> {
    let entry = |key: &str, content| Entry {
        key: key.to_owned(),
        content,
        lives: None,
    };
    vec![
        entry("{counter}", Content::Counter(counted)),
        entry("{sum}", Content::Sum(counted as f64 / 10.0)),
        entry("{hash}", Content::Fields(BTreeMap::from([("f".to_owned(), counted)]))),
        entry("{sketch}", Content::Sketch(Box::new(sketch_of(0..counted)))),
    ]
}

pub async fn absorbing_twice_changes_nothing(store: &dyn EventStore) {
    for counted in [3, 3, 7, 7] {
        store.absorb("there", &absorbed(counted)).await.unwrap();
    }
    store.absorb("elsewhere", &absorbed(2)).await.unwrap();
    store.absorb("elsewhere", &absorbed(2)).await.unwrap();
    assert_eq!(text(store, "{counter}").await, "9");
    assert_near(&text(store, "{sum}").await, 0.9);
    assert_eq!(hash(store, "{hash}").await.unwrap()["f"], 9);
    assert_eq!(sketch(store, "{sketch}").await.unwrap(), sketch_of(0..7));
}

pub async fn absorbing_adds_to_what_is_there(store: &dyn EventStore) {
    let own = vec![
        increment("{counter}", 100),
        increment_float("{sum}", 0.5),
        increment_field("{hash}", "f", 100),
        increment_field("{hash}", "own", 1),
        add("{sketch}", 1_000..1_010),
    ];
    write(store, own).await;
    store.absorb("there", &absorbed(3)).await.unwrap();
    write(store, vec![increment("{counter}", 1)]).await;
    store.absorb("there", &absorbed(4)).await.unwrap();
    assert_eq!(text(store, "{counter}").await, "105");
    assert_near(&text(store, "{sum}").await, 0.9);
    let fields = [("f", 104), ("own", 1)].map(|(field, value)| (field.to_owned(), value));
    assert_eq!(hash(store, "{hash}").await, Ok(BTreeMap::from(fields)));
    let both = sketch_of((0..4).chain(1_000..1_010));
    assert_eq!(sketch(store, "{sketch}").await.unwrap(), both);
}

pub async fn absorbed_keys_live_as_long_as_the_longer(store: &dyn EventStore) {
    let weeks = |weeks: u32| Some(weeks * WEEK);
    // What the store has, what comes, and what stays, in weeks.
    let cases = [
        ("{new}", None, weeks(1), weeks(1)),
        ("{longer}", Some(weeks(1)), weeks(3), weeks(3)),
        ("{shorter}", Some(weeks(3)), weeks(1), weeks(3)),
        ("{forever}", Some(None), weeks(1), None),
        ("{comes for ever}", Some(weeks(1)), None, None),
    ];
    for (key, own, comes, stays) in cases {
        if let Some(own) = own {
            let life = own.map_or(Life::Forever, Life::Renewed);
            write(store, vec![living(life, increment(key, 1))]).await;
        }
        let entry = Entry {
            key: key.to_owned(),
            content: Content::Counter(1),
            lives: comes,
        };
        store.absorb("there", &[entry]).await.unwrap();
        let lives = lives(store, key).await;
        let is_about = match (lives, stays) {
            (Some(lives), Some(stays)) => lives <= stays && lives > stays - WEEK / 2,
            (lives, stays) => lives == stays,
        };
        assert!(is_about, "{key}: {lives:?}");
    }
}

pub async fn the_identity_stays(store: &dyn EventStore) {
    let identity = store.identity().await.unwrap();
    assert!(!identity.is_empty());
    write(store, vec![increment("{a}", 1)]).await;
    assert_eq!(store.identity().await.unwrap(), identity);
}
