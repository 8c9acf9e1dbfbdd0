//! How large the next range may be, by the time that the last one took.

use std::time::Duration;

use super::strategy::Sharing;

/// A range grows to at most so many rows, or blocks, whatever the table's pace: what comes next may be denser.
const MOST_ROWS: u64 = 2_000_000;
const MOST_BLOCKS: u64 = 32_768;
/// No range is larger before one was timed: costs are guesses.
const MOST_FIRST: u64 = 500_000;
/// Integers that the packed values of one statement may hold together: they are held in memory, a range at a time.
const MOST_PACKED: u64 = 500_000;
const LEAST_PACKED_ROWS: u64 = 20_000;
/// Rows of a block, as far as memory is concerned.
pub(super) const ROWS_OF_A_BLOCK: u64 = 100;
/// What is left of a table is not shared out in smaller ranges than these.
const LEAST_SHARED_ROWS: u64 = 25_000;
const LEAST_SHARED_BLOCKS: u64 = 512;
/// The part of the time allowed that a range aims at, because the next one may take longer.
const AIM: f64 = 0.5;

/// The rule for the sizes of a scan's ranges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    aim: Duration,
    most: u64,
    /// Nothing is cut smaller than this for another lane.
    least: u64,
    /// The first size, where what it costs was asked for.
    start: Option<u64>,
    /// Sizes stay as they are, but for what is cancelled.
    fixed: bool,
}

/// What a scan's ranges are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Rows,
    Blocks,
}

impl Pace {
    /// Ranges that aim at half of `batch_time`, for so many `packed` members; `declared` is the largest size that a class
    /// allows.
    pub(super) fn new(
        sharing: Sharing,
        batch_time: Duration,
        unit: Unit,
        packed: usize,
        declared: Option<u64>,
    ) -> Pace {
        let most = match unit {
            Unit::Rows => packed_rows(packed).unwrap_or(MOST_ROWS),
            Unit::Blocks => packed_rows(packed).map_or(MOST_BLOCKS, |rows| rows / ROWS_OF_A_BLOCK),
        };
        Pace {
            aim: batch_time.mul_f64(AIM),
            most: declared.unwrap_or(most).min(most),
            least: match unit {
                Unit::Rows => LEAST_SHARED_ROWS,
                Unit::Blocks => LEAST_SHARED_BLOCKS,
            },
            start: None,
            fixed: sharing == Sharing::Never || declared.is_some(),
        }
    }

    /// Begins with as many of `all` rows, or blocks, as take the time that is aimed at, where all take `expected`.
    pub(super) fn starting(mut self, all: u64, expected: Duration) -> Pace {
        let part = self.aim.as_secs_f64() / expected.as_secs_f64().max(1e-6);
        self.start = Some(((all as f64 * part) as u64).clamp(self.least, MOST_FIRST));
        self
    }

    /// Never wider than this, unless a class says so.
    pub(super) fn no_wider_than(mut self, most: u64) -> Pace {
        if !self.fixed {
            self.most = self.most.min(most);
        }
        self
    }

    /// The size of a range that would be this large otherwise.
    pub(super) fn first(&self, size: u64) -> u64 {
        match self.fixed {
            true => size,
            false => self.start.unwrap_or(size).min(self.most),
        }
    }

    /// The size that follows on `size`, which took `elapsed`: at most twice as large, at least a quarter.
    pub(super) fn next(&self, size: u64, elapsed: Duration) -> u64 {
        if self.fixed {
            return size;
        }
        let wanted = self.aim.as_secs_f64() / elapsed.as_secs_f64().max(1e-6);
        let next = size as f64 * wanted.clamp(0.25, 2.0);
        (next as u64).clamp(1, self.most.max(1))
    }

    /// Whether no size follows the time that ranges take.
    pub(super) fn is_fixed(&self) -> bool {
        self.fixed
    }

    /// The size of a range of what is left, so that `lanes` end at about the same time.
    pub(super) fn share(&self, size: u64, left: Option<u64>, lanes: usize) -> u64 {
        match left {
            Some(left) if !self.fixed && lanes > 1 => {
                let even = left / (2 * lanes as u64);
                size.min(even.max(self.least)).max(1)
            }
            _ => size,
        }
    }
}

/// Rows of a range for so many packed values; `None` where there are none.
pub(super) fn packed_rows(packed: usize) -> Option<u64> {
    let rows = MOST_PACKED.checked_div(packed as u64)?;
    Some(rows.max(LEAST_PACKED_ROWS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        Pace::new(Sharing::Auto, Duration::from_millis(500), Unit::Rows, 0, None)
    }

    #[test]
    fn sizes_grow_on_fast_tables_and_shrink_on_slow_ones() {
        assert_eq!(pace().next(100_000, Duration::from_millis(20)), 200_000);
        assert_eq!(pace().next(100_000, Duration::from_millis(250)), 100_000);
        assert_eq!(pace().next(100_000, Duration::from_secs(60)), 25_000);
        assert_eq!(pace().next(MOST_ROWS, Duration::ZERO), MOST_ROWS);
    }

    #[test]
    fn a_declared_size_is_kept() {
        let pace = Pace::new(Sharing::Auto, Duration::from_millis(500), Unit::Rows, 0, Some(500));
        assert_eq!(pace.next(500, Duration::from_millis(1)), 500);
        assert_eq!(pace.share(500, Some(600), 4), 500);
    }

    #[test]
    fn the_last_ranges_are_shared_out() {
        assert_eq!(pace().share(1_000_000, Some(1_000_000), 2), 250_000);
        assert_eq!(pace().share(1_000_000, Some(100), 2), LEAST_SHARED_ROWS);
        assert_eq!(pace().share(450, Some(450), 2), 450);
        assert_eq!(pace().share(1_000_000, None, 2), 1_000_000);
    }
}
