//! The registers of a sketch in their plain form, one byte each.

use super::error::SketchError;

/// Bits of the hash that choose a register.
pub(super) const INDEX_BITS: u32 = 14;

/// Bits of the hash that are left for a register's value.
pub(super) const VALUE_BITS: u32 = 64 - INDEX_BITS;

/// How many registers a sketch has: 2^14.
pub const REGISTERS: usize = 1 << INDEX_BITS;

/// The greatest value a register can hold: 51, from a hash whose other 50 bits are all zero.
pub const MAX_REGISTER: u8 = VALUE_BITS as u8 + 1;

/// How many registers hold each value from 0 to [`MAX_REGISTER`].
pub(super) type Histogram = [u32; MAX_REGISTER as usize + 1];

/// All registers, a byte each: four bytes in three would save 4 KiB a sketch and cost a third of the speed of adding.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Registers(Box<[u8; REGISTERS]>);

impl Registers {
    pub(super) fn new() -> Self {
        Registers(Box::new([0; REGISTERS]))
    }

    /// # Errors
    /// A wrong number of registers, or a value that no hash gives.
    pub(super) fn checked(values: &[u8]) -> Result<Self, SketchError> {
        let values: [u8; REGISTERS] = values
            .try_into()
            .map_err(|_| SketchError::RegisterCount { found: values.len() })?;
        match values.iter().position(|&value| value > MAX_REGISTER) {
            Some(index) => Err(SketchError::RegisterValue {
                index,
                value: values[index],
            }),
            None => Ok(Registers(Box::new(values))),
        }
    }

    pub(super) fn as_array(&self) -> &[u8; REGISTERS] {
        &self.0
    }

    pub(super) fn as_array_mut(&mut self) -> &mut [u8; REGISTERS] {
        &mut self.0
    }

    /// Makes all registers zero.
    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Lifts every register to the value given for it.
    ///
    /// # Errors
    /// A value that no hash gives; nothing is lifted then.
    pub(super) fn raise_to(&mut self, values: &[u8; REGISTERS]) -> Result<(), SketchError> {
        let greatest = values.iter().fold(0, |greatest, &value| value.max(greatest));
        if greatest > MAX_REGISTER {
            return Registers::checked(values).map(|_| ());
        }
        for (register, &value) in self.0.iter_mut().zip(values) {
            *register = value.max(*register);
        }
        Ok(())
    }

    /// Lifts one register to `value` if it holds less, and says whether it did.
    #[inline]
    pub(super) fn raise(&mut self, index: usize, value: u8) -> bool {
        let register = &mut self.0[index % REGISTERS];
        let raised = *register < value;
        if raised {
            *register = value;
        }
        raised
    }

    /// Lifts registers given by index and value.
    pub(super) fn raise_all(&mut self, occupied: impl Iterator<Item = (usize, u8)>) {
        for (index, value) in occupied {
            self.raise(index, value);
        }
    }

    /// The registers that are not zero: index and value, in the order of the index.
    pub(super) fn occupied(&self) -> impl Iterator<Item = (usize, u8)> {
        self.0.iter().copied().enumerate().filter(|&(_, value)| value > 0)
    }

    /// How many registers are not zero.
    pub(super) fn occupied_len(&self) -> usize {
        self.0.iter().filter(|&&value| value > 0).count()
    }

    /// Lifts every register to the other's.
    pub(super) fn merge(&mut self, other: &Registers) {
        for (register, &value) in self.0.iter_mut().zip(other.0.iter()) {
            *register = (*register).max(value);
        }
    }

    /// Registers by value. Four counts run side by side, as neighbours often hold the same value and would wait for each
    /// other.
    pub(super) fn histogram(&self) -> Histogram {
        let mut lanes = [[0_u32; MAX_REGISTER as usize + 1]; 4];
        let (quads, _) = self.0.as_chunks::<4>();
        for quad in quads {
            for (lane, &value) in lanes.iter_mut().zip(quad) {
                lane[usize::from(value)] += 1;
            }
        }
        let mut histogram = lanes[0];
        for lane in &lanes[1..] {
            for (total, count) in histogram.iter_mut().zip(lane) {
                *total += count;
            }
        }
        histogram
    }
}

/// The register that a hash belongs to: its low 14 bits.
#[inline]
pub(super) fn index_of(hash: u64) -> usize {
    (hash as usize) % REGISTERS
}

/// The value that a hash asks its register to hold: one more than the trailing zeros of its other 50 bits.
#[inline]
pub(super) fn value_of(hash: u64) -> u8 {
    // The guard bit ends the count after the 50th zero, as in Redis.
    let rest = (hash >> INDEX_BITS) | (1 << VALUE_BITS);
    rest.trailing_zeros() as u8 + 1
}
