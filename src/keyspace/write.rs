//! What tracking asks of the store.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    pub key: String,
    pub change: Change,
    pub life: Life,
}

/// What is done with a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// Elements join a sketch, each as the bytes that PFADD sees.
    Add(Vec<Vec<u8>>),
    /// A counter rises.
    Increment(i64),
    /// A sum of floats rises.
    IncrementFloat(f64),
    /// One field of a hash of counters rises.
    IncrementField { field: String, by: i64 },
}

/// How long a key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Life {
    Forever,
    /// So long after the last write: sketches.
    Renewed(Duration),
    /// So long after the first write: counters of a time frame keep the expiry that they have.
    Fixed(Duration),
}

impl Change {
    /// Whether a second application changes nothing.
    pub fn is_idempotent(&self) -> bool {
        matches!(self, Change::Add(_))
    }
}
