//! What can be wrong with a sketch that comes from outside.

use thiserror::Error;

use super::register::{MAX_REGISTER, REGISTERS};

/// Why bytes, registers or buckets are not a sketch.
#[derive(Debug, Error)]
pub enum SketchError {
    #[error("{found} registers given, a sketch has {REGISTERS}")]
    RegisterCount { found: usize },

    #[error("register {index} holds {value}, the most that the hash can give is {MAX_REGISTER}")]
    RegisterValue { index: usize, value: u8 },

    #[error("not a Redis HyperLogLog: a value of {length} bytes that does not begin with a \"HYLL\" header")]
    NoHeader { length: usize },

    #[error("Redis HyperLogLog encoding {0} is unknown, only 0 (dense) and 1 (sparse) are")]
    UnknownEncoding(u8),

    #[error("a dense Redis HyperLogLog of {found} bytes, it must have {expected}")]
    DenseLength { found: usize, expected: usize },

    #[error("a sparse Redis HyperLogLog ends within its last opcode")]
    TruncatedOpcode,

    #[error("a sparse Redis HyperLogLog describes {found} registers or more, it must describe {REGISTERS}")]
    SparseOverrun { found: usize },

    #[error("a sparse Redis HyperLogLog describes {found} registers, it must describe {REGISTERS}")]
    SparseShort { found: usize },

    #[error("not a JSON object of bucket numbers and values: {0}")]
    BucketsJson(#[source] serde_json::Error),

    #[error("bucket number {0} is out of range, they run from 0 to 511")]
    BucketNumber(u16),

    #[error("bucket {number} holds {value}, a value runs from 1 to 31")]
    BucketValue { number: u16, value: u8 },
}
