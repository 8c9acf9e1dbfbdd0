//! MurmurHash64A, the hash that Redis' HyperLogLog commands use.

/// The seed of Redis' `hllPatLen`.
const SEED: u64 = 0xadc8_3b19;

const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;
const SHIFT: u32 = 47;

/// The 64-bit hash of an element as PFADD computes it: MurmurHash64A with Redis' seed, input read little-endian.
///
/// Source: Austin Appleby's MurmurHash2, 64-bit version A.
#[inline]
pub fn hash(element: &[u8]) -> u64 {
    let (words, tail) = element.as_chunks::<8>();
    let mut state = SEED ^ (element.len() as u64).wrapping_mul(MULTIPLIER);
    for word in words {
        state = (state ^ scramble(u64::from_le_bytes(*word))).wrapping_mul(MULTIPLIER);
    }
    if !tail.is_empty() {
        state = (state ^ little_endian(tail)).wrapping_mul(MULTIPLIER);
    }
    finish(state)
}

#[inline]
fn scramble(word: u64) -> u64 {
    let word = word.wrapping_mul(MULTIPLIER);
    (word ^ (word >> SHIFT)).wrapping_mul(MULTIPLIER)
}

/// At most seven bytes as one number.
#[inline]
fn little_endian(tail: &[u8]) -> u64 {
    tail.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte))
}

#[inline]
fn finish(state: u64) -> u64 {
    let state = (state ^ (state >> SHIFT)).wrapping_mul(MULTIPLIER);
    state ^ (state >> SHIFT)
}
