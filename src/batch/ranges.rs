//! Ranges that hold every row once: half-open over integers and blocks, stepped over any other key.

use crate::relation::{Column, KeyRange, KeyValue};

/// A range of a cancelled statement is halved while its size is at least twice this (spec 4.2, step 8).
const SMALLEST_BATCH: u64 = 1_250;
/// The same for blocks of 8 KiB.
const SMALLEST_BLOCKS: u64 = 32;

/// A walk over all rows of a table, one range after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranges {
    walk: Walk,
    /// Rows whose key is NULL stand in no range: they come last, as one.
    nulls: Option<Column>,
    size: u64,
    smallest: u64,
}

/// A column of a key that is stepped over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyColumn {
    pub(super) column: Column,
    /// Its values are written as numbers; all others as quoted text.
    pub(super) integer: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Walk {
    /// Everything at once.
    Whole { done: bool },
    /// `next..end`; `end: None` goes on for ever, `next: None` is the end.
    Integer {
        column: Column,
        next: Option<i64>,
        end: Option<i64>,
    },
    /// Blocks of a PostgreSQL table; the last range is open, for blocks that were added meanwhile.
    Blocks {
        table: String,
        next: Option<u64>,
        blocks: u64,
    },
    /// `(after, until]`, where the database is asked for each next key.
    Stepped {
        columns: Vec<KeyColumn>,
        after: Option<Vec<KeyValue>>,
        until: Option<Vec<KeyValue>>,
        done: bool,
    },
}

/// What to count next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// All rows that are left: no condition.
    Everything,
    Range(KeyRange),
    /// Ask the database for the key `rows` further on (0-based) in the range, then call [`Ranges::stepped`].
    Step {
        columns: Vec<Column>,
        from: KeyRange,
        rows: u64,
    },
    End,
}

impl Ranges {
    pub(super) fn whole() -> Ranges {
        Ranges {
            walk: Walk::Whole { done: false },
            nulls: None,
            size: 0,
            smallest: u64::MAX,
        }
    }

    /// Over nothing, before the rows whose key is NULL.
    pub(super) fn empty() -> Ranges {
        Ranges {
            walk: Walk::Whole { done: true },
            ..Ranges::whole()
        }
    }

    /// Over `from <= column <= to`.
    pub(super) fn integer(column: Column, from: i64, to: i64, size: u64) -> Ranges {
        let next = (from <= to).then_some(from);
        Ranges::new(
            Walk::Integer {
                column,
                next,
                end: to.checked_add(1),
            },
            size,
            SMALLEST_BATCH,
        )
    }

    pub(super) fn blocks(table: String, blocks: u64, size: u64) -> Ranges {
        Ranges::new(
            Walk::Blocks {
                table,
                next: Some(0),
                blocks,
            },
            size,
            SMALLEST_BLOCKS,
        )
    }

    /// Over `after < (columns) <= until`; `None` is no end.
    pub(super) fn stepped(
        columns: Vec<KeyColumn>,
        after: Option<Vec<KeyValue>>,
        until: Option<Vec<KeyValue>>,
        size: u64,
    ) -> Ranges {
        Ranges::new(
            Walk::Stepped {
                columns,
                after,
                until,
                done: false,
            },
            size,
            SMALLEST_BATCH,
        )
    }

    fn new(walk: Walk, size: u64, smallest: u64) -> Ranges {
        Ranges {
            walk,
            nulls: None,
            size: size.max(1),
            smallest,
        }
    }

    /// Also the rows whose `column` is NULL.
    pub(super) fn and_nulls_of(mut self, column: Option<Column>) -> Ranges {
        self.nulls = column;
        self
    }

