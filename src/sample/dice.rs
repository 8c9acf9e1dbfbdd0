//! Repeatable chance: the same label and row always give the same draw, on every machine.

/// Changing this changes every sample; it has no other meaning.
const SEED: u64 = 0x5e72_1ce0_9106_2026;

/// A sequence of draws, one for each row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice of their own for each pair of names, such as a table and a column.
    pub(super) fn new(table: &str, label: &str) -> Dice {
        let text = table.bytes().chain([b'.']).chain(label.bytes());
        Dice(text.fold(SEED, |state, byte| mix(state ^ u64::from(byte))))
    }

    /// A further draw for the same row, independent of this one.
    pub(super) fn again(self) -> Dice {
        Dice(mix(self.0 ^ SEED))
    }

    /// The draw of a row: all 64 bits.
    pub(super) fn bits(self, row: u64) -> u64 {
        mix(self.0.wrapping_add(row.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// The draw of a row in `0.0..1.0`.
    pub(super) fn unit(self, row: u64) -> f64 {
        // 53 bits are what a double holds exactly.
        (self.bits(row) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The draw of a row in `0..bound`; 0 where the bound is 0.
    pub(super) fn below(self, row: u64, bound: u64) -> u64 {
        ((u128::from(self.bits(row)) * u128::from(bound)) >> 64) as u64
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn draws_are_spread_evenly() {
        let dice = Dice::new("issues", "author_id");
        let mut hits = [0u32; 10];
        for row in 0..10_000 {
            hits[dice.below(row, 10) as usize] += 1;
        }
        assert!(hits.iter().all(|hit| (850..1150).contains(hit)), "{hits:?}");
        let mean = (0..10_000).map(|row| dice.unit(row)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }

    #[test]
    fn labels_and_further_draws_are_independent() {
        let one = Dice::new("issues", "author_id");
        assert_ne!(one.bits(7), Dice::new("issues", "project_id").bits(7));
        assert_ne!(one.bits(7), one.again().bits(7));
        assert_eq!(one.bits(7), Dice::new("issues", "author_id").bits(7));
    }
}
