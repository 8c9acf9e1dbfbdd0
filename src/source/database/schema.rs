//! What the catalogue says of a table: enough to choose how its rows are partitioned.

use std::collections::{BTreeMap, BTreeSet};

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
    pub nullable: bool,
}

impl TableInfo {
    pub fn is_integer(&self, column: &str) -> bool {
        self.columns
            .get(column)
            .is_some_and(|info| info.kind == ColumnKind::Integer)
    }

    pub fn is_nullable(&self, column: &str) -> bool {
        self.columns.get(column).is_none_or(|info| info.nullable)
    }
}
