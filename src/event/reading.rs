//! All of a run's event measures, read together: each key once, in as few round trips as the store can do.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::join3;
use serde_json::Value;

use crate::measure::{EventMeasure, EventRead, Failure, Number, Reading, Reason};
use crate::sketch::Estimate;
use crate::source::event_store::{EventStore, Union, UnionAnswer, Unions};

/// The readings, in the order of the measures. A key that cannot be read fails the measures that ask for it, and no other.
pub async fn read(store: &dyn EventStore, measures: &[&EventMeasure]) -> Vec<Result<Reading, Failure>> {
    let questions = Questions::of(measures);
    let (values, hashes, unions) = join3(
        store.values(&questions.values.keys),
        store.hashes(&questions.hashes.keys),
        store.unions(&questions.unions),
    )
    .await;
    let answers = Answers {
        values: &values,
        hashes: &hashes,
        unions: &unions,
        questions: &questions,
    };
    let mut next_union = 0;
    let readings = measures.iter().map(|measure| match &measure.read {
        EventRead::Total(keys) => answers.total(keys),
        EventRead::Sum(keys) => answers.sum(keys),
        EventRead::Fields(parts) => answers.fields(parts),
        EventRead::Unique(_) | EventRead::Sketch(_) => {
            next_union += 1;
            answers.union(next_union - 1)
        }
    });
    readings.collect()
}

/// Keys, each once, in the order in which they were first asked for.
#[derive(Default)]
struct Keys {
    keys: Vec<String>,
    places: HashMap<String, usize>,
}

impl Keys {
    fn place(&mut self, key: &str) -> usize {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        let place = self.keys.len();
        self.keys.push(key.to_owned());
        self.places.insert(key.to_owned(), place);
        place
    }
}

/// What the store is asked.
#[derive(Default)]
struct Questions {
    values: Keys,
    hashes: Keys,
    unions: Unions,
}

impl Questions {
    fn of(measures: &[&EventMeasure]) -> Questions {
        let mut questions = Questions::default();
        let mut sketches = Keys::default();
        for measure in measures {
            let asked = measure.keys();
            match &measure.read {
                EventRead::Total(_) | EventRead::Sum(_) => asked.iter().for_each(|key| {
                    questions.values.place(key);
                }),
                EventRead::Fields(_) => asked.iter().for_each(|key| {
                    questions.hashes.place(key);
                }),
                EventRead::Unique(_) | EventRead::Sketch(_) => questions.unions.unions.push(Union {
                    keys: asked.iter().map(|key| sketches.place(key)).collect(),
                    wants_sketch: matches!(measure.read, EventRead::Sketch(_)),
                }),
            }
        }
        questions.unions.keys = sketches.keys;
        questions
    }
}

/// What the store answered.
struct Answers<'a> {
    values: &'a [Result<Option<String>, Failure>],
    hashes: &'a [Result<BTreeMap<String, i64>, Failure>],
    unions: &'a [Result<UnionAnswer, Failure>],
    questions: &'a Questions,
}

impl Answers<'_> {
    fn total(&self, keys: &[String]) -> Result<Reading, Failure> {
        let mut total = Number::Integer(0);
        for key in keys {
            let counter = match self.value(key)? {
                None => 0,
                Some(text) => text.parse().map_err(|_| no_number(key, "a counter"))?,
            };
            total = total.plus(Number::Integer(counter))?;
        }
        Ok(Reading::Number(total))
    }

    fn sum(&self, keys: &[String]) -> Result<Reading, Failure> {
        let mut sum = 0.0;
        for key in keys {
            if let Some(text) = self.value(key)? {
                let value: f64 = text.parse().map_err(|_| no_number(key, "a sum"))?;
                sum += value;
            }
        }
        if !f64::is_finite(sum) {
            return Err(Failure::new(Reason::Overflow, "the sum is no finite number"));
        }
        Ok(Reading::Number(Number::Float(sum)))
    }

    fn fields(&self, parts: &[(String, Vec<String>)]) -> Result<Reading, Failure> {
        let mut objects = serde_json::Map::new();
        for (identifier, keys) in parts {
            let mut totals: BTreeMap<String, i64> = BTreeMap::new();
            for key in keys {
                for (field, count) in self.hash(key)? {
                    let total = totals.entry(field).or_default();
                    *total = total
                        .checked_add(count)
                        .ok_or_else(|| Failure::new(Reason::Overflow, "the sum does not fit into 64 bits"))?;
                }
            }
            let object = totals
                .into_iter()
                .map(|(field, total)| (field, Value::from(total)))
                .collect();
            objects.insert(identifier.clone(), Value::Object(object));
        }
        Ok(Reading::Value(Value::Object(objects)))
    }

    fn union(&self, place: usize) -> Result<Reading, Failure> {
        match self.unions.get(place).cloned().unwrap_or_else(|| Err(unanswered()))? {
            UnionAnswer::Count(count) => Ok(Reading::Estimate(Estimate::of_count(count))),
            UnionAnswer::Sketch(sketch) => Ok(Reading::Sketch(sketch)),
        }
    }

    fn value(&self, key: &str) -> Result<Option<String>, Failure> {
        let place = self.questions.values.places.get(key);
        let answer = place.and_then(|place| self.values.get(*place));
        answer.cloned().unwrap_or_else(|| Err(unanswered()))
    }

    fn hash(&self, key: &str) -> Result<BTreeMap<String, i64>, Failure> {
        let place = self.questions.hashes.places.get(key);
        let answer = place.and_then(|place| self.hashes.get(*place));
        answer.cloned().unwrap_or_else(|| Err(unanswered()))
    }
}

fn no_number(key: &str, wanted: &str) -> Failure {
    Failure::new(Reason::WrongType, format!("the key {key:?} does not hold {wanted}"))
}

fn unanswered() -> Failure {
    Failure::new(Reason::NotRun, "the event store was not asked")
}
