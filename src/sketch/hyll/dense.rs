//! The dense encoding: six bits a register, the lowest bits of each byte first, so that four registers fill three bytes.

use super::HEADER_LENGTH;
use crate::sketch::error::SketchError;
use crate::sketch::register::{REGISTERS, Registers};

/// Bytes after the header.
pub(super) const LENGTH: usize = REGISTERS / 4 * 3;

pub(super) fn read(body: &[u8]) -> Result<Registers, SketchError> {
    Registers::checked(&unpack(body)?)
}

/// Lifts registers to those of the body.
pub(super) fn merge(body: &[u8], registers: &mut Registers) -> Result<(), SketchError> {
    registers.raise_to(&unpack(body)?)
}

/// A byte for each register, whatever its value.
fn unpack(body: &[u8]) -> Result<[u8; REGISTERS], SketchError> {
    if body.len() != LENGTH {
        return Err(SketchError::DenseLength {
            found: HEADER_LENGTH + body.len(),
            expected: HEADER_LENGTH + LENGTH,
        });
    }
    let mut values = [0; REGISTERS];
    let (packed, _) = body.as_chunks::<6>();
    let (plain, _) = values.as_chunks_mut::<8>();
    for (plain, packed) in plain.iter_mut().zip(packed) {
        *plain = spread(*packed);
    }
    Ok(values)
}

pub(super) fn append(registers: &Registers, bytes: &mut Vec<u8>) {
    let (quads, _) = registers.as_array().as_chunks::<4>();
    for quad in quads {
        bytes.extend_from_slice(&pack(*quad));
    }
}

/// Eight registers from 48 bits: halves, quarters and eighths are parted in all lanes at once.
fn spread(packed: [u8; 6]) -> [u8; 8] {
    let [a, b, c, d, e, f] = packed;
    let bits = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
    let bits = (bits & 0x0000_0000_00ff_ffff) | ((bits & 0x0000_ffff_ff00_0000) << 8);
    let bits = (bits & 0x0000_0fff_0000_0fff) | ((bits & 0x00ff_f000_00ff_f000) << 4);
    let bits = (bits & 0x003f_003f_003f_003f) | ((bits & 0x0fc0_0fc0_0fc0_0fc0) << 2);
    bits.to_le_bytes()
}

fn pack(quad: [u8; 4]) -> [u8; 3] {
    let bits = quad
        .iter()
        .rev()
        .fold(0_u32, |bits, &value| (bits << 6) | u32::from(value));
    let [first, second, third, _] = bits.to_le_bytes();
    [first, second, third]
}
