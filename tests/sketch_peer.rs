//! The sketch against an independent crate that is fed our registers.
//!
//! Its joint estimate is known to be wrong where no register is filled on both sides, so such pairs are left out.
#![cfg(feature = "hyperloglog-rs")]

use hyperloglog_rs::prelude::{EstimatedUnionCardinalities, HyperLogLogTrait, MLE, Precision14};
use service_ping::sketch::{HyperLogLog, MAX_REGISTER, joint};

type Peer = hyperloglog_rs::HyperLogLog<Precision14, 6>;

/// Our registers in the peer's form. It must never see a value above 51, which it would take for an index.
fn peer(sketch: &HyperLogLog) -> Peer {
    let registers: Vec<u32> = sketch.registers().iter().map(|&value| u32::from(value)).collect();
    assert!(registers.iter().all(|&value| value <= u32::from(MAX_REGISTER)));
    Peer::from_registers(&registers)
}

fn sketch_of(elements: std::ops::Range<i64>) -> HyperLogLog {
    let mut sketch = HyperLogLog::new();
    for element in elements {
        sketch.add_integer(element);
    }
    sketch
}

/// Registers alone, so that our estimate cannot use the elements.
fn by_registers(sketch: &HyperLogLog) -> HyperLogLog {
    HyperLogLog::from_registers(&sketch.registers()[..]).unwrap()
}

#[track_caller]
fn assert_close(ours: f64, theirs: f32, relative: f64, absolute: f64) {
    let theirs = f64::from(theirs);
    assert!(
        (ours - theirs).abs() <= relative * theirs.abs() + absolute,
        "{ours} against {theirs}"
    );
}

#[test]
fn the_peers_maximum_likelihood_counts_the_same() {
    for size in [1, 2, 10, 100, 500, 2_000, 10_000, 100_000, 1_000_000] {
        let sketch = sketch_of(0..size);
        let peer = peer(&sketch);
        let likeliest: MLE<3, Peer> = peer.into();
        assert_close(sketch.estimate(), likeliest.estimate_cardinality(), 0.002, 0.01);
    }
}

#[test]
fn the_peers_corrected_estimate_counts_about_the_same() {
    for size in [1, 2, 10, 100, 500, 2_000, 10_000, 100_000, 1_000_000] {
        let sketch = sketch_of(0..size);
        assert_close(sketch.estimate(), peer(&sketch).estimate_cardinality(), 0.01, 0.01);
    }
}

#[test]
fn the_peers_joint_estimate_finds_the_same_parts() {
    let cases = [
        [10, 10, 5],
        [900, 900, 100],
        [5_000, 5_000, 5_000],
        [9_000, 4_000, 1_000],
        [50_000, 50_000, 50_000],
        [90_000, 90_000, 10_000],
        [1_000_000, 30_000, 20_000],
    ];
    for [left_only, right_only, both] in cases {
        let common = sketch_of(0..both);
        let mut left = sketch_of(10_000_000..10_000_000 + left_only);
        let mut right = sketch_of(20_000_000..20_000_000 + right_only);
        left.merge(&common);
        right.merge(&common);
        let ours = joint(&by_registers(&left), &by_registers(&right));
        let (left, right): (MLE<3, Peer>, MLE<3, Peer>) = (peer(&left).into(), peer(&right).into());
        let theirs: EstimatedUnionCardinalities<f32> = left.estimate_union_and_sets_cardinality(&right);
        // The peer works with 32-bit numbers and stops at a thousandth of a deviation.
        let slack = 0.0002 * f64::from(theirs.get_union_cardinality());
        assert_close(ours.both.value, theirs.get_intersection_cardinality(), 0.001, slack);
        assert_close(ours.left_only, theirs.get_left_difference_cardinality(), 0.001, slack);
        assert_close(ours.right_only, theirs.get_right_difference_cardinality(), 0.001, slack);
    }
}
