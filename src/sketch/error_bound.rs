//! How far a count may be from the truth.

use super::register::REGISTERS;

/// Standard errors within which a bound lies: 99.7 % of a normal distribution, so that the promised 99 % also hold for the
/// slightly skewed one of a sketch.
pub(super) const DEVIATIONS: f64 = 3.0;

/// The relative error that a count of a few hundred elements or more stays within in at least 99 % of cases: three times
/// HyperLogLog's standard error 1.04 / √m, with m = 2^14 registers. As a fraction: 0.024375.
///
/// Source: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog" (2007), theorem 1. Smaller counts have a bound of their own:
/// [`error_bound`].
pub const ERROR_BOUND: f64 = DEVIATIONS * STANDARD_ERROR;

/// 1.04 / √(2^14).
const STANDARD_ERROR: f64 = 1.04 / 128.0;

/// The chance, below which a collision of two elements in one register is left out of account.
const NEGLIGIBLE: f64 = 0.005;

/// The relative error that an estimate of `count` elements stays within in at least 99 % of cases, as a fraction.
///
/// Few elements fill registers of their own, and the estimate knows how many registers are filled: its variance is that of
/// linear counting, m (e^t − t − 1) with t = n/m (Whang, Vander-Zanden, Taylor 1990), never more than HyperLogLog's. One
/// whole element is added because collisions come in whole numbers. Up to a dozen elements hardly ever collide at all, and
/// the bound is 0.
pub fn error_bound(count: u64) -> f64 {
    if count == 0 {
        return 0.0;
    }
    absolute_bound(count as f64) / count as f64
}

/// [`error_bound`] in elements.
pub(super) fn absolute_bound(count: f64) -> f64 {
    match collision_allowance(count) {
        0.0 => 0.0,
        allowance => DEVIATIONS * standard_deviation(count) + allowance,
    }
}

/// One element for the whole numbers that collisions come in, or none if so few elements hardly ever collide.
pub(super) fn collision_allowance(count: f64) -> f64 {
    let expected_collisions = count * (count - 1.0) / (2.0 * REGISTERS as f64);
    if expected_collisions < NEGLIGIBLE { 0.0 } else { 1.0 }
}

fn standard_deviation(count: f64) -> f64 {
    let registers = REGISTERS as f64;
    let load = count / registers;
    let linear_counting = (registers * (load.exp_m1() - load)).sqrt();
    linear_counting.min(STANDARD_ERROR * count)
}
