//! The decimal text of a number, made in registers instead of in memory.
//!
//! Integers are by far the most frequent elements. Writing their text out byte by byte and reading it back in words costs
//! several times what hashing it does.

/// A text of one to sixteen digits in two words, the first digit in the lowest byte and zeros after the last.
pub(super) struct Decimal {
    pub(super) words: [u64; 2],
    pub(super) length: usize,
}

impl Decimal {
    /// `None` if there is a sign, or more than sixteen digits.
    #[inline]
    pub(super) fn of(number: i64) -> Option<Self> {
        const LIMIT: u64 = 100_000_000;
        let number = u64::try_from(number).ok().filter(|&number| number < LIMIT * LIMIT)?;
        let last = eight_digits(number % LIMIT);
        if number < LIMIT {
            let zeros = leading_zeros(last);
            return Some(Decimal {
                words: [last >> (8 * zeros), 0],
                length: 8 - zeros,
            });
        }
        let first = eight_digits(number / LIMIT);
        let zeros = leading_zeros(first);
        let all = (u128::from(first) | (u128::from(last) << 64)) >> (8 * zeros);
        Some(Decimal {
            words: [all as u64, (all >> 64) as u64],
            length: 16 - zeros,
        })
    }
}

/// The eight digits of a number below 10^8 as ASCII, leading zeros included. Halves, pairs and digits are each parted in all
/// lanes at once; the multiplications with a shift are divisions by 100 and by 10, exact for numbers as small as these.
#[inline]
fn eight_digits(number: u64) -> u64 {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    let digits = tens | ((pairs - 10 * tens) << 8);
    digits | 0x3030_3030_3030_3030
}

/// How many zeros stand before the first other digit, or before the last one.
#[inline]
fn leading_zeros(digits: u64) -> usize {
    let values = digits & 0x0f0f_0f0f_0f0f_0f0f;
    (values.trailing_zeros() as usize / 8).min(7)
}
