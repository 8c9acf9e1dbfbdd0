//! Several ways of doing the same, timed in turn.

use std::time::Duration;

use crate::Result;
use crate::table::seconds;

/// One way: does the work once, and says how long it took.
pub type Way<'a> = &'a mut dyn FnMut() -> Result<Duration>;

/// The times of one way, a round each.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn median(&self) -> Duration {
        median(self.0.clone())
    }

    /// How many times as long as the other it took: the median of the rounds' own ratios, which a machine that is slower in
    /// one round than in another does not change.
    pub fn over(&self, other: &Times) -> f64 {
        let ratio = |(own, other): (&Duration, &Duration)| own.as_secs_f64() / other.as_secs_f64();
        let mut ratios: Vec<f64> = self.0.iter().zip(&other.0).map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// The times of each, in turn, so that what else the machine does falls on all. Each is done once before, so that
/// none pays for caches that another filled.
pub fn in_turn<const COUNT: usize>(rounds: usize, ways: [Way<'_>; COUNT]) -> Result<[Times; COUNT]> {
    let mut times: [Times; COUNT] = std::array::from_fn(|_| Times::default());
    let mut ways = ways;
    for way in &mut ways {
        way()?;
    }
    for round in 1..=rounds {
        for (way, times) in ways.iter_mut().zip(&mut times) {
            times.0.push(way()?);
        }
        let last: Vec<String> = times
            .iter()
            .filter_map(|times| times.0.last().copied())
            .map(seconds)
            .collect();
        eprintln!("round {round} of {rounds}: {}", last.join(", "));
    }
    Ok(times)
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
