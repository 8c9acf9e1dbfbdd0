//! What holds for all sketches.

use proptest::collection::vec;
use proptest::prelude::*;
use service_ping::sketch::{HyperLogLog, MAX_REGISTER, REGISTERS, intersection, joint, union};

use crate::random::{Random, read_back};

/// Sketches of every form: empty, small, on the edge, large, and read back.
fn sketches() -> impl Strategy<Value = HyperLogLog> {
    let sizes = prop_oneof![Just(0), 1..20_usize, 900..1_200_usize, 1_200..20_000_usize];
    // Few seeds, so that sets often share elements.
    (0..4_u64, sizes, any::<bool>()).prop_map(|(seed, size, back)| {
        let mut sketch = HyperLogLog::new();
        Random(seed).add_to(&mut [&mut sketch], size);
        if back { read_back(&sketch) } else { sketch }
    })
}

/// Registers that no ordinary set would leave.
fn odd_registers() -> impl Strategy<Value = HyperLogLog> {
    let ranges = prop_oneof![
        Just(0..=MAX_REGISTER),
        Just(0..=1),
        Just(50..=MAX_REGISTER),
        Just(3..=3),
        Just(0..=33)
    ];
    ranges
        .prop_flat_map(|range| vec(range, REGISTERS))
        .prop_map(|registers| HyperLogLog::from_registers(&registers).unwrap())
}

fn merged(left: &HyperLogLog, right: &HyperLogLog) -> HyperLogLog {
    let mut merged = left.clone();
    merged.merge(right);
    merged
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_is_commutative_associative_and_idempotent(a in sketches(), b in sketches(), c in sketches()) {
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &a), a.clone());
        prop_assert_eq!(merged(&a, &HyperLogLog::new()), a);
    }

    #[test]
    fn merging_takes_the_greater_register(a in sketches(), b in sketches()) {
        let expected: Vec<u8> = a.registers().iter().zip(b.registers().iter()).map(|(a, b)| *a.max(b)).collect();
        prop_assert_eq!(&merged(&a, &b).registers()[..], &expected[..]);
    }

    #[test]
    fn a_union_is_no_smaller_than_its_sets(a in sketches(), b in sketches()) {
        let union = union(&[&a, &b]).value;
        prop_assert!(union >= a.count() as f64 && union >= b.count() as f64);
    }

    #[test]
    fn an_intersection_is_no_larger_than_its_sets(a in sketches(), b in sketches(), c in sketches()) {
        for sets in [&[&a, &b][..], &[&a, &b, &c]] {
            let estimate = intersection(sets);
            for set in sets {
                // A set that knows its elements may know of one more than its registers show.
                prop_assert!(estimate.value <= set.estimate() * 1.03 + 1.0, "{:?} of {:?}", estimate, set);
            }
            prop_assert!(estimate.value >= 0.0 && estimate.bound >= 0.0);
        }
    }

    #[test]
    fn odd_registers_are_estimated_without_a_panic(a in odd_registers(), b in odd_registers(), c in sketches()) {
        for (left, right) in [(&a, &b), (&a, &c), (&c, &b)] {
            let parts = joint(left, right);
            prop_assert!(!parts.both.value.is_nan() && !parts.both.bound.is_nan(), "{:?}", parts);
            prop_assert!(!parts.left_only.is_nan() && !parts.right_only.is_nan(), "{:?}", parts);
        }
        prop_assert!(!intersection(&[&a, &b, &c]).value.is_nan());
    }

    #[test]
    fn a_sketch_survives_redis_bytes(sketch in prop_oneof![sketches(), odd_registers()]) {
        prop_assert_eq!(&HyperLogLog::from_redis_bytes(&sketch.to_redis_bytes()).unwrap(), &sketch);
        prop_assert_eq!(&HyperLogLog::from_redis_bytes(&sketch.to_redis_compact_bytes()).unwrap(), &sketch);
        prop_assert_eq!(&HyperLogLog::from_registers(&sketch.registers()[..]).unwrap(), &sketch);
        if let Some(sparse) = sketch.to_redis_sparse_bytes() {
            prop_assert!(sparse.len() <= 3_000);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_integer_is_its_decimal_text(element in any::<i64>(), shift in 0..64_u32) {
        let element = element >> shift;
        let (mut integer, mut text) = (HyperLogLog::new(), HyperLogLog::new());
        integer.add_integer(element);
        text.add(element.to_string().as_bytes());
        prop_assert_eq!(integer.to_redis_sparse_bytes(), text.to_redis_sparse_bytes(), "{}", element);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        magic in prop_oneof![Just(b"HYLL".to_vec()), vec(any::<u8>(), 0..5)],
        encoding in 0..3_u8,
        rest in vec(any::<u8>(), 0..400),
    ) {
        let bytes = [&magic[..], &[encoding], &rest].concat();
        if let Ok(sketch) = HyperLogLog::from_redis_bytes(&bytes) {
            prop_assert!(sketch.registers().iter().all(|&value| value <= MAX_REGISTER));
            sketch.count();
        }
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_as_registers(
        size in 0..3_000_usize,
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut sketch = HyperLogLog::new();
        Random(9).add_to(&mut [&mut sketch], size);
        let mut bytes = sketch.to_redis_compact_bytes();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(read) = HyperLogLog::from_redis_bytes(&bytes) {
            prop_assert!(read.registers().iter().all(|&value| value <= MAX_REGISTER));
        }
    }
}
