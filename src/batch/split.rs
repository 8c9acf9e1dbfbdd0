//! How the rows of a scan are split, for those who look at a plan.

use std::fmt::{self, Display, Formatter};

use super::partition::{DEFAULT_BATCH, Partition};
use super::ranges::Ranges;
use crate::relation::Column;

/// How the rows of a scan are split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    pub kind: SplitKind,
    /// The columns that ranges run over; none for blocks and for one statement.
    pub columns: Vec<String>,
    /// How much the first range holds: integers, rows, or blocks.
    pub size: Option<u64>,
    /// Whether sizes follow the time that ranges take.
    pub adapts: bool,
    /// The partitions that are read one by one; 0 where the table is read as a whole.
    pub partitions: usize,
}

/// What ranges are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitKind {
    /// Nothing is split.
    Whole,
    Integer,
    /// Keys in their order, where each range asks for its end first.
    Keyset,
    Blocks,
}

impl SplitKind {
    /// As it stands in JSON.
    pub fn code(self) -> &'static str {
        match self {
            SplitKind::Whole => "whole",
            SplitKind::Integer => "integer",
            SplitKind::Keyset => "keyset",
            SplitKind::Blocks => "blocks",
        }
    }
}

impl Split {
    /// The split as it was chosen; `ranges` where the ends are known, because sparse integers are stepped over.
    pub(super) fn of(partition: &Partition, ranges: Option<&Ranges>, adapts: bool) -> Split {
        let is_stepped = ranges.is_some_and(Ranges::is_stepped);
        let (kind, columns, size) = match partition {
            Partition::Whole => (SplitKind::Whole, Vec::new(), None),
            Partition::Blocks { size, .. } => (SplitKind::Blocks, Vec::new(), Some(*size)),
            Partition::Keyset { columns, batch_size } => (SplitKind::Keyset, names(columns), Some(*batch_size)),
            Partition::Integer { column, batch_size, .. } => {
                let kind = match is_stepped {
                    true => SplitKind::Keyset,
                    false => SplitKind::Integer,
                };
                let size = batch_size.unwrap_or(DEFAULT_BATCH);
                (
                    kind,
                    vec![column.name.clone()],
                    Some(size).filter(|size| *size < u64::MAX),
                )
            }
        };
        Split {
            kind,
            columns,
            size,
            adapts: adapts && size.is_some(),
            partitions: ranges.map_or(0, Ranges::partitions),
        }
    }
}

fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}

impl Display for Split {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.partitions > 0 {
            write!(f, "{} partitions one by one, ", self.partitions)?;
        }
        let columns = self.columns.join(", ");
        match (self.kind, self.size) {
            (SplitKind::Whole, _) => return write!(f, "all rows at once"),
            (SplitKind::Blocks, Some(size)) => write!(f, "ranges of {size} blocks")?,
            (SplitKind::Keyset, Some(size)) => write!(f, "{size} rows at a time in the order of {columns}")?,
            (_, Some(size)) => write!(f, "ranges of {columns}, {size} wide")?,
            (_, None) => return write!(f, "one range of {columns}"),
        }
        match self.adapts {
            true => write!(f, " at first"),
            false => Ok(()),
        }
    }
}
