//! Joint maximum likelihood: what two sketches share.

use std::array;

use super::error_bound::{DEVIATIONS, absolute_bound, collision_allowance};
use super::hyperloglog::HyperLogLog;
use super::likelihood::{LogChance, Pairs, Rates, information};
use super::matrix::{Cholesky, Matrix};
use super::register::REGISTERS;
use super::small_set::SmallSet;
use super::union::{Estimate, merged, union};

/// Two sets in three parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joint {
    /// How many elements are in the first set alone.
    pub left_only: f64,
    /// How many elements are in the second set alone.
    pub right_only: f64,
    /// How many elements are in both.
    pub both: Estimate,
}

/// The sizes of `A\B`, `B\A` and `A∩B`.
///
/// They are exact while both sketches are small and were filled here, element by element (or by merging such sketches), for
/// then they still know their elements. Otherwise they are those that make the registers most likely (Ertl 2017), which
/// errs half as much as inclusion–exclusion does, or less. An intersection of less than about 2 % of the larger set cannot
/// be told from none, and its bound says so.
pub fn joint(left: &HyperLogLog, right: &HyperLogLog) -> Joint {
    match (left.complete_set(), right.complete_set()) {
        (Some(left), Some(right)) => counted(left, right),
        _ => estimated(left, right),
    }
}

/// Sets whose elements are known.
fn counted(left: &SmallSet, right: &SmallSet) -> Joint {
    let both = left.hashes().filter(|&hash| right.contains(hash)).count();
    Joint {
        left_only: (left.len() - both) as f64,
        right_only: (right.len() - both) as f64,
        both: Estimate {
            value: both as f64,
            bound: 0.0,
        },
    }
}

/// Sets of which only registers are known. Where the likelihood has its maximum at the edge, it is not searched for.
fn estimated(left: &HyperLogLog, right: &HyperLogLog) -> Joint {
    let (left_size, right_size) = (left.estimate(), right.estimate());
    let pairs = Pairs::of(&left.dense(), &right.dense());
    if pairs.are_disjoint() {
        return Joint {
            left_only: left_size,
            right_only: right_size,
            both: Estimate::ZERO,
        };
    }
    if left == right {
        return Joint {
            left_only: 0.0,
            right_only: 0.0,
            both: union(&[left]),
        };
    }
    let start = start([left_size, right_size, merged(&[left, right]).estimate()]);
    let rates = maximum(&pairs, start);
    let [left_only, right_only, both] = rates.map(|rate| rate * REGISTERS as f64);
    let smaller = left_size.min(right_size);
    let ceiling = Estimate {
        value: smaller,
        bound: absolute_bound(smaller),
    };
    Joint {
        left_only,
        right_only,
        both: Estimate {
            value: both,
            bound: bound_of_both(&rates),
        }
        .below(&ceiling),
    }
}

/// Rates by inclusion and exclusion, none of them so small that its slope would be lost.
fn start([left, right, union]: [f64; 3]) -> Rates {
    let least = (left.min(right) * 1e-3).max(1.0);
    [union - right, union - left, left + right - union].map(|size| size.max(least) / REGISTERS as f64)
}

/// How many steps the search may take; it needs a dozen, and three times that where a part is empty.
const STEPS: usize = 200;

/// The search ends where a rate multiplied by e would change the logarithm of the likelihood by less than this.
const FLAT: f64 = 1e-7;

/// No step may change a rate by more than this factor's logarithm.
const STRIDE: f64 = 3.0;

/// The rates that make the pairs most likely, found by Newton's method on the rates' logarithms, damped after Levenberg.
fn maximum(pairs: &Pairs, start: Rates) -> Rates {
    let mut logarithms = start.map(f64::ln);
    let mut here = by_logarithms(&pairs.log_likelihood(&start), &start);
    let mut damping = 1e-3;
    for _ in 0..STEPS {
        if here.gradient.iter().all(|slope| slope.abs() < FLAT) || damping > 1e12 {
            break;
        }
        let Some(step) = uphill(&here, damping) else {
            damping *= 10.0;
            continue;
        };
        let next: [f64; 3] = array::from_fn(|part| logarithms[part] + step[part].clamp(-STRIDE, STRIDE));
        let rates = next.map(f64::exp);
        let there = by_logarithms(&pairs.log_likelihood(&rates), &rates);
        if there.value >= here.value {
            (logarithms, here) = (next, there);
            damping /= 10.0;
        } else {
            damping *= 10.0;
        }
    }
    logarithms.map(f64::exp)
}

/// Derivatives by the logarithms of the rates instead of the rates.
fn by_logarithms(chance: &LogChance, rates: &Rates) -> LogChance {
    let gradient = array::from_fn(|row| rates[row] * chance.gradient[row]);
    let mut hessian: Matrix =
        array::from_fn(|row| array::from_fn(|column| rates[row] * rates[column] * chance.hessian[row][column]));
    for (row, slope) in gradient.iter().enumerate() {
        hessian[row][row] += slope;
    }
    LogChance {
        value: chance.value,
        gradient,
        hessian,
    }
}

/// The damped Newton step, where the damping is enough to make it lead uphill.
fn uphill(chance: &LogChance, damping: f64) -> Option<[f64; 3]> {
    let mut matrix = chance.hessian.map(|row| row.map(|entry| -entry));
    for (row, entries) in matrix.iter_mut().enumerate() {
        entries[row] += damping * (entries[row].abs() + f64::MIN_POSITIVE);
    }
    Cholesky::of(&matrix).map(|root| root.solve(chance.gradient))
}

/// How far the intersection may be from its estimate, either way.
fn bound_of_both(rates: &Rates) -> f64 {
    let [left_only, right_only, both] = *rates;
    let registers = REGISTERS as f64;
    let here = DEVIATIONS * deviation_of_both(rates);
    let larger = reach(rates, here, 1.0, left_only.min(right_only));
    let smaller = reach(rates, here, -1.0, both);
    larger.max(smaller) * registers + collision_allowance((left_only + right_only + both) * registers)
}

/// How far beyond the estimate an intersection can be, larger (`direction` 1) or smaller (−1), from which the estimate is
/// still within the deviations that a bound allows.
///
/// The deviation depends on the true rates, and near the edges, where a part is empty, much so: that at the estimate,
/// `here`, would promise too much. So it is taken at the end of the reach, as for Wilson's interval, by iteration. No rate
/// can become negative, which leaves `room`.
fn reach(rates: &Rates, here: f64, direction: f64, room: f64) -> f64 {
    let [left_only, right_only, both] = *rates;
    let mut reach = here;
    for _ in 0..REACH_STEPS {
        let moved = direction * reach.min(room * 0.999);
        let farther = DEVIATIONS * deviation_of_both(&[left_only - moved, right_only - moved, both + moved]);
        if farther <= reach * 1.001 {
            break;
        }
        reach = farther;
    }
    reach
}

/// How often the reach may be drawn out.
const REACH_STEPS: usize = 8;

/// The standard deviation of the intersection's estimate where these are the true rates, in elements a register.
fn deviation_of_both(rates: &Rates) -> f64 {
    let registers = REGISTERS as f64;
    let Some(root) = Cholesky::of(&information(rates)) else {
        return f64::INFINITY;
    };
    let [_, _, variance] = root.solve([0.0, 0.0, 1.0]);
    // The information is about the rate. The number of elements varies about it by itself, as Poisson's do, and that part is
    // not our error.
    ((variance - rates[2]) / registers).max(0.0).sqrt()
}
