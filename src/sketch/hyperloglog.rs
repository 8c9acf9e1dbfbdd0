//! The sketch.

use std::borrow::Cow;
use std::fmt;

use super::error::SketchError;
use super::estimator;
use super::hyll;
use super::murmur;
use super::register::{Histogram, REGISTERS, Registers, index_of, value_of};
use super::small_set::{CAPACITY, SmallSet};

/// A distinct-count sketch of 2^14 registers, equal to what Redis' PFADD makes of the same bytes.
///
/// A sketch of few elements holds 8 bytes for each of them, up to 8 KiB; beyond that it takes 16 KiB, however many elements
/// it sees. Two sketches are equal if their registers are.
#[derive(Clone)]
pub struct HyperLogLog {
    form: Form,
}

#[derive(Clone)]
enum Form {
    Small(SmallSet),
    Dense(Registers),
}

impl HyperLogLog {
    /// An empty sketch.
    pub const fn new() -> Self {
        HyperLogLog {
            form: Form::Small(SmallSet::new()),
        }
    }

    /// The sketch with these registers, [`REGISTERS`] of them.
    ///
    /// # Errors
    /// Another number of registers, or a value above [`MAX_REGISTER`](super::MAX_REGISTER).
    pub fn from_registers(registers: &[u8]) -> Result<Self, SketchError> {
        Registers::checked(registers).map(Self::of_registers)
    }

    /// The sketch in a value that Redis holds under a HyperLogLog key, dense or sparse.
    ///
    /// # Errors
    /// Bytes that are not such a value; Redis itself would answer WRONGTYPE or INVALIDOBJ.
    pub fn from_redis_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        Ok(match hyll::read(bytes)? {
            hyll::Content::Dense(registers) => Self::of_registers(registers),
            hyll::Content::Sparse(occupied) => Self::of_occupied(&occupied),
        })
    }

    /// Adds an element, hashed as its bytes are; says, as PFADD does, whether the sketch changed.
    #[inline]
    pub fn add(&mut self, element: &[u8]) -> bool {
        self.add_hash(murmur::hash(element))
    }

    /// Adds an integer as its decimal text, which is what PFADD sees of one.
    #[inline]
    pub fn add_integer(&mut self, element: i64) -> bool {
        self.add_hash(murmur::hash_integer(element))
    }

    /// Adds an element by its [`hash`](super::hash).
    #[inline]
    pub fn add_hash(&mut self, hash: u64) -> bool {
        match &mut self.form {
            Form::Dense(registers) => registers.raise(index_of(hash), value_of(hash)),
            Form::Small(_) => self.add_to_small(hash),
        }
    }

    /// Takes in all elements of the other sketch.
    pub fn merge(&mut self, other: &HyperLogLog) {
        match (&mut self.form, &other.form) {
            (Form::Small(set), Form::Small(others)) => {
                if set.merge(others) {
                    self.make_dense();
                }
            }
            (Form::Small(set), Form::Dense(others)) => {
                let mut registers = others.clone();
                registers.raise_all(set.occupied());
                self.form = Form::Dense(registers);
            }
            (Form::Dense(registers), Form::Small(others)) => registers.raise_all(others.occupied()),
            (Form::Dense(registers), Form::Dense(others)) => registers.merge(others),
        }
    }

    /// The estimated number of distinct elements, to the digit what PFCOUNT answers for the same registers.
    pub fn count(&self) -> u64 {
        // The conversion saturates, and rounding is half away from zero, as Redis' is.
        self.estimate().round() as u64
    }

    /// The estimate before it is rounded to a [`count`](Self::count).
    pub fn estimate(&self) -> f64 {
        estimator::estimate(&self.histogram())
    }

    /// Whether nothing was ever added.
    pub fn is_empty(&self) -> bool {
        // Registers are only taken for sets that are large.
        matches!(&self.form, Form::Small(set) if set.is_empty())
    }

    /// A copy of all registers, each from 0 to [`MAX_REGISTER`](super::MAX_REGISTER).
    pub fn registers(&self) -> Box<[u8; REGISTERS]> {
        Box::new(*self.dense().as_array())
    }

    /// The dense value that Redis holds for these registers after a PFMERGE: 12,304 bytes, the cached count marked stale.
    pub fn to_redis_bytes(&self) -> Vec<u8> {
        hyll::write_dense(&self.dense())
    }

    /// A sparse value for these registers, if Redis would keep them so: no register above 32 and no more bytes than its
    /// default `hll-sparse-max-bytes` of 3000.
    pub fn to_redis_sparse_bytes(&self) -> Option<Vec<u8>> {
        match &self.form {
            Form::Small(set) => hyll::write_sparse(set.occupied()),
            Form::Dense(registers) => hyll::write_sparse(registers.occupied()),
        }
    }

    /// The shorter value that Redis reads: sparse where that is allowed, dense otherwise.
    pub fn to_redis_compact_bytes(&self) -> Vec<u8> {
        self.to_redis_sparse_bytes().unwrap_or_else(|| self.to_redis_bytes())
    }

    /// The elements' hashes, while they are few and all of them are known.
    pub(super) fn complete_set(&self) -> Option<&SmallSet> {
        match &self.form {
            Form::Small(set) if set.is_complete() => Some(set),
            _ => None,
        }
    }

    pub(super) fn dense(&self) -> Cow<'_, Registers> {
        match &self.form {
            Form::Dense(registers) => Cow::Borrowed(registers),
            Form::Small(set) => Cow::Owned(set.to_registers()),
        }
    }

    pub(super) fn of_registers(registers: Registers) -> Self {
        let form = if registers.occupied_len() > CAPACITY {
            Form::Dense(registers)
        } else {
            Form::Small(SmallSet::from_occupied(registers.occupied()))
        };
        HyperLogLog { form }
    }

    /// The sketch of these registers, given by index and value in the order of the index.
    fn of_occupied(occupied: &[(usize, u8)]) -> Self {
        let mut sketch = HyperLogLog {
            form: Form::Small(SmallSet::from_occupied(occupied.iter().copied())),
        };
        if occupied.len() > CAPACITY {
            sketch.make_dense();
        }
        sketch
    }

    #[cold]
    fn add_to_small(&mut self, hash: u64) -> bool {
        let Form::Small(set) = &mut self.form else { return false };
        let inserted = set.insert(hash);
        if inserted.overfull {
            self.make_dense();
        }
        inserted.raised
    }

    fn make_dense(&mut self) {
        if let Form::Small(set) = &self.form {
            self.form = Form::Dense(set.to_registers());
        }
    }

    fn histogram(&self) -> Histogram {
        match &self.form {
            Form::Dense(registers) => registers.histogram(),
            Form::Small(set) => set.histogram(),
        }
    }
}

impl Default for HyperLogLog {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for HyperLogLog {
    fn eq(&self, other: &Self) -> bool {
        self.dense() == other.dense()
    }
}

impl Eq for HyperLogLog {}

/// Sixteen thousand registers tell a reader less than their count.
impl fmt::Debug for HyperLogLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match &self.form {
            Form::Small(_) => "small",
            Form::Dense(_) => "dense",
        };
        formatter
            .debug_struct("HyperLogLog")
            .field("count", &self.count())
            .field("form", &form)
            .finish()
    }
}
