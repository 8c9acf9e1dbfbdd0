//! Any sequence of batches leaves what a simple model of Redis' semantics leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use service_ping::keyspace::{Change, Life, Write};
use service_ping::source::event_store::{Batch, EmbeddedOptions, EventStore};

use crate::place::{Place, StoppedClock};
use crate::support::event_store::{hash, lives, sketch, sketch_of, value};

const KEYS: [&str; 4] = ["{a}", "{b}", "{c}", "{d}"];

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Write>),
    Advance(u64),
}

#[derive(Debug, Clone)]
enum Held {
    /// Quarters, so that sums are exact.
    Number(i64),
    Fields(BTreeMap<String, i64>),
    Set(BTreeSet<i64>),
}

/// What each key holds, and when it expires.
#[derive(Debug, Default)]
struct Model {
    keys: BTreeMap<String, (Held, Option<u64>)>,
    now: u64,
}

impl Model {
    fn advance(&mut self, seconds: u64) {
        self.now += seconds;
        let now = self.now;
        self.keys
            .retain(|_, (_, expiry)| expiry.is_none_or(|expiry| expiry > now));
    }

    /// Whether the write was taken.
    fn write(&mut self, write: &Write) -> bool {
        let before = self.keys.get(&write.key).cloned();
        let expiry = before.as_ref().and_then(|(_, expiry)| *expiry);
        let Some(held) = applied(before.map(|(held, _)| held), &write.change) else {
            return false;
        };
        let expiry = match write.life {
            Life::Forever => expiry,
            Life::Renewed(life) => Some(self.now + life.as_secs()),
            Life::Fixed(life) => expiry.or(Some(self.now + life.as_secs())),
        };
        self.keys.insert(write.key.clone(), (held, expiry));
        true
    }
}

fn applied(held: Option<Held>, change: &Change) -> Option<Held> {
    Some(match (held, change) {
        (None, Change::Increment(by)) => Held::Number(by * 4),
        (Some(Held::Number(number)), Change::Increment(by)) if number % 4 == 0 => Held::Number(number + by * 4),
        (None, Change::IncrementFloat(by)) => Held::Number((by * 4.0) as i64),
        (Some(Held::Number(number)), Change::IncrementFloat(by)) => Held::Number(number + (by * 4.0) as i64),
        (held @ (None | Some(Held::Fields(_))), Change::IncrementField { field, by }) => {
            let mut fields = match held {
                Some(Held::Fields(fields)) => fields,
                _ => BTreeMap::new(),
            };
            *fields.entry(field.clone()).or_default() += by;
            Held::Fields(fields)
        }
        (held @ (None | Some(Held::Set(_))), Change::Add(elements)) => {
            let mut set = match held {
                Some(Held::Set(set)) => set,
                _ => BTreeSet::new(),
            };
            let texts = elements
                .iter()
                .map(|element| String::from_utf8(element.clone()).unwrap());
            set.extend(texts.map(|text| text.parse::<i64>().unwrap()));
            Held::Set(set)
        }
        _ => return None,
    })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (-9_i64..9).prop_map(Change::Increment),
        (-9_i64..9).prop_map(|quarters| Change::IncrementFloat(quarters as f64 / 4.0)),
        ("[fg]?", -9_i64..9).prop_map(|(field, by)| Change::IncrementField { field, by }),
        prop::collection::vec(0_i64..3_000, 0..40)
            .prop_map(|elements| Change::Add(elements.iter().map(|n| n.to_string().into_bytes()).collect())),
    ]
}

fn life() -> impl Strategy<Value = Life> {
    prop_oneof![
        3 => Just(Life::Forever),
        2 => (1_u64..30).prop_map(|seconds| Life::Renewed(Duration::from_secs(seconds))),
        2 => (1_u64..30).prop_map(|seconds| Life::Fixed(Duration::from_secs(seconds))),
    ]
}

fn write() -> impl Strategy<Value = Write> {
    (prop::sample::select(&KEYS[..]), change(), life()).prop_map(|(key, change, life)| Write {
        key: key.to_owned(),
        change,
        life,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::collection::vec(write(), 0..12).prop_map(Step::Write),
        1 => (1_u64..40).prop_map(Step::Advance),
    ]
}

async fn assert_follows_the_model(steps: &[Step]) {
    let clock = StoppedClock::default();
    let place = Place::with(|options| EmbeddedOptions {
        clock: clock.clock(),
        ..options
    });
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Write(writes) => {
                let answers = place.store().write(&Batch::new(writes.clone())).await.unwrap();
                let taken: Vec<bool> = answers.iter().map(Result::is_ok).collect();
                let expected: Vec<bool> = writes.iter().map(|write| model.write(write)).collect();
                assert_eq!(taken, expected, "{writes:?}");
            }
            Step::Advance(seconds) => {
                clock.advance(Duration::from_secs(*seconds));
                model.advance(*seconds);
            }
        }
        assert_equal(place.store(), &model).await;
    }
}

async fn assert_equal(store: &dyn EventStore, model: &Model) {
    for key in KEYS {
        match model.keys.get(key) {
            None => assert_eq!(value(store, key).await, Ok(None)),
            Some((held, expiry)) => {
                assert_holds(store, key, held).await;
                let left = expiry.map(|expiry| Duration::from_secs(expiry - model.now));
                assert_eq!(lives(store, key).await, left, "{key}");
            }
        }
    }
}

async fn assert_holds(store: &dyn EventStore, key: &str, held: &Held) {
    match held {
        Held::Number(quarters) => {
            let text = (*quarters as f64 / 4.0).to_string();
            let text = if text == "-0" { "0".to_owned() } else { text };
            assert_eq!(value(store, key).await, Ok(Some(text)));
        }
        Held::Fields(fields) => assert_eq!(hash(store, key).await.as_ref(), Ok(fields)),
        Held::Set(set) => assert_eq!(sketch(store, key).await.unwrap(), sketch_of(set.iter().copied())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_writes_leave_what_the_model_leaves(steps in prop::collection::vec(step(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(assert_follows_the_model(&steps));
    }
}
