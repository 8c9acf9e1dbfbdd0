//! How often somebody may ask: a bucket of tokens each, filled at an even rate.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Buckets that are kept apart, so that few wait for each other.
const SHARDS: usize = 16;
/// Buckets of a shard beyond which those that are full are let go of.
const MANY: usize = 4_096;

/// Limits each name to so many requests a second, on average; twice as many at once.
#[derive(Debug)]
pub(in crate::server) struct RateLimit {
    rate: f64,
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<u64, Bucket>>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimit {
    /// 0 is no limit.
    pub(in crate::server) fn new(per_second: u32) -> RateLimit {
        RateLimit {
            rate: f64::from(per_second),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Takes a request's part of the name's bucket.
    ///
    /// # Errors
    /// The bucket is empty: how long until there is enough.
    pub(in crate::server) fn take(&self, name: &str, now: Instant) -> Result<(), Duration> {
        if self.rate == 0.0 {
            return Ok(());
        }
        let hash = self.hasher.hash_one(name);
        let Some(shard) = self.shards.get(hash as usize % SHARDS) else {
            return Ok(());
        };
        let mut buckets = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > MANY {
            buckets.retain(|_, bucket| self.filled(*bucket, now) < self.most());
        }
        let bucket = buckets.entry(hash).or_insert(Bucket {
            left: self.most(),
            at: now,
        });
        let left = self.filled(*bucket, now);
        *bucket = Bucket {
            left: if left >= 1.0 { left - 1.0 } else { left },
            at: now,
        };
        match left >= 1.0 {
            true => Ok(()),
            false => Err(Duration::from_secs_f64((1.0 - left) / self.rate)),
        }
    }

    fn most(&self) -> f64 {
        self.rate * 2.0
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> f64 {
        let since = now.saturating_duration_since(bucket.at);
        (bucket.left + since.as_secs_f64() * self.rate).min(self.most())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::RateLimit;

    #[test]
    fn a_name_gets_twice_its_rate_at_once_and_its_rate_from_then_on() {
        let limit = RateLimit::new(10);
        let begun = Instant::now();
        let taken = |at: Duration| (0..100).filter(|_| limit.take("a", begun + at).is_ok()).count();
        assert_eq!(taken(Duration::ZERO), 20);
        assert_eq!(taken(Duration::from_millis(500)), 5);
        assert_eq!(taken(Duration::from_secs(60)), 20);
        assert!(limit.take("b", begun).is_ok());
        let wait = limit.take("a", begun + Duration::from_secs(60)).unwrap_err();
        assert!(wait <= Duration::from_millis(100), "{wait:?}");
        assert!((0..1_000).all(|_| RateLimit::new(0).take("a", begun).is_ok()));
    }
}
