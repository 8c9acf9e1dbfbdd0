//! The dense encoding: six bits a register, the lowest bits of each byte first, so that four registers fill three bytes.

use super::HEADER_LENGTH;
use crate::sketch::error::SketchError;
use crate::sketch::register::{REGISTERS, Registers};

/// Bytes after the header.
pub(super) const LENGTH: usize = REGISTERS / 4 * 3;

pub(super) fn read(body: &[u8]) -> Result<Registers, SketchError> {
    if body.len() != LENGTH {
        return Err(SketchError::DenseLength {
            found: HEADER_LENGTH + body.len(),
            expected: HEADER_LENGTH + LENGTH,
        });
    }
    let mut values = [0; REGISTERS];
    let (triples, _) = body.as_chunks::<3>();
    let (quads, _) = values.as_chunks_mut::<4>();
    for (quad, triple) in quads.iter_mut().zip(triples) {
        *quad = unpack(*triple);
    }
    Registers::checked(&values)
}

pub(super) fn append(registers: &Registers, bytes: &mut Vec<u8>) {
    let (quads, _) = registers.as_array().as_chunks::<4>();
    for quad in quads {
        bytes.extend_from_slice(&pack(*quad));
    }
}

fn unpack(triple: [u8; 3]) -> [u8; 4] {
    let bits = u32::from_le_bytes([triple[0], triple[1], triple[2], 0]);
    [0, 6, 12, 18].map(|shift| (bits >> shift) as u8 & 0x3f)
}

fn pack(quad: [u8; 4]) -> [u8; 3] {
    let bits = quad
        .iter()
        .rev()
        .fold(0_u32, |bits, &value| (bits << 6) | u32::from(value));
    let [first, second, third, _] = bits.to_le_bytes();
    [first, second, third]
}
