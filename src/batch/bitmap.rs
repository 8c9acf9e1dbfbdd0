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

/// A set of integers; its memory goes back to the budget with it.
#[derive(Debug)]
pub(super) struct Bitmap {
    values: RoaringTreemap,
    taken: u64,
    budget: BitmapBudget,
}

impl Bitmap {
    pub(super) fn new(budget: &BitmapBudget) -> Bitmap {
        Bitmap {
            values: RoaringTreemap::new(),
            taken: 0,
            budget: budget.clone(),
        }
    }

    pub(super) fn insert(&mut self, value: i64) {
        self.values.insert((value as u64) ^ SIGN);
    }

    /// Counts what was inserted against the budget; false where it is more than there is.
    pub(super) fn fits(&mut self) -> bool {
        let bytes = self.values.serialized_size() as u64;
        let more = bytes.saturating_sub(self.taken);
        if !self.budget.take(more) {
            return false;
        }
        self.taken += more;
        true
    }

    pub(super) fn len(&self) -> u64 {
        self.values.len()
    }
}

impl Drop for Bitmap {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}
