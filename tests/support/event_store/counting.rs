//! What writes leave, and how it is read.

use std::collections::BTreeMap;
use std::time::Duration;

use service_ping::keyspace::Life;
use service_ping::measure::Reason;
use service_ping::source::event_store::{Batch, EventStore, Union, UnionAnswer, Unions};

use super::{
    WEEK, add, answers, count, entries, hash, increment, increment_field, increment_float, lives, living, reason,
    sketch, sketch_of, text, value, write,
};

pub async fn counters_rise(store: &dyn EventStore) {
    write(store, vec![increment("{a}_total", 1), increment("{b}_total", 5)]).await;
    write(store, vec![increment("{a}_total", 2), increment("{a}_total", -1)]).await;
    assert_eq!(text(store, "{a}_total").await, "2");
    assert_eq!(text(store, "{b}_total").await, "5");
}

pub async fn an_overflow_fails_its_write_alone(store: &dyn EventStore) {
    write(
        store,
        vec![increment("{a}", i64::MAX), increment_field("{h}", "f", i64::MIN)],
    )
    .await;
    let writes = vec![
        increment("{a}", 1),
        increment("{b}", 1),
        increment_field("{h}", "f", -1),
        increment_field("{h}", "g", 1),
    ];
    let answers = answers(store, writes).await;
    let failed: Vec<bool> = answers.iter().map(Result::is_err).collect();
    assert_eq!(failed, [true, false, true, false]);
    assert_eq!(reason(answers[0].clone()), Reason::Overflow);
    assert_eq!(reason(answers[2].clone()), Reason::Overflow);
    assert_eq!(text(store, "{a}").await, i64::MAX.to_string());
    assert_eq!(text(store, "{b}").await, "1");
    let fields = BTreeMap::from([("f".to_owned(), i64::MIN), ("g".to_owned(), 1)]);
    assert_eq!(hash(store, "{h}").await, Ok(fields));
}

pub async fn sums_rise_as_redis_prints_them(store: &dyn EventStore) {
    let writes = [10.5, -0.25, 0.0].map(|by| increment_float("{a}", by));
    write(store, writes.to_vec()).await;
    assert_eq!(text(store, "{a}").await, "10.25");
    write(store, vec![increment_float("{b}", 0.1), increment_float("{b}", 0.2)]).await;
    assert_eq!(text(store, "{b}").await, "0.3");
    write(store, vec![increment_float("{c}", 1.5), increment_float("{c}", 1.5)]).await;
    assert_eq!(text(store, "{c}").await, "3");
    let endless = answers(store, vec![increment_float("{a}", f64::INFINITY)]).await;
    assert_eq!(reason(endless[0].clone()), Reason::Overflow);
    assert_eq!(text(store, "{a}").await, "10.25");
}

pub async fn a_counter_takes_floats(store: &dyn EventStore) {
    let writes = vec![increment("{a}", 10), increment_float("{a}", 1.0), increment("{a}", 1)];
    write(store, writes).await;
    assert_eq!(text(store, "{a}").await, "12");
    write(store, vec![increment_float("{a}", 0.5)]).await;
    assert_eq!(text(store, "{a}").await, "12.5");
    let answer = answers(store, vec![increment("{a}", 1)]).await.remove(0);
    assert_eq!(reason(answer), Reason::WrongKeyType);
    assert_eq!(text(store, "{a}").await, "12.5");
}

pub async fn hashes_count_by_field(store: &dyn EventStore) {
    let writes = vec![increment_field("{h}", "one", 1), increment_field("{h}", "", 2)];
    write(store, writes).await;
    write(
        store,
        vec![increment_field("{h}", "one", 4), increment_field("{h}", "new", 1)],
    )
    .await;
    let fields = [("", 2), ("new", 1), ("one", 5)].map(|(field, value)| (field.to_owned(), value));
    assert_eq!(hash(store, "{h}").await, Ok(BTreeMap::from(fields)));
}

pub async fn sketches_count_and_merge(store: &dyn EventStore) {
    for from in [0, 2_000, 4_000] {
        write(store, vec![add("{a}", from..from + 2_500), add("{b}", from..from + 1)]).await;
    }
    write(store, vec![add("{a}", 0..10), add("{empty}", [])]).await;
    let (a, b) = (sketch_of(0..6_500), sketch_of([0, 2_000, 4_000]));
    assert_eq!(sketch(store, "{a}").await.unwrap(), a);
    assert_eq!(sketch(store, "{b}").await.unwrap(), b);
    let ask = Unions {
        keys: ["{a}", "{b}", "{empty}", "{none}"].map(str::to_owned).to_vec(),
        unions: [vec![0, 1], vec![1, 2, 3], vec![], vec![3, 0]]
            .map(|keys| Union {
                keys,
                wants_sketch: false,
            })
            .to_vec(),
    };
    let counts: Vec<UnionAnswer> = store.unions(&ask).await.into_iter().map(Result::unwrap).collect();
    let expected = [a.count(), b.count(), 0, a.count()].map(UnionAnswer::Count);
    assert_eq!(counts, expected);
}

