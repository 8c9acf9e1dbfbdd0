//! Unions of small sketches: counted by the server, which has less to do than fetching them would cost.
//!
//! A sparse sketch is read as fast as it is copied, so that nothing is gained by merging it here; a dense one takes the
//! server an order of magnitude longer. Which of both a store holds is told by a sample.

use futures_util::{StreamExt, stream};
use redis::{Value, cmd};

use super::read::{AHEAD, commands};
use super::router::{Answer, Command, Router};
use super::slot::slot_of;
use crate::source::event_store::{Union, UnionAnswer, Unions};

/// Fewer keys are fetched: that takes a moment either way, and finds every damaged one.
const FEW: usize = 200;
/// Keys whose length is asked for.
const SAMPLE: usize = 32;
/// Bytes beyond which a sketch is dense; Redis keeps none above 3,000 sparse unless it is told to.
const DENSE: i64 = 12_000;
/// The part of a sample that may be dense.
const MOST_DENSE: f64 = 0.2;
/// Keys of a union that the server counts: one command keeps all its other clients waiting.
const MOST_KEYS: usize = 64;
/// Unions of one round trip to one node.
const CHUNK: usize = 100;

/// The counts of those unions that the server is better asked for, by their places. What it refuses is not among them:
/// fetching tells which key is to blame.
pub(super) async fn counts(router: &Router, ask: &Unions) -> Vec<(usize, UnionAnswer)> {
    let places = eligible(router, ask);
    if ask.keys.len() < FEW || places.len() < FEW || !are_small(router, &ask.keys).await {
        return Vec::new();
    }
    // Each node has its own thread to keep waiting.
    let nodes = router.primaries().await.map_or(1, |nodes| nodes.len().max(1));
    let chunks = places.chunks(CHUNK * nodes).map(|places| count(router, ask, places));
    let chunks: Vec<_> = chunks.collect();
    let counts: Vec<Vec<_>> = stream::iter(chunks).buffered(AHEAD).collect().await;
    counts.into_iter().flatten().collect()
}

/// Unions that can be one command, and need be no more than a number.
fn eligible(router: &Router, ask: &Unions) -> Vec<usize> {
    let fits = |union: &Union| {
        let counted = !union.wants_sketch && (1..=MOST_KEYS).contains(&union.keys.len());
        counted && (!router.is_cluster() || is_of_one_slot(union, &ask.keys))
    };
    let unions = ask.unions.iter().enumerate();
    unions
        .filter(|(_, union)| fits(union))
        .map(|(place, _)| place)
        .collect()
}

fn is_of_one_slot(union: &Union, keys: &[String]) -> bool {
    let mut slots = union.keys.iter().map(|&key| keys.get(key).map(|key| slot_of(key)));
    let first = slots.next().flatten();
    first.is_some() && slots.all(|slot| slot == first)
}

async fn are_small(router: &Router, keys: &[String]) -> bool {
    let step = (keys.len() / SAMPLE).max(1);
    let sample: Vec<&str> = keys.iter().step_by(step).map(String::as_str).collect();
    let answers = router.send(commands(&sample, "STRLEN")).await;
    let is_dense = |answer: &&Answer| matches!(answer, Ok(Value::Int(length)) if *length >= DENSE);
    let dense = answers.iter().filter(is_dense).count();
    dense as f64 <= answers.len() as f64 * MOST_DENSE
}

async fn count(router: &Router, ask: &Unions, places: &[usize]) -> Vec<(usize, UnionAnswer)> {
    let commands = places.iter().filter_map(|&place| {
        let mut command = cmd("PFCOUNT");
        let mut slot = 0;
        for &key in &ask.unions.get(place)?.keys {
            let key = ask.keys.get(key)?;
            slot = slot_of(key);
            command.arg(key);
        }
        Some((place, Command { slot, cmd: command }))
    });
    let (places, commands): (Vec<usize>, Vec<Command>) = commands.unzip();
    let answers = router.send(commands).await;
    let counted = |(place, answer): (usize, Answer)| match answer {
        Ok(Value::Int(count)) => Some((place, UnionAnswer::Count(u64::try_from(count).ok()?))),
        _ => None,
    };
    places.into_iter().zip(answers).filter_map(counted).collect()
}
