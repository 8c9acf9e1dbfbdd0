//! A clock that stands still until somebody waits for it.

use std::sync::Mutex;
use std::time::Duration;

use service_ping::emit::snowplow::{Boxed, Clock};

/// Whoever sleeps lets others go first, and then moves the clock to where he would wake.
#[derive(Debug)]
pub struct SimulatedClock {
    now: Mutex<Duration>,
}

/// When it begins: 2026-11-19T00:00:00Z.
pub const START_MS: u64 = 1_795_046_400_000;

impl SimulatedClock {
    pub fn new() -> SimulatedClock {
        SimulatedClock {
            now: Mutex::new(Duration::ZERO),
        }
    }

    pub fn advance(&self, by: Duration) {
        *self.now.lock().unwrap() += by;
    }
}

impl Clock for SimulatedClock {
    fn unix_ms(&self) -> u64 {
        START_MS + u64::try_from(self.since_start().as_millis()).unwrap()
    }

    fn since_start(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn sleep_until(&self, at: Duration) -> Boxed<'_, ()> {
        Box::pin(async move {
            // What is under way over a real connection takes no simulated time.
            tokio::time::sleep(Duration::from_millis(2)).await;
            let mut now = self.now.lock().unwrap();
            *now = at.max(*now);
        })
    }
}