    /// The range at hand; the same one until [`Ranges::advance`].
    pub(super) fn next(&self) -> Next {
        let next = match &self.walk {
            Walk::Whole { done } => (!done).then_some(Next::Everything),
            Walk::Integer { next: None, .. } | Walk::Blocks { next: None, .. } => None,
            Walk::Integer {
                column,
                next: Some(from),
                end,
            } => {
                let to = self.integer_end(*from, *end);
                Some(Next::Range(KeyRange::Integer {
                    column: column.clone(),
                    from: *from,
                    to,
                }))
            }
            Walk::Blocks {
                table,
                next: Some(from),
                blocks,
            } => {
                let to = self.block_end(*from, *blocks);
                Some(Next::Range(KeyRange::Blocks {
                    table: table.clone(),
                    from: *from,
                    to,
                }))
            }
            Walk::Stepped { done: true, .. } => None,
            Walk::Stepped {
                columns, after, until, ..
            } => {
                let columns = names(columns);
                let from = KeyRange::Keyset {
                    columns: columns.clone(),
                    after: after.clone(),
                    until: until.clone(),
                };
                Some(Next::Step {
                    columns,
                    from,
                    rows: self.size - 1,
                })
            }
        };
        next.unwrap_or_else(|| match &self.nulls {
            Some(column) => Next::Range(KeyRange::Null { column: column.clone() }),
            None => Next::End,
        })
    }

    /// The key that a step's row holds.
    pub(super) fn key_of(&self, row: Vec<Option<String>>) -> Vec<KeyValue> {
        let Walk::Stepped { columns, .. } = &self.walk else {
            return Vec::new();
        };
        let value = |(column, cell): (&KeyColumn, Option<String>)| {
            let text = cell.unwrap_or_default();
            match text.parse() {
                Ok(integer) if column.integer => KeyValue::Integer(integer),
                _ => KeyValue::Text(text),
            }
        };
        columns.iter().zip(row).map(value).collect()
    }

    /// The range that a step gave: up to `key`, or all that is left where there is none.
    pub(super) fn step_to(&self, key: Option<Vec<KeyValue>>) -> KeyRange {
        match &self.walk {
            Walk::Stepped {
                columns, after, until, ..
            } => KeyRange::Keyset {
                columns: names(columns),
                after: after.clone(),
                until: key.or(until.clone()),
            },
            _ => KeyRange::Keyset {
                columns: Vec::new(),
                after: None,
                until: key,
            },
        }
    }

    /// Goes on after the range at hand; `stepped` is the key that its step gave, if it was a step.
    pub(super) fn advance(&mut self, stepped: Option<Vec<KeyValue>>) {
        let size = self.size;
        let exhausted = match &mut self.walk {
            Walk::Whole { done } => std::mem::replace(done, true),
            Walk::Integer { next, end, .. } => {
                let exhausted = next.is_none();
                *next = next
                    .and_then(|from| integer_end(from, *end, size))
                    .filter(|to| end.is_none_or(|end| *to < end));
                exhausted
            }
            Walk::Blocks { next, blocks, .. } => {
                let exhausted = next.is_none();
                *next = next.and_then(|from| block_end(from, *blocks, size));
                exhausted
            }
            Walk::Stepped { after, until, done, .. } => {
                let exhausted = *done;
                *done = stepped.is_none() || stepped == *until;
                *after = stepped.or(after.take());
                exhausted
            }
        };
        if exhausted {
            self.nulls = None;
        }
    }

    /// Makes this range and all after it half as large; false where they are small enough already.
    pub(super) fn halve(&mut self) -> bool {
        let halves = self.size / 2 >= self.smallest;
        if halves {
            self.size /= 2;
        }
        halves
    }

    fn integer_end(&self, from: i64, end: Option<i64>) -> Option<i64> {
        integer_end(from, end, self.size)
    }

    fn block_end(&self, from: u64, blocks: u64) -> Option<u64> {
        block_end(from, blocks, self.size)
    }
}

fn names(columns: &[KeyColumn]) -> Vec<Column> {
    columns.iter().map(|key| key.column.clone()).collect()
}

/// `None` where the range goes up to the largest integer and includes it.
fn integer_end(from: i64, end: Option<i64>, size: u64) -> Option<i64> {
    let to = from.checked_add_unsigned(size);
    match (to, end) {
        (Some(to), Some(end)) => Some(to.min(end)),
        (to, end) => to.or(end),
    }
}

fn block_end(from: u64, blocks: u64, size: u64) -> Option<u64> {
    Some(from.saturating_add(size)).filter(|to| *to < blocks)
}

#[cfg(test)]
mod tests {
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
            KeyRange::Null { .. } => false,
        }
    }

    proptest! {
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
}
