//! How likely a pair of sketches is, for given sizes of what they share and what they do not.
//!
//! Source: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), section "Joint estimation".
//! Elements are spread over the registers as Poisson processes, so that all pairs of registers are independent and alike.
//! With the rates a of A\B, b of B\A and x of A∩B, in elements a register, the two registers of a pair stay at or below j
//! and k with the chance
//!
//! `F(j, k) = exp(−a·2^−j − b·2^−k − x·2^−min(j,k))`, where 2^−51 counts as 0,
//!
//! and the chance of a pair (j, k) is the second difference of F.

use std::array;
use std::cmp::Ordering;

use super::matrix::Matrix;
use super::register::{MAX_REGISTER, Registers, VALUE_BITS};

/// Rates of A\B, B\A and A∩B, in elements a register.
pub(super) type Rates = [f64; 3];

/// A logarithm of a chance with its derivatives by the rates.
#[derive(Clone, Copy)]
pub(super) struct LogChance {
    pub(super) value: f64,
    pub(super) gradient: [f64; 3],
    pub(super) hessian: Matrix,
}

/// What one register, or two equal ones, say of a pair. Where one register is lower than the other, no element of both sets
/// can have lifted the higher one, and the two are independent.
#[derive(Clone, Copy)]
enum Kind {
    LeftLower,
    LeftHigher,
    RightLower,
    RightHigher,
    Equal,
}

const KINDS: [Kind; 5] = [
    Kind::LeftLower,
    Kind::LeftHigher,
    Kind::RightLower,
    Kind::RightHigher,
    Kind::Equal,
];

const VALUES: usize = MAX_REGISTER as usize + 1;

/// How often each thing is said, by kind and by the register's value: all that the likelihood depends on.
pub(super) struct Pairs {
    counts: [[u32; VALUES]; KINDS.len()],
}

impl Pairs {
    pub(super) fn of(left: &Registers, right: &Registers) -> Self {
        let mut counts = [[0; VALUES]; KINDS.len()];
        for (&left, &right) in left.as_array().iter().zip(right.as_array()) {
            for (kind, value) in parts(left, right).into_iter().flatten() {
                counts[kind as usize][usize::from(value)] += 1;
            }
        }
        Pairs { counts }
    }

    /// Whether no register is filled on both sides, which only sets without a common element bring about.
    pub(super) fn are_disjoint(&self) -> bool {
        let filled = |kind: Kind| self.counts[kind as usize][1..].iter().any(|&count| count > 0);
        // Above a register that is lower lies one that is higher, so that these two kinds and the equal ones tell.
        ![Kind::LeftLower, Kind::RightLower, Kind::Equal].into_iter().any(filled)
    }

    /// The logarithm of the chance of all pairs.
    pub(super) fn log_likelihood(&self, rates: &Rates) -> LogChance {
        let mut total = LogChance::CERTAIN;
        for (kind, counts) in KINDS.into_iter().zip(&self.counts) {
            for (value, &count) in (0..).zip(counts).filter(|&(_, &count)| count > 0) {
                total.add(&log_chance(kind, value, rates), f64::from(count));
            }
        }
        total
    }
}

/// Fisher's information of one pair of registers: how sharply it tells the rates.
pub(super) fn information(rates: &Rates) -> Matrix {
    let chances = KINDS.map(|kind| array::from_fn::<_, VALUES, _>(|value| log_chance(kind, value as u8, rates)));
    let plain = chances.map(|values| values.map(|chance| chance.value.exp()));
    let mut information = [[0.0; 3]; 3];
    for (left, right) in (0..=MAX_REGISTER).flat_map(|left| (0..=MAX_REGISTER).map(move |right| (left, right))) {
        let [first, second] =
            parts(left, right).map(|part| part.map(|(kind, value)| (kind as usize, usize::from(value))));
        let chance = [first, second]
            .iter()
            .flatten()
            .fold(1.0, |chance, &(kind, value)| chance * plain[kind][value]);
        if chance < NEVER {
            continue;
        }
        let mut score = [0.0; 3];
        for &(kind, value) in [first, second].iter().flatten() {
            score = array::from_fn(|rate| score[rate] + chances[kind][value].gradient[rate]);
        }
        add_outer(&mut information, &score, chance);
    }
    information
}

/// Pairs that come with a lower chance tell nothing, and their scores may be infinite.
const NEVER: f64 = 1e-18;

