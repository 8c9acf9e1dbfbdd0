//! Unions and intersections against sets whose sizes are known.

use service_ping::sketch::{Estimate, HyperLogLog, intersection, joint, union};

use crate::random::{Random, read_back};

/// Two sets with this many elements in the first alone, the second alone and both, known by their registers only.
fn pair(random: &mut Random, [left_only, right_only, both]: [usize; 3]) -> [HyperLogLog; 2] {
    let (mut left, mut right) = (HyperLogLog::new(), HyperLogLog::new());
    random.add_to(&mut [&mut left], left_only);
    random.add_to(&mut [&mut right], right_only);
    random.add_to(&mut [&mut left, &mut right], both);
    [read_back(&left), read_back(&right)]
}

/// |A| + |B| − |A ∪ B|.
fn by_inclusion_and_exclusion(left: &HyperLogLog, right: &HyperLogLog) -> f64 {
    let mut union = left.clone();
    union.merge(right);
    left.estimate() + right.estimate() - union.estimate()
}

struct Trials {
    ours: f64,
    theirs: f64,
    held: f64,
}

/// Root mean square errors of the joint estimate and of inclusion–exclusion, and how often the bound held.
fn trials(random: &mut Random, sizes: [usize; 3], count: usize) -> Trials {
    let mut trials = Trials {
        ours: 0.0,
        theirs: 0.0,
        held: 0.0,
    };
    for _ in 0..count {
        let [left, right] = pair(random, sizes);
        let estimate = intersection(&[&left, &right]);
        let error = estimate.value - sizes[2] as f64;
        let other = by_inclusion_and_exclusion(&left, &right) - sizes[2] as f64;
        trials.ours += error * error / count as f64;
        trials.theirs += other * other / count as f64;
        trials.held += f64::from(u8::from(error.abs() <= estimate.bound)) / count as f64;
    }
    Trials {
        ours: trials.ours.sqrt(),
        theirs: trials.theirs.sqrt(),
        ..trials
    }
}

#[test]
fn two_sets_are_intersected_better_than_by_inclusion_and_exclusion() {
    let mut random = Random(1);
    // Sizes, and how much of inclusion–exclusion's error may be left.
    for (sizes, share) in [
        ([900, 900, 100], 0.75),
        ([5_000, 5_000, 5_000], 0.95),
        ([50_000, 50_000, 50_000], 0.95),
        ([90_000, 90_000, 10_000], 0.65),
        ([99_000, 99_000, 1_000], 0.5),
        ([990_000 / 4, 9_000, 1_000], 0.7),
    ] {
        let trials = trials(&mut random, sizes, 40);
        println!(
            "{sizes:?}: {:.1} against {:.1}, held {:.3}",
            trials.ours, trials.theirs, trials.held
        );
        assert!(
            trials.ours <= share * trials.theirs,
            "{sizes:?}: {} {}",
            trials.ours,
            trials.theirs
        );
    }
}

#[test]
fn the_bound_of_two_sets_holds() {
    let mut random = Random(2);
    for sizes in [
        [0, 0, 1],
        [3, 3, 2],
        [10, 10, 5],
        [100, 100, 10],
        [100, 100, 0],
        [900, 900, 100],
        [0, 1_000, 1_000],
        [2_000, 2_000, 0],
        [10_000, 10_000, 0],
        [9_900, 9_900, 100],
        [50_000, 10, 20],
        [0, 20_000, 5_000],
        [20_000, 0, 20],
    ] {
        let trials = trials(&mut random, sizes, 40);
        assert!(trials.held >= 0.95, "{sizes:?}: held in {}", trials.held);
    }
}

#[test]
fn the_three_parts_make_up_the_sets() {
    let [left, right] = pair(&mut Random(3), [30_000, 20_000, 10_000]);
    let parts = joint(&left, &right);
    for (part, truth) in [
        (parts.left_only, 30_000.0),
        (parts.right_only, 20_000.0),
        (parts.both.value, 10_000.0),
    ] {
        assert!((part / truth - 1.0_f64).abs() < 0.08, "{part} for {truth}");
    }
    let swapped = joint(&right, &left);
    assert!((swapped.both.value - parts.both.value).abs() < 0.01);
    assert!((swapped.left_only - parts.right_only).abs() < 0.01);
}

#[test]
fn disjoint_sets_share_nothing() {
    let sketch = |indices: std::ops::Range<u64>| {
        let mut sketch = HyperLogLog::new();
        indices.for_each(|index| assert!(sketch.add_hash(index)));
        read_back(&sketch)
    };
    let parts = joint(&sketch(0..20), &sketch(20..40));
    assert_eq!(parts.both, Estimate { value: 0.0, bound: 0.0 });
    assert!((parts.left_only - 20.0).abs() < 0.1 && (parts.right_only - 20.0).abs() < 0.1);
}

