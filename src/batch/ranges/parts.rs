//! The walk over a partitioned table: one partition after the other, each in ranges of its own.

use serde::{Deserialize, Serialize};

use super::{Next, Ranges, Walk};
use crate::relation::KeyRange;
use crate::source::database::TablePartition;

/// The partition that a walk is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    schema: String,
    name: String,
}

impl Part {
    /// The range within the partition; `None` is all of it.
    pub(super) fn range(&self, range: Option<KeyRange>) -> KeyRange {
        KeyRange::OfPartition {
            schema: Some(self.schema.clone()),
            name: self.name.clone(),
            range: range.map(Box::new),
        }
    }

    pub(super) fn next(&self, next: Next) -> Next {
        match next {
            Next::Everything => Next::Range(self.range(None)),
            Next::Range(range) => Next::Range(self.range(Some(range))),
            Next::Step { columns, from, rows } => Next::Step {
                columns,
                from: self.range(Some(from)),
                rows,
            },
            Next::End => Next::End,
        }
    }
}

impl Ranges {
    /// Over the partition alone.
    pub(in super::super) fn within(mut self, partition: &TablePartition) -> Ranges {
        self.part = Some(Part {
            schema: partition.schema.clone(),
            name: partition.name.clone(),
        });
        self
    }

    /// One walk after the other, all in steps of the largest one's size: what a cancelled range teaches holds for the
    /// partitions that follow.
    pub(in super::super) fn one_by_one(mut parts: Vec<Ranges>) -> Ranges {
        parts.reverse();
        let walk = |ranges: &&Ranges| !matches!(ranges.walk, Walk::Once { .. });
        let size = parts.iter().filter(walk).map(|ranges| ranges.size).max();
        let smallest = parts.iter().filter(walk).map(|ranges| ranges.smallest).min();
        let Some(mut first) = parts.pop() else {
            return Ranges::empty();
        };
        first.size = size.unwrap_or(first.size);
        first.smallest = smallest.unwrap_or(first.smallest);
        first.later = parts;
        first.skip_walked();
        first
    }

    /// How much of the part at hand is not walked yet, as far as that is known beforehand.
    pub(super) fn left(&self) -> u64 {
        match &self.walk {
            Walk::Integer {
                next: Some(next),
                end: Some(end),
                ..
            } => end.abs_diff(*next).max(1),
            Walk::Blocks {
                next: Some(next),
                blocks,
                ..
            } => blocks.saturating_sub(*next).max(1),
            _ => u64::MAX,
        }
    }

    /// Leaves the partition at hand, whose rows went with it when it was dropped; false where there is none, or where the
    /// table itself may be what is missing.
    pub(in super::super) fn leave_part(&mut self) -> bool {
        let leaves = self.part.is_some();
        if leaves {
            self.walk = Walk::Once {
                range: None,
                done: true,
            };
            self.nulls = None;
            self.skip_walked();
        }
        leaves
    }

    /// Goes on with the next partition where the one at hand is walked to its end.
    pub(super) fn skip_walked(&mut self) {
        while self.in_part() == Next::End {
            let Some(next) = self.later.pop() else { return };
            self.walk = next.walk;
            self.nulls = next.nulls;
            self.part = next.part;
        }
    }
}
