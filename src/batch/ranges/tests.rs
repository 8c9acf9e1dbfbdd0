//! Every row stands in one range, whatever is cancelled on the way.

use proptest::prelude::*;

use super::*;

fn id() -> Column {
    Column {
        table: "t".into(),
        name: "id".into(),
    }
}

/// Walks to the end, halving where `cancels` says so; gives each row the number of ranges that held it.
fn walk(mut ranges: Ranges, rows: &[i64], cancels: &[bool]) -> Vec<usize> {
    let mut held = vec![0; rows.len()];
    let mut cancels = cancels.iter();
    for _ in 0..100_000 {
        let (range, key) = match ranges.next() {
            Next::End => return held,
            Next::Everything => (None, None),
            Next::Range(range) => (Some(range), None),
            Next::Step { from, rows: offset, .. } => {
                let mut inside: Vec<i64> = rows.iter().copied().filter(|row| holds(&from, *row)).collect();
                inside.sort_unstable();
                let found = inside
                    .get(offset as usize)
                    .map(|row| ranges.key_of(vec![Some(row.to_string())]));
                (Some(ranges.step_to(found.clone())), found)
            }
        };
        if cancels.next() == Some(&true) && ranges.halve() {
            continue;
        }
        for (index, row) in rows.iter().enumerate() {
            held[index] += usize::from(range.as_ref().is_none_or(|range| holds(range, *row)));
        }
        ranges.advance(key);
    }
    panic!("the walk does not end");
}

fn holds(range: &KeyRange, row: i64) -> bool {
    let key = |value: &Option<Vec<KeyValue>>| match value.as_deref() {
        Some([KeyValue::Integer(integer)]) => Some(*integer),
        _ => None,
    };
    match range {
        KeyRange::Integer { from, to, .. } => row >= *from && to.is_none_or(|to| row < to),
        KeyRange::Blocks { from, to, .. } => row as u64 >= *from && to.is_none_or(|to| (row as u64) < to),
        KeyRange::Keyset { after, until, .. } => {
            key(after).is_none_or(|after| row > after) && key(until).is_none_or(|until| row <= until)
        }
        KeyRange::OfPartition { name, range, .. } => {
            row.rem_euclid(4).to_string() == *name && range.as_ref().is_none_or(|range| holds(range, row))
        }
        KeyRange::Null { .. } => false,
    }
}

/// A table whose rows lie in partitions by some bits of theirs.
fn leaf(name: u8) -> crate::source::database::TablePartition {
    crate::source::database::TablePartition {
        schema: "public".into(),
        name: name.to_string(),
        blocks: 1,
        estimated_rows: None,
        readable: true,
        has_blocks: true,
    }
}

/// The rows of each partition, under the number that its name is.
fn by_leaf(rows: &[i64]) -> Vec<(u8, Vec<i64>)> {
    let of = |number: u8| {
        rows.iter()
            .copied()
            .filter(|row| row.rem_euclid(4) == i64::from(number))
            .collect()
    };
    (0..4).map(|number| (number, of(number))).collect()
}

proptest! {
    #[test]
    fn partitions_one_by_one_hold_each_row_once(
        rows in prop::collection::hash_set(0i64..20_000, 1..60),
        size in 1u64..9_000,
        kinds in prop::collection::vec(0..4u8, 4),
        cancels in prop::collection::vec(any::<bool>(), 0..60),
    ) {
        let rows: Vec<i64> = rows.into_iter().collect();
        let walks = by_leaf(&rows).into_iter().zip(kinds).map(|((number, rows), kind)| {
            let (first, last) = (rows.iter().min().copied(), rows.iter().max().copied());
            let walk = match (kind, first, last) {
                (0, Some(first), Some(last)) => Ranges::integer(id(), first, last, size),
                (1, ..) => Ranges::blocks("t".into(), 20_000, size),
                (2, ..) => Ranges::stepped(vec![KeyColumn { column: id(), integer: true }], None, None, size),
                (3, ..) => Ranges::whole(),
                _ => Ranges::empty(),
            };
            walk.within(&leaf(number))
        });
        let held = walk(Ranges::one_by_one(walks.collect()), &rows, &cancels);
        prop_assert!(held.iter().all(|times| *times == 1), "{held:?}");
    }
    #[test]
    fn integer_ranges_hold_each_row_once(
        rows in prop::collection::hash_set(-50_000i64..50_000, 1..60),
        size in 100u64..9_000,
        cancels in prop::collection::vec(any::<bool>(), 0..40),
    ) {
        let rows: Vec<i64> = rows.into_iter().collect();
        let (first, last) = (*rows.iter().min().unwrap_or(&0), *rows.iter().max().unwrap_or(&0));
        let held = walk(Ranges::integer(id(), first, last, size), &rows, &cancels);
        prop_assert!(held.iter().all(|times| *times == 1));
    }

    #[test]
    fn stepped_ranges_hold_each_row_once(
        rows in prop::collection::hash_set(any::<i64>(), 0..80),
        size in 1u64..20_000,
        cancels in prop::collection::vec(any::<bool>(), 0..40),
    ) {
        let rows: Vec<i64> = rows.into_iter().collect();
        let key = vec![KeyColumn { column: id(), integer: true }];
        let held = walk(Ranges::stepped(key, None, None, size), &rows, &cancels);
        prop_assert!(held.iter().all(|times| *times == 1));
    }

    #[test]
    fn block_ranges_hold_each_block_once_also_those_added_meanwhile(
        blocks in 0u64..5_000,
        added in 0i64..500,
        size in 1u64..3_000,
        cancels in prop::collection::vec(any::<bool>(), 0..40),
    ) {
        let rows: Vec<i64> = (0..blocks as i64 + added).collect();
        let held = walk(Ranges::blocks("t".into(), blocks, size), &rows, &cancels);
        prop_assert!(held.iter().all(|times| *times == 1));
    }
}

#[test]
fn the_ends_of_64_bits_are_reached() {
    let rows = [i64::MIN, -1, 0, i64::MAX];
    let ranges = Ranges::integer(id(), i64::MIN, i64::MAX, u64::MAX / 3);
    assert_eq!(walk(ranges, &rows, &[]), [1, 1, 1, 1]);
    assert_eq!(
        walk(Ranges::integer(id(), i64::MAX, i64::MAX, 10), &rows, &[]),
        [0, 0, 0, 1]
    );
}

#[test]
fn halving_stops_where_spec_4_2_says() {
    let mut ranges = Ranges::integer(id(), 0, 1, 100_000);
    let mut sizes = Vec::new();
    while ranges.halve() {
        sizes.push(ranges.size);
    }
    assert_eq!(sizes, [50_000, 25_000, 12_500, 6_250, 3_125, 1_562]);
}

#[test]
fn rows_without_a_key_come_last_and_once() {
    let mut ranges = Ranges::integer(id(), 1, 5, 10).and_nulls_of(Some(id()));
    ranges.advance(None);
    assert_eq!(ranges.next(), Next::Range(KeyRange::Null { column: id() }));
    ranges.advance(None);
    assert_eq!(ranges.next(), Next::End);
}