pub async fn an_absent_key_is_empty(store: &dyn EventStore) {
    store.ping().await.unwrap();
    assert_eq!(value(store, "{none}").await, Ok(None));
    assert_eq!(hash(store, "{none}").await, Ok(BTreeMap::new()));
    assert_eq!(count(store, &["{none}"]).await, 0);
    assert_eq!(entries(store).await, BTreeMap::new());
    assert_eq!(store.values(&[]).await, []);
    assert_eq!(store.hashes(&[]).await, []);
    assert_eq!(store.unions(&Unions::default()).await, []);
    assert_eq!(answers(store, Vec::new()).await, []);
}

pub async fn a_key_of_another_kind_fails_alone(store: &dyn EventStore) {
    let one_each = |name: &str| {
        vec![
            increment(name, 1),
            increment_field(name, "f", 1),
            add(name, 0..3),
            increment_float(name, 1.0),
        ]
    };
    let first = ["{number}", "{hash}", "{sketch}"];
    for (place, key) in first.into_iter().enumerate() {
        write(store, vec![one_each(key).remove(place)]).await;
    }
    for (place, key) in first.into_iter().enumerate() {
        let answers = answers(store, one_each(key)).await;
        for (other, answer) in answers.into_iter().enumerate() {
            let fits = other == place || (key == "{number}" && other == 3);
            assert_eq!(answer.is_ok(), fits, "{key} {other}: {answer:?}");
            if !fits {
                assert_eq!(reason(answer), Reason::WrongKeyType);
            }
        }
    }
    let keys = first.map(str::to_owned);
    let values = store.values(&keys).await;
    assert_eq!(values[0], Ok(Some("3".to_owned())));
    assert_eq!(
        [1, 2].map(|place| reason(values[place].clone())),
        [Reason::WrongKeyType; 2]
    );
    let hashes = store.hashes(&keys).await;
    assert_eq!(hashes[1], Ok(BTreeMap::from([("f".to_owned(), 2)])));
    assert_eq!(
        [0, 2].map(|place| reason(hashes[place].clone())),
        [Reason::WrongKeyType; 2]
    );
    let ask = Unions {
        keys: keys.to_vec(),
        unions: [vec![0, 2], vec![2], vec![1]]
            .map(|keys| Union {
                keys,
                wants_sketch: false,
            })
            .to_vec(),
    };
    let unions = store.unions(&ask).await;
    assert_eq!(unions[1], Ok(UnionAnswer::Count(3)));
    assert_eq!(
        [0, 2].map(|place| reason(unions[place].clone())),
        [Reason::WrongKeyType; 2]
    );
}

pub async fn a_batch_is_applied_once(store: &dyn EventStore) {
    write(store, vec![increment_field("{hash}", "f", 1)]).await;
    let batch = Batch::new(vec![
        increment("{a}", 1),
        increment("{hash}", 1),
        increment_float("{s}", 0.5),
        increment_field("{hash}", "f", 1),
        add("{u}", 0..5),
    ]);
    let first = store.write(&batch).await.unwrap();
    assert_eq!(reason(first[1].clone()), Reason::WrongKeyType);
    for _ in 0..3 {
        assert_eq!(store.write(&batch).await.unwrap(), first);
    }
    assert_eq!(text(store, "{a}").await, "1");
    assert_eq!(text(store, "{s}").await, "0.5");
    assert_eq!(hash(store, "{hash}").await.unwrap()["f"], 2);
}

pub async fn keys_live_as_their_writes_say(store: &dyn EventStore) {
    let week = |key: &str, life| living(life, increment(key, 1));
    write(
        store,
        vec![
            week("{forever}", Life::Forever),
            week("{fixed}", Life::Fixed(WEEK)),
            week("{fixed}", Life::Fixed(2 * WEEK)),
            week("{renewed}", Life::Renewed(WEEK)),
            week("{renewed}", Life::Renewed(2 * WEEK)),
            week("{left}", Life::Renewed(WEEK)),
            week("{left}", Life::Forever),
        ],
    )
    .await;
    let about = |lives: Option<Duration>, weeks: u32| {
        let lives = lives.unwrap();
        assert!(lives <= weeks * WEEK && lives > weeks * WEEK - WEEK / 2, "{lives:?}");
    };
    assert_eq!(lives(store, "{forever}").await, None);
    about(lives(store, "{fixed}").await, 1);
    about(lives(store, "{renewed}").await, 2);
    about(lives(store, "{left}").await, 1);
}

pub async fn every_text_is_a_key(store: &dyn EventStore) {
    let keys = [
        "plain", "{a b}", "ümlaut", "quote'\"", "%s\n", "nul\0one", "nul\0two", "*", "[a]?",
    ];
    for (place, key) in keys.into_iter().enumerate() {
        let by = place as i64 + 1;
        write(store, vec![increment(key, by), increment_field("{fields}", key, by)]).await;
    }
    let fields = hash(store, "{fields}").await.unwrap();
    for (place, key) in keys.into_iter().enumerate() {
        let by = place as i64 + 1;
        assert_eq!(text(store, key).await, by.to_string(), "{key:?}");
        assert_eq!(fields[key], by, "{key:?}");
    }
}
