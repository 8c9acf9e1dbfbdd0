//! How far counts are from the truth, over many trials.

use std::thread;

use service_ping::sketch::{ERROR_BOUND, HyperLogLog, error_bound};

use crate::random::Random;

const TRIALS: u64 = 200;
const SIZES: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];

/// Relative errors, by size and trial.
fn errors(sizes: &'static [usize], trials: u64, fill: fn(&mut HyperLogLog, u64, usize, usize)) -> Vec<Vec<f64>> {
    let trial = move |trial: u64| -> Vec<f64> {
        let mut sketch = HyperLogLog::new();
        let mut filled = 0;
        let relative = |&size: &usize| {
            fill(&mut sketch, trial, filled, size);
            filled = size;
            sketch.count() as f64 / size as f64 - 1.0
        };
        sizes.iter().map(relative).collect()
    };
    let half = move |first: u64| (first..trials).step_by(2).map(trial).collect::<Vec<_>>();
    let other = thread::spawn(move || half(1));
    let mut by_trial = half(0);
    by_trial.extend(other.join().unwrap());
    (0..sizes.len())
        .map(|size| by_trial.iter().map(|errors| errors[size]).collect())
        .collect()
}

fn root_mean_square(errors: &[f64]) -> f64 {
    (errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64).sqrt()
}

fn held(errors: &[f64], bound: f64) -> f64 {
    errors.iter().filter(|error| error.abs() <= bound).count() as f64 / errors.len() as f64
}

/// Hashes drawn at random stand for elements, as only their distribution matters, and one sketch grows through all sizes.
fn fill_with_hashes(sketch: &mut HyperLogLog, trial: u64, from: usize, to: usize) {
    let increments = (from as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = Random((trial << 40).wrapping_add(increments));
    random.add_to(&mut [sketch], to - from);
}

fn fill_with_integers(sketch: &mut HyperLogLog, trial: u64, from: usize, to: usize) {
    let first = trial as i64 * 1_000_000;
    for element in from..to {
        sketch.add_integer(first + element as i64);
    }
}

#[test]
fn the_error_stays_within_one_percent_up_to_a_million_elements() {
    for (errors, size) in errors(&SIZES, TRIALS, fill_with_hashes).iter().zip(SIZES) {
        let worst = errors.iter().fold(0.0_f64, |worst, error| worst.max(error.abs()));
        let deviation = root_mean_square(errors);
        println!(
            "{size}: root mean square {:.2} %, worst {:.2} %",
            deviation * 100.0,
            worst * 100.0
        );
        assert!(deviation <= 0.01, "{size}: {deviation}");
        assert!(worst <= 0.04, "{size}: {worst}");
        assert!(held(errors, error_bound(size as u64)) >= 0.99, "{size}");
        assert!(size < 1_000 || held(errors, ERROR_BOUND) >= 0.99, "{size}");
    }
}

#[test]
fn consecutive_integers_are_as_good_as_random_elements() {
    const SIZES: [usize; 3] = [100, 1_000, 10_000];
    for (errors, size) in errors(&SIZES, TRIALS, fill_with_integers).iter().zip(SIZES) {
        let deviation = root_mean_square(errors);
        println!("{size}: root mean square {:.2} %", deviation * 100.0);
        assert!(deviation <= 0.01, "{size}: {deviation}");
    }
}

/// Sizes at which one, two or three collisions just go beyond a bound of 2.4 %.
#[test]
fn the_bound_of_a_small_count_allows_for_collisions() {
    const SIZES: [usize; 8] = [1, 5, 14, 20, 40, 82, 123, 164];
    let errors = errors(&SIZES, 1_000, fill_with_hashes);
    for (errors, size) in errors.iter().zip(SIZES) {
        assert!(held(errors, error_bound(size as u64) + 1e-12) >= 0.99, "{size}");
    }
    // The bound of large counts would not do here.
    assert!(held(&errors[4], ERROR_BOUND) < 0.97);
}

#[test]
fn bounds_are_none_for_a_handful_and_reach_the_constant() {
    assert_eq!(error_bound(0), 0.0);
    assert_eq!(error_bound(12), 0.0);
    assert_eq!(ERROR_BOUND, 0.024375);
    assert!((error_bound(10_000_000) - ERROR_BOUND).abs() < 1e-6);
}