/// What a pair of registers says.
fn parts(left: u8, right: u8) -> [Option<(Kind, u8)>; 2] {
    match left.cmp(&right) {
        Ordering::Less => [Some((Kind::LeftLower, left)), Some((Kind::RightHigher, right))],
        Ordering::Greater => [Some((Kind::LeftHigher, left)), Some((Kind::RightLower, right))],
        Ordering::Equal => [Some((Kind::Equal, left)), None],
    }
}

/// The logarithm of the chance that a register, or an equal pair, holds this value.
fn log_chance(kind: Kind, value: u8, rates: &Rates) -> LogChance {
    let who = match kind {
        Kind::LeftLower => [1.0, 0.0, 1.0],
        Kind::LeftHigher => [1.0, 0.0, 0.0],
        Kind::RightLower => [0.0, 1.0, 1.0],
        Kind::RightHigher => [0.0, 1.0, 0.0],
        Kind::Equal => [1.0, 1.0, 1.0],
    };
    let mut chance = log_stays(value, rates, who);
    let reaches = match kind {
        Kind::Equal => log_both_reach(value, rates),
        _ => log_reaches(value, rates, who),
    };
    chance.add(&reaches, 1.0);
    chance
}

/// No element of the kinds that `who` marks with 1 lifts a register above `value`.
fn log_stays(value: u8, rates: &Rates, who: [f64; 3]) -> LogChance {
    if value == MAX_REGISTER {
        return LogChance::CERTAIN;
    }
    let share = share(value);
    LogChance {
        value: -share * dot(rates, &who),
        gradient: who.map(|part| -share * part),
        hessian: [[0.0; 3]; 3],
    }
}

/// Some such element lifts a register to `value`, given that none lifts it above: ln(1 − e^−y).
fn log_reaches(value: u8, rates: &Rates, who: [f64; 3]) -> LogChance {
    if value == 0 {
        return LogChance::CERTAIN;
    }
    let share = share(value);
    let chance = -(-share * dot(rates, &who)).exp_m1();
    let odds_against = (1.0 - chance) / chance;
    let slope = share * odds_against;
    let curvature = -share * slope / chance;
    let hessian = array::from_fn(|row| array::from_fn(|column| curvature * who[row] * who[column]));
    LogChance {
        value: chance.ln(),
        gradient: who.map(|part| slope * part),
        hessian,
    }
}

/// Elements lift both registers to `value`, given that none lifts either above: a common one, or one of each side.
fn log_both_reach(value: u8, rates: &Rates) -> LogChance {
    if value == 0 {
        return LogChance::CERTAIN;
    }
    let share = share(value);
    let [left, right, common] = rates.map(|rate| -(-share * rate).exp_m1());
    let [no_left, no_right, no_common] = rates.map(|rate| (-share * rate).exp());
    let chance = common + no_common * left * right;
    let slopes = [
        share * no_common * no_left * right,
        share * no_common * left * no_right,
        share * no_common * (1.0 - left * right),
    ];
    // Every second derivative but that by a and b is the slope of the rarer kind again.
    let crossed = share * share * no_common * no_left * no_right;
    let [by_left, by_right, by_common] = slopes.map(|slope| -share * slope);
    let second = [
        [by_left, crossed, by_left],
        [crossed, by_right, by_right],
        [by_left, by_right, by_common],
    ];
    let gradient = slopes.map(|slope| slope / chance);
    let hessian =
        array::from_fn(|row| array::from_fn(|column| second[row][column] / chance - gradient[row] * gradient[column]));
    LogChance {
        value: chance.ln(),
        gradient,
        hessian,
    }
}

/// The part of a register's elements that ask for `value`; the last two values have the same.
fn share(value: u8) -> f64 {
    (-f64::from(u32::from(value).min(VALUE_BITS))).exp2()
}

fn dot(left: &[f64; 3], right: &[f64; 3]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn add_outer(matrix: &mut Matrix, vector: &[f64; 3], weight: f64) {
    for (row, &left) in matrix.iter_mut().zip(vector) {
        for (entry, &right) in row.iter_mut().zip(vector) {
            *entry += weight * left * right;
        }
    }
}

impl LogChance {
    const CERTAIN: LogChance = LogChance {
        value: 0.0,
        gradient: [0.0; 3],
        hessian: [[0.0; 3]; 3],
    };

    fn add(&mut self, other: &LogChance, weight: f64) {
        self.value += weight * other.value;
        for (row, entry) in self.gradient.iter_mut().enumerate() {
            *entry += weight * other.gradient[row];
            for (column, entry) in self.hessian[row].iter_mut().enumerate() {
                *entry += weight * other.hessian[row][column];
            }
        }
    }
}

#[cfg(test)]
mod tests;
