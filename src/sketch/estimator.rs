//! Ertl's estimator, as Redis counts with it.
//!
//! Source: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6. It needs no
//! tables and no thresholds: registers that are still zero and those that are saturated are corrected for by the series
//! sigma and tau.

use super::register::{Histogram, REGISTERS, VALUE_BITS};

/// 1 / (2 ln 2), the limit of HyperLogLog's constant for many registers.
const ALPHA: f64 = 0.5 / std::f64::consts::LN_2;

/// The estimated number of distinct elements. It is infinite if every register is saturated, which no set of elements that
/// could be held anywhere brings about.
///
/// The steps are in Redis' order, so that the result is the same to the last bit.
pub(super) fn estimate(histogram: &Histogram) -> f64 {
    let registers = REGISTERS as f64;
    let [zero, middle @ .., saturated] = histogram;
    let mut sum = registers * tau((registers - f64::from(*saturated)) / registers);
    debug_assert_eq!(middle.len(), VALUE_BITS as usize);
    for &count in middle.iter().rev() {
        sum = (sum + f64::from(count)) * 0.5;
    }
    sum += registers * sigma(f64::from(*zero) / registers);
    ALPHA * registers * registers / sum
}

/// x + Σ x^(2^k) 2^(k−1) over k ≥ 1, which corrects for registers that are zero; infinite where all of them are.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let mut weight = 1.0;
    let mut sum = x;
    loop {
        x *= x;
        let previous = sum;
        sum += x * weight;
        weight += weight;
        if sum == previous {
            return sum;
        }
    }
}

/// (1 − x − Σ (1 − x^(2^−k))² 2^−k over k ≥ 1) / 3, which corrects for registers that are saturated.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let mut weight = 1.0;
    let mut sum = 1.0 - x;
    loop {
        x = x.sqrt();
        let previous = sum;
        weight *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * weight;
        if sum == previous {
            return sum / 3.0;
        }
    }
}
