//! Tracking: batches of changes, each applied once however often it is sent.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use futures_util::{StreamExt, stream};
use redis::{Cmd, cmd};

use super::counters::{self, Counters};
use super::refusal::{Refusal, may_pass};
use super::router::{Answer, Command, Router};
use super::slot::slot_of;
use crate::keyspace::{Change, Life};
use crate::measure::Failure;
use crate::source::event_store::Batch;

/// Elements of one PFADD: the server serves others in between.
const SLICE: usize = 300;
/// Slices of one round trip, at most two commands each.
const CHUNK: usize = 500;
/// Round trips under way at once.
const AHEAD: usize = 2;

/// Adds the first slice and sets the expiry, which a plain EXPIRE would also do to a key of another kind.
const ADD: &str = r"
local added = redis.pcall('PFADD', KEYS[1], unpack(ARGV, 3))
if type(added) == 'table' and added.err then return added end
if ARGV[1] == 'renew' or redis.call('TTL', KEYS[1]) == -1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return added
";

type WriteResult = Result<(), Failure>;

/// Writes a batch.
pub(super) async fn write(router: &Router, verified: &Verified, batch: &Batch) -> Result<Vec<WriteResult>, Failure> {
    let mut results: Vec<WriteResult> = vec![Ok(()); batch.writes.len()];
    let sketches = Sketches::of(batch);
    let slices = sketches.slices();
    let chunks: Vec<_> = slices
        .chunks(CHUNK)
        .map(|slices| add(router, verified, slices))
        .collect();
    let failed: Vec<Vec<(usize, Failure)>> = stream::iter(chunks).buffered(AHEAD).collect().await;
    for (place, failure) in failed.into_iter().flatten() {
        if may_pass(failure.reason) {
            return Err(failure);
        }
        for &write in sketches.writes_of(place) {
            set(&mut results, write, &failure);
        }
    }
    for (write, failure) in counters::apply(router, &Counters::of(batch, router), batch).await? {
        set(&mut results, write, &failure);
    }
    Ok(results)
}

fn set(results: &mut [WriteResult], write: usize, failure: &Failure) {
    if let Some(result) = results.get_mut(write) {
        *result = Err(failure.clone());
    }
}

/// The sketches that a batch adds to, each once, however many writes name it.
struct Sketches<'a>(Vec<Sketch<'a>>);

struct Sketch<'a> {
    key: &'a str,
    life: Life,
    elements: Vec<&'a [u8]>,
    writes: Vec<usize>,
}

/// A part of what is added to one sketch.
struct Slice<'a> {
    /// The sketch's place.
    sketch: usize,
    key: &'a str,
    elements: &'a [&'a [u8]],
    /// Only the first slice sets the expiry.
    life: Life,
}

impl<'a> Sketches<'a> {
    fn of(batch: &'a Batch) -> Sketches<'a> {
        let mut sketches: Vec<Sketch<'a>> = Vec::new();
        let mut places: HashMap<(&str, Life), usize> = HashMap::new();
        for (write, wanted) in batch.writes.iter().enumerate() {
            let Change::Add(elements) = &wanted.change else {
                continue;
            };
            let place = *places.entry((&wanted.key, wanted.life)).or_insert_with(|| {
                sketches.push(Sketch {
                    key: &wanted.key,
                    life: wanted.life,
                    elements: Vec::new(),
                    writes: Vec::new(),
                });
                sketches.len() - 1
            });
            if let Some(sketch) = sketches.get_mut(place) {
                sketch.elements.extend(elements.iter().map(Vec::as_slice));
                sketch.writes.push(write);
            }
        }
        Sketches(sketches)
    }

    fn slices(&self) -> Vec<Slice<'_>> {
        let mut slices = Vec::new();
        for (place, sketch) in self.0.iter().enumerate() {
            let (first, rest) = sketch.elements.split_at(sketch.elements.len().min(SLICE));
            let slice = |elements, life| Slice {
                sketch: place,
                key: sketch.key,
                elements,
                life,
            };
            slices.push(slice(first, sketch.life));
            slices.extend(rest.chunks(SLICE).map(|elements| slice(elements, Life::Forever)));
        }
        slices
    }

    fn writes_of(&self, place: usize) -> &[usize] {
        self.0.get(place).map_or(&[], |sketch| &sketch.writes)
    }
}

/// Adds slices in one round trip; gives the places of sketches that failed.
async fn add(router: &Router, verified: &Verified, slices: &[Slice<'_>]) -> Vec<(usize, Failure)> {
    let mut commands = Vec::with_capacity(2 * slices.len());
    let mut asked = Vec::with_capacity(2 * slices.len());
    for slice in slices {
        let slot = slot_of(slice.key);
        for cmd in slice.commands(verified) {
            commands.push(Command { slot, cmd });
            asked.push(slice);
        }
    }
    let answers = router.send(commands).await;
    let mut failed = Vec::new();
    for (slice, answer) in asked.into_iter().zip(answers) {
        match failure_of(slice.key, answer) {
            Some(failure) => {
                verified.remove(slice.key);
                failed.push((slice.sketch, failure));
            }
            None if slice.life != Life::Forever => verified.insert(slice.key),
            None => {}
        }
    }
    failed
}

fn failure_of(key: &str, answer: Answer) -> Option<Failure> {
    answer.err().map(|refusal: Refusal| refusal.of_key(key))
}

impl Slice<'_> {
    fn commands(&self, verified: &Verified) -> impl Iterator<Item = Cmd> {
        let (first, second) = match self.life {
            Life::Forever => (self.plain(), None),
            Life::Renewed(life) if verified.contains(self.key) => {
                let mut expire = cmd("EXPIRE");
                expire.arg(self.key).arg(life.as_secs());
                (self.plain(), Some(expire))
            }
            Life::Renewed(life) => (self.script("renew", life.as_secs()), None),
            Life::Fixed(life) => (self.script("keep", life.as_secs()), None),
        };
        std::iter::once(first).chain(second)
    }

    fn plain(&self) -> Cmd {
        self.with_elements("PFADD", |command| {
            command.arg(self.key);
        })
    }

    fn script(&self, mode: &str, seconds: u64) -> Cmd {
        self.with_elements("EVAL", |command| {
            command.arg(ADD).arg(1).arg(self.key).arg(mode).arg(seconds);
        })
    }

    /// A command that ends with the elements, in memory of about its size.
    fn with_elements(&self, name: &str, begin: impl FnOnce(&mut Cmd)) -> Cmd {
        let bytes: usize = self.elements.iter().map(|element| element.len()).sum();
        let mut command = Cmd::with_capacity(self.elements.len() + 6, bytes + self.key.len() + ADD.len());
        command.arg(name);
        begin(&mut command);
        for element in self.elements {
            command.arg(*element);
        }
        command
    }
}

/// Keys that are known to hold sketches, so that a plain EXPIRE does no harm.
#[derive(Default)]
pub(super) struct Verified {
    hasher: RandomState,
    keys: Mutex<HashSet<u64>>,
}

impl Verified {
    /// Keys that are remembered; then all are forgotten.
    const MOST: usize = 100_000;

    fn contains(&self, key: &str) -> bool {
        self.lock().contains(&self.hasher.hash_one(key))
    }

    fn insert(&self, key: &str) {
        let mut keys = self.lock();
        if keys.len() >= Self::MOST {
            keys.clear();
        }
        keys.insert(self.hasher.hash_one(key));
    }

    fn remove(&self, key: &str) {
        self.lock().remove(&self.hasher.hash_one(key));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
