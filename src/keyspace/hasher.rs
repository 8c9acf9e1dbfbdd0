//! Maps by names and keys, on the way of every tracked event.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::sketch;

/// A map whose keys come from definitions, so that nobody can choose them to collide.
pub(crate) type NameMap<T> = HashMap<String, T, BuildHasherDefault<NameHasher>>;

/// The sketches' hash: half the time of the usual one, which is made for keys that strangers choose.
#[derive(Default)]
pub(crate) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = self.0.rotate_left(5) ^ sketch::hash(bytes);
    }

    /// The byte that ends a text tells no two texts apart here.
    fn write_u8(&mut self, _byte: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
