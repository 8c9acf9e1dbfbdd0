//! The size of an intersection.

use super::hyperloglog::HyperLogLog;
use super::joint::joint;
use super::small_set::SmallSet;
use super::union::{Estimate, merged, union};

/// Beyond this many sets inclusion–exclusion would take minutes, to say nothing at all in the end.
const MOST_SETS: usize = 12;

/// How many elements are in all of the sets.
pub fn intersection(sets: &[&HyperLogLog]) -> Estimate {
    if sets.iter().any(|set| set.is_empty()) {
        return Estimate::ZERO;
    }
    if let Some(complete) = sets.iter().map(|set| set.complete_set()).collect::<Option<Vec<_>>>() {
        return counted(&complete);
    }
    match sets {
        [] => Estimate::ZERO,
        [only] => union(&[only]),
        [left, right] => joint(left, right).both,
        several => included_and_excluded(several),
    }
}

/// Sets whose elements are known.
fn counted(sets: &[&SmallSet]) -> Estimate {
    let Some((first, others)) = sets.split_first() else {
        return Estimate::ZERO;
    };
    let common = first
        .hashes()
        .filter(|&hash| others.iter().all(|set| set.contains(hash)));
    Estimate {
        value: common.count() as f64,
        bound: 0.0,
    }
}

/// |A ∩ B ∩ C …| as the signed sum of |A ∩ (union of some of the others)| over all choices of others, with the smallest set
/// as A.
///
/// That is inclusion–exclusion within A: each term is a joint estimate, which errs less than a difference of three unions,
/// and there are half as many terms. The result lies between nothing and the smallest of the intersections by twos.
fn included_and_excluded(sets: &[&HyperLogLog]) -> Estimate {
    let mut sorted = sets.to_vec();
    sorted.sort_by(|left, right| left.estimate().total_cmp(&right.estimate()));
    let Some((anchor, others)) = sorted.split_first() else {
        return Estimate::ZERO;
    };
    let ceiling = ceiling(anchor, others);
    if sets.len() > MOST_SETS {
        let half = (ceiling.value + ceiling.bound) / 2.0;
        return Estimate {
            value: half,
            bound: half,
        };
    }
    let mut terms = Terms::default();
    terms.add(anchor, &HyperLogLog::new(), others, 1.0);
    Estimate {
        value: terms.sum,
        bound: terms.squared_bounds.sqrt(),
    }
    .below(&ceiling)
}

/// The smallest intersection of the anchor with one of the others, of which the common one is a part.
fn ceiling(anchor: &HyperLogLog, others: &[&HyperLogLog]) -> Estimate {
    let pairs = others.iter().map(|other| joint(anchor, other).both);
    pairs
        .min_by(|left, right| left.value.total_cmp(&right.value))
        .unwrap_or(Estimate::ZERO)
}

/// A signed sum of estimates.
#[derive(Default)]
struct Terms {
    sum: f64,
    squared_bounds: f64,
}

impl Terms {
    /// Adds the intersections of the anchor with every union of `taken` and one or more of the `others`.
    fn add(&mut self, anchor: &HyperLogLog, taken: &HyperLogLog, others: &[&HyperLogLog], sign: f64) {
        for (place, other) in others.iter().enumerate() {
            let union = merged(&[taken, other]);
            let term = joint(anchor, &union).both;
            self.sum += sign * term.value;
            self.squared_bounds += term.bound * term.bound;
            self.add(anchor, &union, &others[place + 1..], -sign);
        }
    }
}
