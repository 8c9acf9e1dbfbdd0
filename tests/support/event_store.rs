//! What every event store must do, as checks over the trait; a test crate runs them all against a store of its own with
//! `event_store_checks!`.
#![allow(
    unused_macros,
    unused_imports,
    reason = "crates without an event store make no tests of these checks"
)]

use std::collections::BTreeMap;
use std::time::Duration;

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

async fn answers(store: &dyn EventStore, writes: Vec<Write>) -> Vec<Result<(), Failure>> {
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
fn assert_near(text: &str, sum: f64) {
    let difference = (text.parse::<f64>().unwrap() - sum).abs();
    assert!(difference < 1e-12, "{text} is not {sum}");
}

fn reason<T: std::fmt::Debug>(answer: Result<T, Failure>) -> Reason {
    answer.unwrap_err().reason
}

pub async fn counters_rise(store: &dyn EventStore) {
    write(store, vec![increment("{a}_total", 1), increment("{b}_total", 5)]).await;
    write(store, vec![increment("{a}_total", 2), increment("{a}_total", -1)]).await;
    assert_eq!(text(store, "{a}_total").await, "2");
    assert_eq!(text(store, "{b}_total").await, "5");
}

pub async fn an_overflow_fails_its_write_alone(store: &dyn EventStore) {
    let writes = vec![
        increment("{a}", i64::MAX),
        increment("{a}", 1),
        increment("{a}", -1),
        increment_field("{h}", "f", i64::MIN),
        increment_field("{h}", "f", -1),
        increment_field("{h}", "g", 1),
    ];
    let answers = answers(store, writes).await;
    let failed: Vec<bool> = answers.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, true, false, false, true, false]);
    assert_eq!(reason(answers[1].clone()), Reason::Overflow);
    assert_eq!(reason(answers[4].clone()), Reason::Overflow);
    assert_eq!(text(store, "{a}").await, (i64::MAX - 1).to_string());
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
