//! The form of a sketch that has seen little: the hashes themselves, sorted by register.

use super::register::{Histogram, INDEX_BITS, MAX_REGISTER, REGISTERS, Registers, VALUE_BITS, index_of, value_of};

/// Hashes beyond which all registers take less time, and little more memory: 8 KiB here against 16 KiB.
pub(super) const CAPACITY: usize = 1024;

/// Distinct hashes in the order of their registers.
///
/// While every hash was seen here the set is *complete*: it knows its elements, not only their registers, and
/// intersections of such sets are exact. A set read back from registers holds one hash for each of them that would give
/// that register again, and is not complete.
#[derive(Clone)]
pub(super) struct SmallSet {
    keys: Vec<Key>,
    complete: bool,
}

/// A hash turned so that its register's index is in the high bits, by which keys sort.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u64);

/// What an insertion did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Inserted {
    /// Whether a register rose.
    pub(super) raised: bool,
    /// Whether the set is now too large for its form.
    pub(super) overfull: bool,
}

impl SmallSet {
    pub(super) const fn new() -> Self {
        SmallSet {
            keys: Vec::new(),
            complete: true,
        }
    }

    /// The set that has these registers, given by index and value in the order of the index.
    pub(super) fn from_occupied(occupied: impl Iterator<Item = (usize, u8)>) -> Self {
        let keys: Vec<Key> = occupied.map(|(index, value)| Key::standing_for(index, value)).collect();
        let complete = keys.is_empty();
        SmallSet { keys, complete }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn insert(&mut self, hash: u64) -> Inserted {
        let key = Key::of(hash);
        let Err(place) = self.keys.binary_search(&key) else {
            return Inserted {
                raised: false,
                overfull: false,
            };
        };
        let raised = key.value() > self.register_at(place, key.index());
        // A set that is not complete gains nothing from a hash that no register shows.
        if raised || self.complete {
            self.keys.insert(place, key);
        }
        Inserted {
            raised,
            overfull: self.keys.len() > CAPACITY,
        }
    }

    /// Adds the other's hashes, and says whether the set is now too large for its form.
    pub(super) fn merge(&mut self, other: &SmallSet) -> bool {
        self.complete &= other.complete;
        self.keys.extend_from_slice(&other.keys);
        // Two sorted runs: the stable sort merges them in one pass.
        self.keys.sort();
        self.keys.dedup();
        self.keys.len() > CAPACITY
    }

    /// The registers that are not zero: index and value, in the order of the index.
    pub(super) fn occupied(&self) -> impl Iterator<Item = (usize, u8)> {
        self.keys
            .chunk_by(|left, right| left.index() == right.index())
            .filter_map(|run| run.iter().map(|key| (key.index(), key.value())).max())
    }

    pub(super) fn to_registers(&self) -> Registers {
        let mut registers = Registers::new();
        registers.raise_all(self.occupied());
        registers
    }

    /// Registers by value.
    pub(super) fn histogram(&self) -> Histogram {
        let mut histogram = [0; MAX_REGISTER as usize + 1];
        histogram[0] = REGISTERS as u32;
        for (_, value) in self.occupied() {
            histogram[0] -= 1;
            histogram[usize::from(value)] += 1;
        }
        histogram
    }

    /// Whether the set knows every element that was added.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn contains(&self, hash: u64) -> bool {
        self.keys.binary_search(&Key::of(hash)).is_ok()
    }

    /// The hashes, as they were added.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u64> {
        self.keys.iter().map(|key| key.hash())
    }

    /// The value of the register whose keys, if any, lie around `place`.
    fn register_at(&self, place: usize, index: usize) -> u8 {
        let (before, after) = self.keys.split_at(place);
        let before = before.iter().rev().take_while(|key| key.index() == index);
        let after = after.iter().take_while(|key| key.index() == index);
        before.chain(after).map(|key| key.value()).max().unwrap_or(0)
    }
}

impl Key {
    fn of(hash: u64) -> Self {
        Key(hash.rotate_right(INDEX_BITS))
    }

    /// The simplest key that gives a register this value.
    fn standing_for(index: usize, value: u8) -> Self {
        // The greatest value comes from a hash that has no bit set beside the index.
        let bit = 1_u64.checked_shl(u32::from(value) - 1).unwrap_or(0) & ((1 << VALUE_BITS) - 1);
        Key::of((bit << INDEX_BITS) | index as u64)
    }

    fn hash(self) -> u64 {
        self.0.rotate_left(INDEX_BITS)
    }

    fn index(self) -> usize {
        index_of(self.hash())
    }

    fn value(self) -> u8 {
        value_of(self.hash())
    }
}
