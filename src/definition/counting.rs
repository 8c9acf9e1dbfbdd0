//! How a class lets its rows be counted, where the number they have now is not worth what it costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What rows that are written during a count may do to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consistency {
    /// Nothing: each row is counted once, even if it is updated meanwhile.
    #[default]
    Exact,
    /// A row that is updated during the count may be counted twice or not at all, so that tables may be read in the order
    /// of their storage.
    Approximate,
}

/// What may stand for a count of all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowEstimate {
    /// The number of rows that the database's statistics have of the table; where they have none, rows are counted.
    Reltuples,
}
