//! Unions of sketches: counted by the server where they are small, else fetched in chunks and merged here while the next
//! chunk is on its way.
//!
//! PFCOUNT of several dense keys unpacks and merges them on the server's one thread, for every union anew. Fetching costs the
//! server a copy; each key is fetched once for all its unions, and the merging is done by another processor.

use std::mem;

use futures_util::{StreamExt, stream};
use redis::Value;

use super::counting;
use super::read::{AHEAD, commands, unforeseen};
use super::router::{Answer, Router};
use crate::measure::{Failure, Reason};
use crate::sketch::{SketchError, UnionBuilder};
use crate::source::event_store::{Union, UnionAnswer, Unions};

/// Keys of one round trip: some 1.2 MB where the sketches are dense.
const CHUNK: usize = 100;
/// Unions that may grow at once, 16 KiB each.
const WINDOW: usize = 2_048;

type UnionResult = Result<UnionAnswer, Failure>;

pub(super) async fn unions(router: &Router, ask: &Unions) -> Vec<UnionResult> {
    let counted = counting::counts(router, ask).await;
    let mut answers: Vec<Option<UnionResult>> = vec![None; ask.unions.len()];
    for (place, answer) in counted {
        if let Some(slot) = answers.get_mut(place) {
            *slot = Some(Ok(answer));
        }
    }
    // The largest first: the keys of one then come one after the other, and it is finished soon.
    let open = answers.iter().enumerate().filter(|(_, answer)| answer.is_none());
    let mut order: Vec<usize> = open.map(|(place, _)| place).collect();
    let size = |place: usize| ask.unions.get(place).map_or(0, |union| union.keys.len());
    order.sort_by_key(|&place| std::cmp::Reverse(size(place)));
    for window in order.chunks(WINDOW) {
        let asked: Vec<&Union> = window.iter().filter_map(|&place| ask.unions.get(place)).collect();
        let results = fetch_and_merge(router, &ask.keys, &asked).await;
        for (&place, result) in window.iter().zip(results) {
            if let Some(slot) = answers.get_mut(place) {
                *slot = Some(result);
            }
        }
    }
    let unfinished = || Err(defect("a union was not finished"));
    answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(unfinished))
        .collect()
}

/// A key to fetch, and the unions that it belongs to.
struct Fetch {
    key: String,
    users: Vec<usize>,
}

/// A key's answer, and the unions that it belongs to.
struct Fetched {
    fetch: Fetch,
    answer: Answer,
}

async fn fetch_and_merge(router: &Router, keys: &[String], unions: &[&Union]) -> Vec<UnionResult> {
    let (fetches, mut merger) = plan(keys, unions);
    let mut chunks: Vec<Vec<Fetch>> = Vec::new();
    let mut fetches = fetches.into_iter().peekable();
    while fetches.peek().is_some() {
        chunks.push(fetches.by_ref().take(CHUNK).collect());
    }
    let chunks: Vec<_> = chunks.into_iter().map(|chunk| fetch(router, chunk)).collect();
    let mut arriving = stream::iter(chunks).buffered(AHEAD);
    let mut arrived = arriving.next().await;
    while let Some(chunk) = arrived {
        let work = tokio::task::spawn_blocking(move || merger.take_in(chunk));
        let (next, done) = tokio::join!(arriving.next(), work);
        merger = match done {
            Ok(merger) => merger,
            Err(_) => return unions.iter().map(|_| Err(defect("merging sketches failed"))).collect(),
        };
        arrived = next;
    }
    merger.finish()
}

async fn fetch(router: &Router, chunk: Vec<Fetch>) -> Vec<Fetched> {
    let keys: Vec<&str> = chunk.iter().map(|fetch| fetch.key.as_str()).collect();
    let answers = router.send(commands(&keys, "GET")).await;
    let fetched = chunk.into_iter().zip(answers);
    fetched.map(|(fetch, answer)| Fetched { fetch, answer }).collect()
}

