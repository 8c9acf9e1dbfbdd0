//! Several ways of doing the same, timed in turn.

use std::time::Duration;

use crate::Result;
use crate::table::seconds;

/// One way: does the work once, and says how long it took.
pub type Way<'a> = &'a mut dyn FnMut() -> Result<Duration>;

/// The median time of each, in turn, so that what else the machine does falls on all. Each is done once before, so that
/// none pays for caches that another filled.
pub fn in_turn<const COUNT: usize>(rounds: usize, ways: [Way<'_>; COUNT]) -> Result<[Duration; COUNT]> {
    let mut times: [Vec<Duration>; COUNT] = std::array::from_fn(|_| Vec::new());
    let mut ways = ways;
    for way in &mut ways {
        way()?;
    }
    for round in 1..=rounds {
        for (way, times) in ways.iter_mut().zip(&mut times) {
            times.push(way()?);
        }
        let last: Vec<String> = times
            .iter()
            .filter_map(|times| times.last().copied())
            .map(seconds)
            .collect();
        eprintln!("round {round} of {rounds}: {}", last.join(", "));
    }
    Ok(times.map(median))
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
