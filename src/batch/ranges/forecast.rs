//! About how many ranges a walk will have, before it is walked.

use std::time::Duration;

use super::super::pace::Pace;
use super::{Ranges, Walk};

/// What is known of a walk beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Outlook {
    /// Integers, blocks or rows that ranges are made of.
    extent: u64,
    /// Ranges that are there whatever their size.
    pieces: u64,
    is_stepped: bool,
}

impl Ranges {
    /// How many ranges there will be if all of it takes so long, at sizes that the pace makes of that; `rows` is how many
    /// the table has, where somebody knows. `None` where nothing tells.
    pub(in super::super) fn forecast(&self, rows: Option<u64>, pace: &Pace, time: Duration) -> Option<u64> {
        let mut outlook = Outlook::default();
        for walk in std::iter::once(self).chain(&self.later) {
            outlook.add(walk);
        }
        if outlook.is_stepped {
            outlook.extent += rows?;
        }
        let ranges = sized(self.size, outlook.extent, pace, time);
        Some(ranges.max(outlook.parts(self)) + outlook.pieces)
    }

    /// Whether each range asks the database for its end first.
    pub(in super::super) fn is_stepped(&self) -> bool {
        matches!(self.walk, Walk::Stepped { .. })
    }

    /// How many partitions are walked one by one; 0 where the table is walked as a whole.
    pub(in super::super) fn partitions(&self) -> usize {
        match self.part {
            Some(_) => 1 + self.later.len(),
            None => 0,
        }
    }
}

impl Outlook {
    fn add(&mut self, ranges: &Ranges) {
        self.pieces += u64::from(ranges.nulls.is_some());
        match &ranges.walk {
            Walk::Once { done, .. } => self.pieces += u64::from(!done),
            Walk::Integer { next, end, .. } => {
                let Some(next) = next else { return };
                self.extent = self.extent.saturating_add(next.abs_diff(end.unwrap_or(i64::MAX)));
            }
            Walk::Blocks { next, blocks, .. } => {
                let Some(next) = next else { return };
                // A table without blocks has one range, for those that come.
                self.extent = self.extent.saturating_add(blocks.saturating_sub(*next).max(1));
            }
            Walk::Stepped { .. } => self.is_stepped = true,
        }
    }

    /// Each partition begins a range.
    fn parts(&self, ranges: &Ranges) -> u64 {
        match self.extent > 0 || self.is_stepped {
            true => (ranges.partitions() as u64).max(1),
            false => 0,
        }
    }
}

/// The ranges over so much, from the first size on.
fn sized(first: u64, extent: u64, pace: &Pace, time: Duration) -> u64 {
    let (mut ranges, mut size, mut left) = (0, first.max(1), extent);
    while left > 0 {
        let part = size as f64 / extent as f64;
        let next = pace.next(size, time.mul_f64(part.min(1.0))).max(1);
        // The size of a range stays as it is from here on, or all but that.
        if next.abs_diff(size) <= size / 8 {
            return ranges + left.div_ceil(size);
        }
        left = left.saturating_sub(size);
        ranges += 1;
        size = next;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::super::super::pace::Unit;
    use super::super::super::strategy::Sharing;
    use super::*;
    use crate::relation::Column;

    fn pace(sharing: Sharing) -> Pace {
        Pace::new(sharing, Duration::from_millis(500), Unit::Rows, 0, None)
    }

    fn ids(last: i64) -> Ranges {
        let column = Column {
            table: "issues".to_owned(),
            name: "id".to_owned(),
        };
        Ranges::integer(column, 1, last, 100_000)
    }

    fn walked(mut ranges: Ranges) -> u64 {
        let mut number = 0;
        while !ranges.is_over() {
            ranges.advance(None);
            number += 1;
        }
        number
    }

    #[test]
    fn ranges_of_a_fixed_size_are_counted_exactly() {
        for last in [1, 99_999, 100_000, 100_001, 5_000_000] {
            let forecast = ids(last).forecast(None, &pace(Sharing::Never), Duration::from_secs(60));
            assert_eq!(forecast, Some(walked(ids(last))), "{last}");
        }
        assert_eq!(
            Ranges::whole().forecast(None, &pace(Sharing::Never), Duration::ZERO),
            Some(1)
        );
    }

    #[test]
    fn ranges_of_a_fast_table_grow_and_those_of_a_slow_one_shrink() {
        let forecast = |seconds| ids(5_000_000).forecast(None, &pace(Sharing::Auto), Duration::from_secs(seconds));
        // 1, 2, 4, 8, 16 and 20 hundred thousand.
        assert_eq!(forecast(0), Some(6));
        assert!(forecast(60).is_some_and(|ranges| ranges > 200), "{:?}", forecast(60));
    }

    #[test]
    fn steps_are_told_by_the_rows_if_anybody_knows_them() {
        let stepped = Ranges::stepped(Vec::new(), None, None, 100_000);
        let pace = pace(Sharing::Never);
        assert_eq!(stepped.forecast(None, &pace, Duration::ZERO), None);
        assert_eq!(stepped.forecast(Some(250_000), &pace, Duration::ZERO), Some(3));
    }
}