/// Each key once, in the order of its first use, and the unions as they begin.
fn plan(keys: &[String], unions: &[&Union]) -> (Vec<Fetch>, Merger) {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); keys.len()];
    let mut order = Vec::new();
    let mut growing = Vec::with_capacity(unions.len());
    for (place, union) in unions.iter().enumerate() {
        let mut state = State::Waiting;
        let mut missing = 0;
        for &key in &union.keys {
            match users.get_mut(key) {
                // A key that is named twice by one union counts once.
                Some(users) if users.last() == Some(&place) => {}
                Some(users) => {
                    if users.is_empty() {
                        order.push(key);
                    }
                    users.push(place);
                    missing += 1;
                }
                None => state = State::Done(Err(defect("a union names a key that is not asked for"))),
            }
        }
        if missing == 0 && matches!(state, State::Waiting) {
            state = State::Done(Ok(answer_of(&UnionBuilder::new(), union.wants_sketch)));
        }
        growing.push(Growing {
            missing,
            wants_sketch: union.wants_sketch,
            state,
        });
    }
    let fetches = order.into_iter().filter_map(|key| {
        let users = users.get_mut(key).map(mem::take)?;
        let key = keys.get(key)?.clone();
        Some(Fetch { key, users })
    });
    let fetches = fetches.collect();
    let merger = Merger {
        growing,
        spare: Vec::new(),
    };
    (fetches, merger)
}

/// Unions that grow as their keys arrive.
struct Merger {
    growing: Vec<Growing>,
    /// Memory of unions that are done.
    spare: Vec<UnionBuilder>,
}

struct Growing {
    /// Keys that have not arrived.
    missing: usize,
    wants_sketch: bool,
    state: State,
}

enum State {
    Waiting,
    Merging(UnionBuilder),
    Done(UnionResult),
}

impl Merger {
    fn take_in(mut self, chunk: Vec<Fetched>) -> Merger {
        for Fetched { fetch, answer } in chunk {
            for &place in &fetch.users {
                if let Some(growing) = self.growing.get_mut(place) {
                    growing.take_in(&fetch.key, &answer, &mut self.spare);
                }
            }
        }
        self
    }

    fn finish(self) -> Vec<UnionResult> {
        let result = |growing: Growing| match growing.state {
            State::Done(result) => result,
            State::Waiting | State::Merging(_) => Err(defect("a union was not finished")),
        };
        self.growing.into_iter().map(result).collect()
    }
}

impl Growing {
    fn take_in(&mut self, key: &str, answer: &Answer, spare: &mut Vec<UnionBuilder>) {
        self.missing = self.missing.saturating_sub(1);
        let mut union = match mem::replace(&mut self.state, State::Waiting) {
            State::Done(result) => {
                self.state = State::Done(result);
                return;
            }
            State::Merging(union) => union,
            State::Waiting => spare.pop().unwrap_or_default(),
        };
        self.state = match add(&mut union, key, answer) {
            Ok(()) if self.missing > 0 => State::Merging(union),
            result => {
                let answer = result.map(|()| answer_of(&union, self.wants_sketch));
                union.clear();
                spare.push(union);
                State::Done(answer)
            }
        };
    }
}

fn add(union: &mut UnionBuilder, key: &str, answer: &Answer) -> Result<(), Failure> {
    match answer {
        Ok(Value::Nil) => Ok(()),
        Ok(Value::BulkString(bytes)) => union
            .add_redis_bytes(bytes)
            .map_err(|error| no_sketch(key, bytes, &error)),
        Ok(_) => Err(unforeseen(key)),
        Err(refusal) => Err(refusal.of_key(key)),
    }
}

fn answer_of(union: &UnionBuilder, wants_sketch: bool) -> UnionAnswer {
    if wants_sketch {
        UnionAnswer::Sketch(Box::new(union.to_sketch()))
    } else {
        UnionAnswer::Count(union.count())
    }
}

/// Bytes that do not even begin like a sketch are somebody else's.
pub(super) fn no_sketch(key: &str, bytes: &[u8], error: &SketchError) -> Failure {
    if bytes.starts_with(b"HYLL") {
        Failure::new(Reason::CorruptSketch, format!("{key:?}: {error}"))
    } else {
        Failure::new(
            Reason::WrongKeyType,
            format!("{key:?}: the key holds a string that is no sketch"),
        )
    }
}

fn defect(what: &str) -> Failure {
    Failure::new(Reason::Panic, what)
}
