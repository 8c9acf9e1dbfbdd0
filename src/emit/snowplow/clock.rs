//! Time, as an emitter sees it; a simulation has its own.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A future of any kind.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an emitter takes time from, and waits by.
pub trait Clock: Debug + Send + Sync {
    /// The time of day, in milliseconds since 1970.
    fn unix_ms(&self) -> u64;

    /// Time since some beginning, which only goes forward.
    fn since_start(&self) -> Duration;

    /// Ends once [`since_start`](Self::since_start) has come so far.
    fn sleep_until(&self, at: Duration) -> Boxed<'_, ()>;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> SystemClock {
        SystemClock { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn since_start(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep_until(&self, at: Duration) -> Boxed<'_, ()> {
        let wait = at.saturating_sub(self.start.elapsed());
        Box::pin(tokio::time::sleep(wait))
    }
}
