//! Ranges that hold every row once: half-open over integers and blocks, stepped over any other key.

mod forecast;
mod parts;

use serde::{Deserialize, Serialize};

use self::parts::Part;
use crate::relation::{Column, KeyRange, KeyValue};

/// A range of a cancelled statement is halved while its size is at least twice this (spec 4.2, step 8).
const SMALLEST_BATCH: u64 = 1_250;
/// The same for blocks of 8 KiB.
const SMALLEST_BLOCKS: u64 = 32;

/// A walk over all rows of a table, one range after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ranges {
    walk: Walk,
    /// Rows whose key is NULL stand in no range: they come last, as one.
    nulls: Option<Column>,
    size: u64,
    smallest: u64,
    /// The partition that is walked over, where it is not the whole table.
    part: Option<Part>,
    /// The walks of the partitions that follow, the next one last.
    later: Vec<Ranges>,
}

/// A column of a key that is stepped over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyColumn {
    pub(super) column: Column,
    /// Its values are written as numbers; all others as quoted text.
    pub(super) integer: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Walk {
    /// One range as it is; `None` is everything at once.
    Once { range: Option<KeyRange>, done: bool },
    /// `next..end`; `end: None` goes on for ever, `next: None` is the end.
    Integer {
        column: Column,
        next: Option<i64>,
        end: Option<i64>,
    },
    /// Blocks of a PostgreSQL table; the last range of a whole table is open, for blocks that were added meanwhile.
    Blocks {
        table: String,
        next: Option<u64>,
        blocks: u64,
        open: bool,
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
        Ranges::once(None)
    }

    /// One range that is not split; `None` is everything at once.
    pub(super) fn once(range: Option<KeyRange>) -> Ranges {
        Ranges {
            size: 0,
            ..Ranges::new(Walk::Once { range, done: false }, 0, u64::MAX)
        }
    }

    /// Over nothing, before the rows whose key is NULL.
    pub(super) fn empty() -> Ranges {
        Ranges {
            walk: Walk::Once {
                range: None,
                done: true,
            },
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
                open: true,
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
            part: None,
            later: Vec::new(),
        }
    }

    /// Also the rows whose `column` is NULL.
    pub(super) fn and_nulls_of(mut self, column: Option<Column>) -> Ranges {
        self.nulls = column;
        self
    }

    /// The range at hand; the same one until [`Ranges::advance`].
    pub(super) fn next(&self) -> Next {
        match &self.part {
            Some(part) => part.next(self.in_part()),
            None => self.in_part(),
        }
    }

    fn in_part(&self) -> Next {
        let next = match &self.walk {
            Walk::Once { done: true, .. } => None,
            Walk::Once { range, done: false } => Some(range.clone().map_or(Next::Everything, Next::Range)),
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
                open,
            } => {
                let to = self.block_end(*from, *blocks).or((!open).then_some(*blocks));
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
        let range = match &self.walk {
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
        };
        match &self.part {
            Some(part) => part.range(Some(range)),
            None => range,
        }
    }

    /// Goes on after the range at hand; `stepped` is the key that its step gave, if it was a step.
    pub(super) fn advance(&mut self, stepped: Option<Vec<KeyValue>>) {
        let size = self.size;
        let exhausted = match &mut self.walk {
            Walk::Once { done, .. } => std::mem::replace(done, true),
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
        self.skip_walked();
    }

    /// The rows of a range of this walk as a walk of its own, in ranges of at most `size`; `None` where the range cannot
    /// be split.
    pub(super) fn again(&self, range: &KeyRange, size: u64) -> Option<Ranges> {
        if size < self.smallest {
            return None;
        }
        let (range, part) = match range {
            KeyRange::OfPartition { range, .. } => (range.as_deref()?, self.part.clone()),
            range => (range, None),
        };
        let walk = self.again_over(range)?;
        Some(Ranges {
            part,
            ..Ranges::new(walk, size, self.smallest)
        })
    }

    fn again_over(&self, range: &KeyRange) -> Option<Walk> {
        match (range, &self.walk) {
            (KeyRange::Integer { column, from, to }, _) => Some(Walk::Integer {
                column: column.clone(),
                next: Some(*from),
                end: *to,
            }),
            (KeyRange::Blocks { table, from, to }, walk) => {
                let blocks = match walk {
                    Walk::Blocks { blocks, .. } => (*blocks).max(from + 1),
                    _ => from + 1,
                };
                Some(Walk::Blocks {
                    table: table.clone(),
                    next: Some(*from),
                    blocks: to.unwrap_or(blocks),
                    open: to.is_none(),
                })
            }
            (KeyRange::Keyset { after, until, .. }, Walk::Stepped { columns, .. }) => Some(Walk::Stepped {
                columns: columns.clone(),
                after: after.clone(),
                until: until.clone(),
                done: false,
            }),
            _ => None,
        }
    }

    /// The walk at hand without what follows in other partitions.
    pub(super) fn here(&self) -> Ranges {
        Ranges {
            walk: self.walk.clone(),
            nulls: self.nulls.clone(),
            part: self.part.clone(),
            later: Vec::new(),
            ..*self
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.next() == Next::End
    }

    /// How much a range holds: integers, blocks, or rows.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Makes this range and all after it as large as this.
    pub(super) fn resize(&mut self, size: u64) {
        self.size = size.max(1);
    }

    /// How much of the walk is left, in the unit of its size; `None` where nobody knows.
    pub(super) fn remaining(&self) -> Option<u64> {
        if !self.later.is_empty() {
            return None;
        }
        match &self.walk {
            Walk::Integer {
                next: Some(next),
                end: Some(end),
                ..
            } => Some(next.abs_diff(*end)),
            Walk::Blocks {
                next: Some(next),
                blocks,
                ..
            } => Some(blocks.saturating_sub(*next)),
            Walk::Integer { next: None, .. } | Walk::Blocks { next: None, .. } | Walk::Once { .. } => Some(0),
            _ => None,
        }
    }

    /// Makes this range and all after it half as large; false where they are small enough already.
    pub(super) fn halve(&mut self) -> bool {
        let may_halve = |size: u64| size / 2 >= self.smallest;
        if !may_halve(self.size) || matches!(self.walk, Walk::Once { .. }) {
            return false;
        }
        let mut size = self.size / 2;
        // A partition may be far smaller than the ranges of the others: half of those would be the same statement again.
        while self.part.is_some() && size >= self.left() && may_halve(size) {
            size /= 2;
        }
        self.size = size;
        true
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

/// How much a range holds, in the unit of its walk; `None` where nobody knows.
pub(super) fn extent(range: &KeyRange) -> Option<u64> {
    match range {
        KeyRange::Integer { from, to, .. } => (*to).map(|to| from.abs_diff(to)),
        KeyRange::Blocks { from, to, .. } => (*to).map(|to| to.saturating_sub(*from)),
        KeyRange::OfPartition { range, .. } => range.as_deref().and_then(extent),
        _ => None,
    }
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
mod tests;
