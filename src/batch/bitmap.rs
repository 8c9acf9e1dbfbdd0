//! Distinct integers, exactly: compressed bitmaps, which together keep to a bound of memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use roaring::RoaringTreemap;

/// Bytes that all bitmaps of a run may take together.
const MOST_BYTES: u64 = 24 * 1024 * 1024;
/// Turns signed order into unsigned order, so that small negative numbers lie beside small positive ones.
const SIGN: u64 = 1 << 63;

/// What bitmaps may still take.
#[derive(Debug, Clone)]
pub(super) struct BitmapBudget(Arc<AtomicU64>);

impl Default for BitmapBudget {
    fn default() -> Self {
        BitmapBudget(Arc::new(AtomicU64::new(MOST_BYTES)))
    }
}

impl BitmapBudget {
    /// Takes from the budget; false where there is not as much.
    fn take(&self, bytes: u64) -> bool {
        let take = |left: u64| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Integers from 0 to here have a bit each in a plain array: most keys are among them, and seen again and again.
const LOW: usize = 1 << 22;

/// A set of integers; its memory goes back to the budget with it.
#[derive(Debug)]
pub(super) struct Bitmap {
    /// As long as the highest of the low integers wants it.
    low: Vec<u64>,
    low_len: u64,
    others: RoaringTreemap,
    taken: u64,
    budget: BitmapBudget,
}

impl Bitmap {
    pub(super) fn new(budget: &BitmapBudget) -> Bitmap {
        Bitmap {
            low: Vec::new(),
            low_len: 0,
            others: RoaringTreemap::new(),
            taken: 0,
            budget: budget.clone(),
        }
    }

    /// Whether it is new.
    pub(super) fn insert(&mut self, value: i64) -> bool {
        match usize::try_from(value) {
            Ok(low) if low < LOW => self.insert_low(low),
            _ => self.others.insert((value as u64) ^ SIGN),
        }
    }

    fn insert_low(&mut self, value: usize) -> bool {
        let (word, bit) = (value / 64, 1u64 << (value % 64));
        if word >= self.low.len() {
            self.low.resize((word + 1).next_power_of_two(), 0);
        }
        let Some(word) = self.low.get_mut(word) else {
            return false;
        };
        let is_new = *word & bit == 0;
        *word |= bit;
        self.low_len += u64::from(is_new);
        is_new
    }

    /// Counts what was inserted against the budget; false where it is more than there is.
    pub(super) fn fits(&mut self) -> bool {
        let bytes = (self.low.len() * 8 + self.others.serialized_size()) as u64;
        let more = bytes.saturating_sub(self.taken);
        if !self.budget.take(more) {
            return false;
        }
        self.taken += more;
        true
    }

    pub(super) fn len(&self) -> u64 {
        self.low_len + self.others.len()
    }
}

impl Drop for Bitmap {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}
