//! Redis' "HYLL" values: a header of 16 bytes, then registers, dense or sparse.
//!
//! Header: the four letters, one byte of encoding, three unused, and the cached count as 8 bytes little-endian, whose
//! highest bit says that it is stale. Source: the comment at the head of Redis' `hyperloglog.c`.

mod dense;
mod sparse;

pub(super) use sparse::write_sparse;

use super::error::SketchError;
use super::register::Registers;

const MAGIC: &[u8; 4] = b"HYLL";
const HEADER_LENGTH: usize = 16;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;

/// What a value holds.
pub(super) enum Content {
    Dense(Registers),
    /// Index and value of the registers that are not zero, in the order of the index.
    Sparse(Vec<(usize, u8)>),
}

/// The registers in a value of either encoding. The cached count is not looked at: registers say more.
///
/// # Errors
/// Whatever Redis would refuse: another header, a wrong length, opcodes that do not describe all registers exactly; and
/// registers beyond what a hash gives.
pub(super) fn read(bytes: &[u8]) -> Result<Content, SketchError> {
    match split(bytes)? {
        (DENSE, body) => dense::read(body).map(Content::Dense),
        (SPARSE, body) => sparse::read(body).map(Content::Sparse),
        (other, _) => Err(SketchError::UnknownEncoding(other)),
    }
}

/// Lifts registers to those in a value of either encoding, without a copy of them between.
///
/// # Errors
/// As [`read`]; some registers may be lifted all the same.
pub(super) fn merge(bytes: &[u8], registers: &mut Registers) -> Result<(), SketchError> {
    match split(bytes)? {
        (DENSE, body) => dense::merge(body, registers),
        (SPARSE, body) => sparse::merge(body, registers),
        (other, _) => Err(SketchError::UnknownEncoding(other)),
    }
}

/// The encoding, and what follows the header.
fn split(bytes: &[u8]) -> Result<(u8, &[u8]), SketchError> {
    let no_header = || SketchError::NoHeader { length: bytes.len() };
    let (header, body) = bytes.split_at_checked(HEADER_LENGTH).ok_or_else(no_header)?;
    let encoding = *header
        .strip_prefix(MAGIC)
        .and_then(<[u8]>::first)
        .ok_or_else(no_header)?;
    Ok((encoding, body))
}

/// The dense value of 12,304 bytes.
pub(super) fn write_dense(registers: &Registers) -> Vec<u8> {
    let mut bytes = header(DENSE);
    dense::append(registers, &mut bytes);
    bytes
}

/// A header whose cached count is zero and stale, so that Redis counts for itself.
fn header(encoding: u8) -> Vec<u8> {
    let stale = 1_u64 << 63;
    let mut header = Vec::with_capacity(HEADER_LENGTH + dense::LENGTH);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&[encoding, 0, 0, 0]);
    header.extend_from_slice(&stale.to_le_bytes());
    header
}
