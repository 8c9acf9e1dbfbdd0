//! What was complained of already: a page that sends a wrong name a million times fills no log.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Names that are remembered; beyond, none is complained of.
const MOST: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Complaints(Mutex<HashSet<String>>);

impl Complaints {
    /// Whether this is the first complaint of that name.
    pub(super) fn is_new(&self, name: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST || known.contains(name) {
            return false;
        }
        known.insert(name.to_owned())
    }
}
