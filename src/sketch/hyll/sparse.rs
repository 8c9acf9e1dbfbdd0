//! The sparse encoding: runs of registers as opcodes.
//!
//! | opcode | bits | meaning |
//! |---|---|---|
//! | ZERO | `00nnnnnn` | n+1 registers are 0 (1–64) |
//! | XZERO | `01nnnnnn nnnnnnnn` | n+1 registers are 0 (1–16384) |
//! | VAL | `1vvvvvnn` | n+1 registers (1–4) are v+1 (1–32) |

use super::{SPARSE, header};
use crate::sketch::error::SketchError;
use crate::sketch::register::{REGISTERS, Registers};

/// Redis' default `hll-sparse-max-bytes`, the header included; larger values are made dense at the next change anyway.
const MAX_BYTES: usize = 3000;

/// The greatest register that VAL can hold.
const MAX_VALUE: u8 = 32;

const MAX_ZERO: usize = 64;
const MAX_RUN: usize = 4;

const XZERO: u8 = 0b0100_0000;
const VAL: u8 = 0b1000_0000;

/// Equal registers side by side.
struct Run {
    value: u8,
    length: usize,
}

/// The registers that are not zero: index and value, in the order of the index.
pub(super) fn read(mut body: &[u8]) -> Result<Vec<(usize, u8)>, SketchError> {
    let mut occupied = Vec::new();
    let mut index = 0;
    while !body.is_empty() {
        let (run, rest) = read_run(body)?;
        let end = index + run.length;
        if end > REGISTERS {
            return Err(SketchError::SparseOverrun { found: end });
        }
        if run.value > 0 {
            occupied.extend((index..end).map(|place| (place, run.value)));
        }
        (index, body) = (end, rest);
    }
    if index < REGISTERS {
        return Err(SketchError::SparseShort { found: index });
    }
    Ok(occupied)
}

/// Lifts registers to those of the body; where that is an error, to some of them.
pub(super) fn merge(mut body: &[u8], registers: &mut Registers) -> Result<(), SketchError> {
    let mut index = 0;
    while !body.is_empty() {
        let (run, rest) = read_run(body)?;
        let end = index + run.length;
        let Some(covered) = registers.as_array_mut().get_mut(index..end) else {
            return Err(SketchError::SparseOverrun { found: end });
        };
        if run.value > 0 {
            for register in covered {
                *register = run.value.max(*register);
            }
        }
        (index, body) = (end, rest);
    }
    if index < REGISTERS {
        return Err(SketchError::SparseShort { found: index });
    }
    Ok(())
}

/// The first opcode and what follows it.
#[inline]
fn read_run(body: &[u8]) -> Result<(Run, &[u8]), SketchError> {
    match body {
        [opcode, rest @ ..] if opcode & VAL != 0 => {
            let run = Run {
                value: ((opcode >> 2) & 0x1f) + 1,
                length: usize::from(opcode & 0x03) + 1,
            };
            Ok((run, rest))
        }
        [opcode, low, rest @ ..] if opcode & XZERO != 0 => {
            let length = usize::from(u16::from_be_bytes([opcode & 0x3f, *low])) + 1;
            Ok((Run { value: 0, length }, rest))
        }
        [opcode, rest @ ..] if opcode & XZERO == 0 => Ok((
            Run {
                value: 0,
                length: usize::from(*opcode) + 1,
            },
            rest,
        )),
        _ => Err(SketchError::TruncatedOpcode),
    }
}

/// The value with these registers, given by index and value in the order of the index and all others zero; `None` if
/// Redis would keep it dense.
pub(in crate::sketch) fn write_sparse(occupied: impl Iterator<Item = (usize, u8)>) -> Option<Vec<u8>> {
    let mut bytes = header(SPARSE);
    let mut pending = Run { value: 0, length: 0 };
    let mut next = 0;
    for (index, value) in occupied {
        if value > MAX_VALUE || bytes.len() > MAX_BYTES {
            return None;
        }
        let gap = Run {
            value: 0,
            length: index - next,
        };
        for run in [gap, Run { value, length: 1 }] {
            extend(&mut pending, run, &mut bytes);
        }
        next = index + 1;
    }
    extend(
        &mut pending,
        Run {
            value: 0,
            length: REGISTERS - next,
        },
        &mut bytes,
    );
    append(&pending, &mut bytes);
    (bytes.len() <= MAX_BYTES).then_some(bytes)
}

/// Lengthens the pending run, or writes it and begins another.
fn extend(pending: &mut Run, run: Run, bytes: &mut Vec<u8>) {
    if run.length == 0 {
        return;
    }
    if run.value == pending.value {
        pending.length += run.length;
    } else {
        append(pending, bytes);
        *pending = run;
    }
}

fn append(run: &Run, bytes: &mut Vec<u8>) {
    match run {
        Run { length: 0, .. } => {}
        Run { value: 0, length } if *length <= MAX_ZERO => bytes.push((length - 1) as u8),
        Run { value: 0, length } => {
            let [high, low] = ((length - 1) as u16).to_be_bytes();
            bytes.extend_from_slice(&[XZERO | high, low]);
        }
        Run { value, length } => append_values(*value, *length, bytes),
    }
}

fn append_values(value: u8, mut length: usize, bytes: &mut Vec<u8>) {
    while length > 0 {
        let run = length.min(MAX_RUN);
        bytes.push(VAL | ((value - 1) << 2) | (run - 1) as u8);
        length -= run;
    }
}
