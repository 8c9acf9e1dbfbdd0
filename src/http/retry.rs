//! When a client tries again.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

/// The longest wait after so many failures in a row, from 1: `base · 2^(failures − 1)`, at most `cap`.
///
/// Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
pub fn ceiling(base: Duration, cap: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(31);
    base.saturating_mul(1 << doublings).min(cap)
}

/// Full jitter: a random wait between nothing and the [`ceiling`].
pub fn full_jitter(base: Duration, cap: Duration, failures: u32) -> Duration {
    ceiling(base, cap, failures).mul_f64(random_fraction())
}

/// A number in [0, 1), from the 53 lowest bits of a random UUID.
pub fn random_fraction() -> f64 {
    const BITS: u64 = 1 << 53;
    (Uuid::new_v4().as_u64_pair().1 % BITS) as f64 / BITS as f64
}

/// Reads a `Retry-After` header: seconds, or an HTTP date from which the wait until then is taken (RFC 9110, 10.2.3).
pub fn parse_retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{ceiling, full_jitter, parse_retry_after, random_fraction};

    #[test]
    fn waits_grow_to_the_cap_and_are_spread_below_it() {
        let (base, cap) = (Duration::from_secs(1), Duration::from_secs(5));
        let ceilings = [0, 1, 2, 3, 4, u32::MAX].map(|failures| ceiling(base, cap, failures).as_secs());
        assert_eq!(ceilings, [1, 1, 2, 4, 5, 5]);
        assert!((0..1000).all(|_| full_jitter(base, cap, 2) < Duration::from_secs(2)));
        let mean = (0..10_000).map(|_| random_fraction()).sum::<f64>() / 10_000.0;
        // Nine standard deviations of the mean of 10,000 uniform numbers.
        assert!((mean - 0.5).abs() < 0.026, "{mean}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let read = |header| parse_retry_after(header, now).map(|wait| wait.as_secs());
        assert_eq!(read("120"), Some(120));
        assert_eq!(read(" 0 "), Some(0));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(read("Sunday, 06-Nov-94 08:50:37 GMT"), Some(60));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(read("99999999999999999999999"), Some(u64::MAX));
        for header in ["", "-1", "1.5", "soon"] {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
