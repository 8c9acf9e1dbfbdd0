//! What the catalogue says of a table: enough to choose how its rows are partitioned.

use std::collections::{BTreeMap, BTreeSet};

use crate::relation::IntegerWidth;

/// What kind of relation a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// A table with storage of its own, partitioned or not.
    Table,
    /// A view, a foreign table: neither blocks nor row ids.
    Other,
}

/// What a column's values are, as far as counting cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Integers of at most 32 bits.
    SmallInteger,
    /// Integers of at most 64 bits.
    Integer,
    /// Text, byte strings and everything that cannot be summed.
    Text,
    Other,
}

/// A table as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfo {
    pub kind: TableKind,
    pub columns: BTreeMap<String, ColumnInfo>,
    /// The columns of its primary key, in order; empty if it has none.
    pub primary_key: Vec<String>,
    /// Columns that stand first in a whole (not partial) index.
    pub indexed: BTreeSet<String>,
    /// Rows by the last ANALYZE; `None` if nobody ran one.
    pub estimated_rows: Option<u64>,
    /// Blocks of its storage, of its largest partition if it has some; 0 where there are none.
    pub blocks: u64,
    /// The partitions of a partitioned table that hold its rows, at whatever depth; empty for any other.
    pub partitions: Vec<TablePartition>,
    /// The columns that say in which partition a row lies; `None` where a partition is chosen by an expression.
    pub partitioned_by: Option<BTreeSet<String>>,
    /// SQLite: rows have a `rowid`.
    pub has_rowid: bool,
    /// What a key prints is read back as the very same value, so that rows can be stepped over by it. A column of SQLite
    /// may hold anything, such as bytes under a type of text, which no literal of that type gives back.
    pub keys_print_exactly: bool,
}

/// A column as the catalogue has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnInfo {
    pub kind: ColumnKind,
    /// False where no row of the table, or of what inherits from it, can be without a value.
    pub nullable: bool,
}

impl ColumnKind {
    /// What integers of the column are packed into; `None` where it holds others than integers.
    pub fn integer_width(self) -> Option<IntegerWidth> {
        match self {
            ColumnKind::SmallInteger => Some(IntegerWidth::Four),
            ColumnKind::Integer => Some(IntegerWidth::Eight),
            ColumnKind::Text | ColumnKind::Other => None,
        }
    }
}

impl TableInfo {
    pub fn is_integer(&self, column: &str) -> bool {
        self.columns
            .get(column)
            .is_some_and(|info| info.kind.integer_width().is_some())
    }

    pub fn is_nullable(&self, column: &str) -> bool {
        self.columns.get(column).is_none_or(|info| info.nullable)
    }
}

/// A partition that holds rows of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePartition {
    pub schema: String,
    pub name: String,
    /// Blocks of its storage; 0 where it has none here.
    pub blocks: u64,
    /// Rows by the last ANALYZE, and 0 where there is no storage to hold one; `None` if nobody knows.
    pub estimated_rows: Option<u64>,
    /// Read by itself it shows the rows that the whole shows of it: the role may read it, and no policy picks among them.
    pub readable: bool,
    /// Its rows lie in blocks of this server, where those of a foreign table do not.
    pub has_blocks: bool,
}