#[test]
fn a_set_shares_all_with_itself_and_nothing_with_none() {
    let mut sketch = HyperLogLog::new();
    Random(4).add_to(&mut [&mut sketch], 30_000);
    let empty = read_back(&HyperLogLog::new());
    assert_eq!(intersection(&[&sketch, &sketch.clone()]).value, sketch.count() as f64);
    assert_eq!(intersection(&[&sketch, &empty]), Estimate { value: 0.0, bound: 0.0 });
    assert_eq!(intersection(&[]), Estimate { value: 0.0, bound: 0.0 });
    assert_eq!(intersection(&[&sketch]), union(&[&sketch]));
    assert_eq!(joint(&sketch, &empty).both.value, 0.0);
}

#[test]
fn small_sets_that_know_their_elements_are_intersected_exactly() {
    let mut sets = vec![HyperLogLog::new(); 4];
    for element in 0..500_i64 {
        for (divisor, set) in [1, 2, 3, 5].into_iter().zip(&mut sets) {
            if element % divisor == 0 {
                set.add_integer(element);
            }
        }
    }
    let refs: Vec<&HyperLogLog> = sets.iter().collect();
    assert_eq!(
        intersection(&refs[..2]),
        Estimate {
            value: 250.0,
            bound: 0.0
        }
    );
    assert_eq!(
        intersection(&refs),
        Estimate {
            value: 17.0,
            bound: 0.0
        }
    );
    assert_eq!(joint(refs[1], refs[2]).left_only, 250.0 - 84.0);
    // One that is known by its registers only makes the result an estimate.
    let known_by_registers = read_back(refs[1]);
    let estimate = intersection(&[&known_by_registers, refs[2]]);
    assert!(
        estimate.bound > 0.0 && (estimate.value - 84.0).abs() <= estimate.bound,
        "{estimate:?}"
    );
}

#[test]
fn a_set_that_took_in_registers_no_longer_passes_for_exact() {
    let mut here = HyperLogLog::new();
    let mut there = HyperLogLog::new();
    Random(8).add_to(&mut [&mut here, &mut there], 300);
    let mut all = HyperLogLog::new();
    Random(9).add_to(&mut [&mut all], 200);
    // Either way round: the elements that came as registers must still be found.
    let mut other_way = read_back(&here);
    other_way.merge(&all);
    all.merge(&read_back(&here));
    for sketch in [all, other_way] {
        let estimate = intersection(&[&sketch, &there]);
        assert!((estimate.value - 300.0).abs() <= estimate.bound, "{estimate:?}");
    }
}

/// Several sets: some elements in all, others in each by chance.
fn several(random: &mut Random, count: usize, common: usize, others: usize) -> (Vec<HyperLogLog>, f64) {
    let mut sets = vec![HyperLogLog::new(); count];
    random.add_to(&mut sets.iter_mut().collect::<Vec<_>>(), common);
    let mut in_all = common;
    for _ in 0..others {
        let hash = random.next();
        let members: Vec<bool> = sets.iter().map(|_| random.chance(400)).collect();
        for (set, _) in sets.iter_mut().zip(&members).filter(|(_, member)| **member) {
            set.add_hash(hash);
        }
        in_all += usize::from(members.iter().all(|&member| member));
    }
    (sets.iter().map(read_back).collect(), in_all as f64)
}

#[test]
fn several_sets_are_intersected_within_the_bound() {
    let mut random = Random(5);
    for (count, common, others) in [
        (3, 10, 40),
        (3, 2_000, 10_000),
        (3, 0, 20_000),
        (4, 3_000, 10_000),
        (5, 5_000, 5_000),
    ] {
        for _ in 0..6 {
            let (sets, truth) = several(&mut random, count, common, others);
            let refs: Vec<&HyperLogLog> = sets.iter().collect();
            let estimate = intersection(&refs);
            let smallest = sets.iter().map(HyperLogLog::estimate).fold(f64::INFINITY, f64::min);
            assert!((0.0..=smallest).contains(&estimate.value), "{estimate:?} of {smallest}");
            assert!(
                (estimate.value - truth).abs() <= estimate.bound,
                "{estimate:?} for {truth} in {count}"
            );
            // A bound that is always half of everything would hold too.
            assert!(
                common < 2_000 || estimate.bound < estimate.value / 2.0,
                "{estimate:?} for {truth} in {count}"
            );
        }
    }
}

#[test]
fn too_many_sets_give_no_more_than_a_range() {
    let (sets, truth) = several(&mut Random(6), 13, 3_000, 3_000);
    let estimate = intersection(&sets.iter().collect::<Vec<_>>());
    assert!((estimate.value - truth).abs() <= estimate.bound);
    assert!(estimate.bound >= estimate.value / 2.0, "it must not look reliable");
}

#[test]
fn a_union_counts_what_one_sketch_of_all_would() {
    let [left, right] = pair(&mut Random(7), [3_000, 2_000, 1_000]);
    let mut all = left.clone();
    all.merge(&right);
    let estimate = union(&[&left, &right]);
    assert_eq!(estimate.value, all.count() as f64);
    assert!((estimate.value - 6_000.0).abs() <= estimate.bound && estimate.bound < 150.0);
    assert_eq!(union(&[]), Estimate { value: 0.0, bound: 0.0 });
}
