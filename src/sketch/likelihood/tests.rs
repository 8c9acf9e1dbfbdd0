//! The distribution, its derivatives and its information, each against another way to find it.

use super::*;

const RATES: [Rates; 4] = [
    [1.5, 0.7, 0.3],
    [40.0, 0.01, 3.0],
    [0.02, 0.05, 0.001],
    [6.0, 6.0, 1e-6],
];

fn chance(left: u8, right: u8, rates: &Rates) -> f64 {
    parts(left, right)
        .into_iter()
        .flatten()
        .map(|(kind, value)| log_chance(kind, value, rates).value)
        .sum::<f64>()
        .exp()
}

/// F of this file's head.
fn cumulated(left: u8, right: u8, [a, b, x]: &Rates) -> f64 {
    let share = |value: u8| {
        if value == MAX_REGISTER {
            0.0
        } else {
            (-f64::from(value)).exp2()
        }
    };
    (-a * share(left) - b * share(right) - x * share(left.min(right))).exp()
}

#[test]
fn chances_add_up_to_the_distribution_they_come_from() {
    for rates in &RATES {
        for (left, right) in [(0, 0), (0, 3), (4, 1), (5, 5), (9, 20), (MAX_REGISTER, MAX_REGISTER)] {
            let below = (0..=left)
                .flat_map(|j| (0..=right).map(move |k| chance(j, k, rates)))
                .sum::<f64>();
            let expected = cumulated(left, right, rates);
            assert!(
                (below - expected).abs() < 1e-12,
                "({left}, {right}) at {rates:?}: {below}, not {expected}"
            );
        }
    }
}

#[test]
fn derivatives_are_those_of_finite_differences() {
    for (rates, kind, value) in RATES.iter().flat_map(|rates| {
        KINDS
            .into_iter()
            .flat_map(move |kind| [0, 1, 3, 8, MAX_REGISTER].map(|value| (rates, kind, value)))
    }) {
        let here = log_chance(kind, value, rates);
        for by in 0..3 {
            let step = rates[by] * 1e-6;
            let moved = |sign: f64| {
                let mut rates = *rates;
                rates[by] += sign * step;
                log_chance(kind, value, &rates)
            };
            let (less, more) = (moved(-1.0), moved(1.0));
            // What matters is the slope by the rate's logarithm; rounding blurs what is next to flat.
            let close = |derivative: f64, difference: f64, scale: f64| {
                (derivative * step - difference).abs()
                    <= 1e-4 * (derivative * step).abs() + 1e-13 * scale.abs().max(1.0)
            };
            assert!(
                close(here.gradient[by], (more.value - less.value) / 2.0, here.value),
                "{rates:?} {value} {by}"
            );
            for of in 0..3 {
                let difference = (more.gradient[of] - less.gradient[of]) / 2.0;
                let expected = here.hessian[of][by];
                assert!(
                    close(expected, difference, here.gradient[of]),
                    "{rates:?} {value} {of} {by}"
                );
            }
        }
    }
}

#[test]
fn information_is_the_mean_of_the_squared_score() {
    // The curvature expected is the same as the score's variance, which holds for every distribution.
    let rates = RATES[0];
    let found = information(&rates);
    let mut expected = [[0.0; 3]; 3];
    for (left, right) in (0..=MAX_REGISTER).flat_map(|left| (0..=MAX_REGISTER).map(move |right| (left, right))) {
        for (kind, value) in parts(left, right).into_iter().flatten() {
            let part = log_chance(kind, value, &rates);
            for (row, entries) in expected.iter_mut().enumerate() {
                for (column, entry) in entries.iter_mut().enumerate() {
                    *entry -= chance(left, right, &rates) * part.hessian[row][column];
                }
            }
        }
    }
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }
}
