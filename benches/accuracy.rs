//! How far counts and intersections are from the truth, over enough trials to tell: `cargo bench --bench accuracy`.
//!
//! Prints a table; exits 1 where a figure misses its target.

use std::process::ExitCode;
use std::thread;

use service_ping::sketch::{HyperLogLog, error_bound, intersection};

/// SplitMix64: hashes drawn at random stand for elements, as only their distribution matters.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn add_to(&mut self, sketches: &mut [&mut HyperLogLog], count: usize) {
        for _ in 0..count {
            let hash = self.next();
            for sketch in sketches.iter_mut() {
                sketch.add_hash(hash);
            }
        }
    }
}

/// What many trials came to.
#[derive(Default, Clone, Copy)]
struct Trials {
    count: usize,
    squares: f64,
    other_squares: f64,
    held: usize,
}

impl Trials {
    fn add(&mut self, error: f64, other: f64, held: bool) {
        self.count += 1;
        self.squares += error * error;
        self.other_squares += other * other;
        self.held += usize::from(held);
    }

    fn join(mut self, other: Trials) -> Trials {
        self.count += other.count;
        self.squares += other.squares;
        self.other_squares += other.other_squares;
        self.held += other.held;
        self
    }

    fn rms(&self) -> f64 {
        (self.squares / self.count as f64).sqrt()
    }

    fn other_rms(&self) -> f64 {
        (self.other_squares / self.count as f64).sqrt()
    }

    fn held(&self) -> f64 {
        self.held as f64 / self.count as f64
    }
}

/// The trials of two halves, on two processors.
fn on_two(trials: usize, run: impl Fn(std::ops::Range<usize>) -> Trials + Send + Sync) -> Trials {
    thread::scope(|scope| {
        let first = scope.spawn(|| run(0..trials / 2));
        let second = run(trials / 2..trials);
        first.join().map_or(second, |first| first.join(second))
    })
}

fn counts(size: usize, trials: usize) -> Trials {
    on_two(trials, |range| {
        let mut result = Trials::default();
        for trial in range {
            let mut sketch = HyperLogLog::new();
            Random((trial as u64 + 1) << 32).add_to(&mut [&mut sketch], size);
            let error = sketch.count() as f64 / size as f64 - 1.0;
            result.add(error, 0.0, error.abs() <= error_bound(sketch.count()) + 1e-12);
        }
        result
    })
}

/// Two sets of registers alone, as a store gives them back, with these numbers in the first, the second and both.
fn intersections([left_only, right_only, both]: [usize; 3], trials: usize) -> Trials {
    on_two(trials, |range| {
        let mut result = Trials::default();
        for trial in range {
            let mut random = Random(!((trial as u64 + 1) << 32));
            let (mut left, mut right) = (HyperLogLog::new(), HyperLogLog::new());
            random.add_to(&mut [&mut left], left_only);
            random.add_to(&mut [&mut right], right_only);
            random.add_to(&mut [&mut left, &mut right], both);
            let [left, right] = [stored(&left), stored(&right)];
            let estimate = intersection(&[&left, &right]);
            let mut union = left.clone();
            union.merge(&right);
            let excluded = left.estimate() + right.estimate() - union.estimate();
            let error = estimate.value - both as f64;
            result.add(error, excluded - both as f64, error.abs() <= estimate.bound + 1e-9);
        }
        result
    })
}

fn stored(sketch: &HyperLogLog) -> HyperLogLog {
    HyperLogLog::from_redis_bytes(&sketch.to_redis_bytes()).unwrap_or_default()
}

fn main() -> ExitCode {
    let mut missed = 0;
    let mut check = |text: String, met: bool| {
        println!("{text}{}", if met { "" } else { "   MISSED" });
        missed += usize::from(!met);
    };
    println!("{:<34} {:>8} {:>10} {:>8}", "counts", "trials", "RMS error", "held");
    for (size, trials) in [
        (100, 1_000),
        (1_000, 1_000),
        (10_000, 1_000),
        (100_000, 1_000),
        (1_000_000, 1_000),
        (10_000_000, 1_000),
    ] {
        let result = counts(size, trials);
        let met = result.rms() <= 0.0085 && result.held() >= 0.99;
        let (rms, held) = (result.rms() * 100.0, result.held() * 100.0);
        check(format!("{size:<34} {trials:>8} {rms:>9.2}% {held:>7.1}%"), met);
    }
    println!();
    println!(
        "{:<34} {:>8} {:>10} {:>8} {:>12}",
        "intersections", "trials", "RMS error", "held", "incl.-excl."
    );
    // Only in the first, only in the second, in both; the largest RMS error that is allowed, relative to the last.
    for (sizes, allowed) in [
        ([90_000, 90_000, 10_000], Some(0.065)),
        ([50_000, 50_000, 50_000], None),
        ([99_000, 99_000, 1_000], None),
        ([9_900, 9_900, 100], None),
        ([900, 900, 100], None),
        ([900_000, 900_000, 100_000], None),
        ([990_000, 9_000, 1_000], None),
        ([100_000, 100_000, 0], None),
        ([1_000, 1_000, 0], None),
        ([100, 100, 0], None),
        ([0, 10_000, 0], None),
        ([10, 10, 5], None),
    ] {
        let trials = 1_000;
        let result = intersections(sizes, trials);
        let common = (sizes[2] as f64).max(1.0);
        let rms = result.rms() / common;
        let met = allowed.is_none_or(|allowed| rms <= allowed) && result.held() >= 0.99;
        let unit = if sizes[2] == 0 { "" } else { "%" };
        let scale = if sizes[2] == 0 { 1.0 } else { 100.0 };
        let (rms, other) = (rms * scale, result.other_rms() / common * scale);
        let held = result.held() * 100.0;
        check(
            format!(
                "{:<34} {trials:>8} {:>10} {held:>7.1}% {:>12}",
                format!("{sizes:?}"),
                format!("{rms:.1}{unit}"),
                format!("{other:.1}{unit}")
            ),
            met,
        );
    }
    ExitCode::from(u8::from(missed > 0))
}
