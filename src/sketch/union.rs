//! The size of a union.

use super::error_bound::absolute_bound;
use super::hyperloglog::HyperLogLog;

/// A size across several sketches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number of elements, not rounded, never negative.
    pub value: f64,
    /// How far the truth lies from `value` at most, in elements, in at least 99 % of cases.
    pub bound: f64,
}

impl Estimate {
    /// What a sketch that counts so many elements says.
    pub fn of_count(count: u64) -> Estimate {
        let value = count as f64;
        Estimate {
            value,
            bound: absolute_bound(value),
        }
    }

    pub(super) const ZERO: Estimate = Estimate { value: 0.0, bound: 0.0 };

    /// This estimate of a part of what the ceiling estimates: neither the value nor the end of the bound lies above it.
    pub(super) fn below(self, ceiling: &Estimate) -> Self {
        let value = self.value.max(0.0).min(ceiling.value);
        let farthest = value.max(ceiling.value + ceiling.bound - value);
        Estimate {
            value,
            bound: self.bound.min(farthest),
        }
    }
}

/// How many elements are in any of the sets; the value is what PFCOUNT answers for all keys together.
pub fn union(sets: &[&HyperLogLog]) -> Estimate {
    Estimate::of_count(merged(sets).count())
}

/// One sketch of all sets.
pub(super) fn merged(sets: &[&HyperLogLog]) -> HyperLogLog {
    let mut all = HyperLogLog::new();
    for set in sets {
        all.merge(set);
    }
    all
}
