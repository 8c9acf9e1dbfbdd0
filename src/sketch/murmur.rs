//! MurmurHash64A, the hash that Redis' HyperLogLog commands use.

use super::decimal::Decimal;

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

/// The [`hash`] of an integer's decimal text.
#[inline]
pub(super) fn hash_integer(element: i64) -> u64 {
    let Some(text) = Decimal::of(element) else {
        return hash(itoa::Buffer::new().format(element).as_bytes());
    };
    let mut state = SEED ^ (text.length as u64).wrapping_mul(MULTIPLIER);
    let mut left = text.length;
    for word in text.words {
        if left == 0 {
            break;
        }
        let part = if left < 8 { word } else { scramble(word) };
        state = (state ^ part).wrapping_mul(MULTIPLIER);
        left = left.saturating_sub(8);
    }
    finish(state)
}

#[inline]
fn scramble(word: u64) -> u64 {
    let word = word.wrapping_mul(MULTIPLIER);
    (word ^ (word >> SHIFT)).wrapping_mul(MULTIPLIER)
}

/// One to seven bytes as one number, without a loop: the parts that are read may overlap, as they agree where they do.
#[inline]
fn little_endian(tail: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (tail.first_chunk::<4>(), tail.last_chunk::<4>()) {
        let shift = 8 * (tail.len() - 4);
        return u64::from(u32::from_le_bytes(*first)) | (u64::from(u32::from_le_bytes(*last)) << shift);
    }
    let at = |place: usize| tail.get(place).map_or(0, |&byte| u64::from(byte) << (8 * place));
    at(0) | at(1) | at(2)
}

#[inline]
fn finish(state: u64) -> u64 {
    let state = (state ^ (state >> SHIFT)).wrapping_mul(MULTIPLIER);
    state ^ (state >> SHIFT)
}
