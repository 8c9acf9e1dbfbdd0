//! Instants of a process as times of day.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One look at the clock of the day and at the one that only goes forward: what is told of later keeps its order and its
/// length, though the clock is set in the middle.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    at: Instant,
    unix_nanoseconds: u64,
}

impl Clock {
    /// A look at both clocks, now.
    pub fn now() -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock {
            at: Instant::now(),
            unix_nanoseconds: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    /// When it was looked at.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Nanoseconds since 1970 of an instant that is not before the look; an earlier one counts as the look itself.
    pub fn unix_nanoseconds(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.at).as_nanos();
        self.unix_nanoseconds
            .saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
    }
}
