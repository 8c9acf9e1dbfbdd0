//! What follows from a collector's answer, and how long to wait before the next attempt.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Status {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// Nothing came back, or it broke off: the events may have been taken.
    Nothing,
    /// It was not sent, because there was no token to send it with.
    NoToken,
}

impl Answer {
    /// The status, -1 where there is none.
    pub(super) fn status(self) -> i32 {
        match self {
            Answer::Status { status, .. } => i32::from(status),
            Answer::Nothing | Answer::NoToken => -1,
        }
    }
}

/// Why a batch is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryCause {
    /// 401 or 403, or there is no token.
    Auth,
    /// 404, 405, and what else no other event would change.
    Configuration,
    /// No answer, or one that broke off.
    Connection,
    /// 3xx, which is not followed.
    Redirect,
    /// 5xx.
    Server,
    /// What was to be kept here could not be.
    Storage,
    /// 429.
    Throttled,
    /// 408 and 425.
    Timeout,
}

impl RetryCause {
    /// Every cause, in the order of metrics.
    pub const ALL: [RetryCause; 8] = [
        RetryCause::Auth,
        RetryCause::Configuration,
        RetryCause::Connection,
        RetryCause::Redirect,
        RetryCause::Server,
        RetryCause::Storage,
        RetryCause::Throttled,
        RetryCause::Timeout,
    ];

    /// The cause as a label of metrics says it.
    pub fn label(self) -> &'static str {
        match self {
            RetryCause::Auth => "auth",
            RetryCause::Configuration => "configuration",
            RetryCause::Connection => "connection",
            RetryCause::Redirect => "redirect",
            RetryCause::Server => "server",
            RetryCause::Storage => "storage",
            RetryCause::Throttled => "throttled",
            RetryCause::Timeout => "timeout",
        }
    }
}

/// What is done with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Delivered,
    /// Something in it is refused for good.
    Poisoned,
    /// It is too long.
    TooLong,
    /// The token is to be fetched anew, once.
    Unauthorized,
    Again {
        cause: RetryCause,
        pause: Pause,
    },
}

/// How long to wait before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    /// As the row of failures has it, but so long at least.
    Backoff(Duration),
    /// Nothing that is sent would change the answer: somebody has to.
    Long,
}

impl Verdict {
    /// What follows from an answer (spec 2.5).
    pub(super) fn of(answer: Answer) -> Verdict {
        let again = |cause, at_least: Option<Duration>| Verdict::Again {
            cause,
            pause: Pause::Backoff(at_least.unwrap_or_default()),
        };
        let long = |cause| Verdict::Again {
            cause,
            pause: Pause::Long,
        };
        let (status, retry_after) = match answer {
            Answer::Status { status, retry_after } => (status, retry_after),
            Answer::Nothing => return again(RetryCause::Connection, None),
            Answer::NoToken => return again(RetryCause::Auth, None),
        };
        match status {
            200..=299 => Verdict::Delivered,
            300..=399 => again(RetryCause::Redirect, retry_after),
            400 | 410 | 422 => Verdict::Poisoned,
            401 | 403 => Verdict::Unauthorized,
            408 | 425 => again(RetryCause::Timeout, retry_after),
            413 => Verdict::TooLong,
            429 => again(RetryCause::Throttled, retry_after),
            400..=499 => long(RetryCause::Configuration),
            _ => again(RetryCause::Server, retry_after),
        }
    }
}

/// Exponential waits with full jitter: a random time between nothing and `base · 2^failures`, at most `cap`.
///
/// Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub base: Duration,
    pub cap: Duration,
    /// What is waited where nothing that is sent would change the answer.
    pub long: Duration,
    /// The longest wait that a collector may ask for.
    pub longest_asked: Duration,
}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(60),
            long: Duration::from_secs(300),
            longest_asked: Duration::from_secs(600),
        }
    }
}

impl Backoff {
    /// A wait after so many failures in a row, from 1.
    pub(super) fn after(&self, failures: u32, pause: Pause) -> Duration {
        match pause {
            Pause::Long => self.long,
            Pause::Backoff(at_least) => {
                let jittered = self.ceiling(failures).mul_f64(random_fraction());
                jittered.max(at_least.min(self.longest_asked))
            }
        }
    }

    fn ceiling(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }
}

/// A number in [0, 1), from the 53 lowest bits of a random UUID.
pub(in crate::emit) fn random_fraction() -> f64 {
    const BITS: u64 = 1 << 53;
    (Uuid::new_v4().as_u64_pair().1 % BITS) as f64 / BITS as f64
}

/// Reads a `Retry-After` header: seconds, or an HTTP date from which the wait until then is taken (RFC 9110, 10.2.3).
pub(in crate::emit) fn parse_retry_after(header: &str, now: SystemTime) -> Option<Duration> {
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

    use super::{Answer, Backoff, Pause, RetryCause, Verdict, parse_retry_after};

    fn verdict(status: u16) -> Verdict {
        let retry_after = Some(Duration::from_secs(3));
        Verdict::of(Answer::Status { status, retry_after })
    }

    #[test]
    fn each_answer_has_its_row() {
        let again = |cause| Verdict::Again {
            cause,
            pause: Pause::Backoff(Duration::from_secs(3)),
        };
        let long = Verdict::Again {
            cause: RetryCause::Configuration,
            pause: Pause::Long,
        };
        let rows: [(&[u16], Verdict); 9] = [
            (&[200, 201, 204], Verdict::Delivered),
            (&[301, 302, 307, 308], again(RetryCause::Redirect)),
            (&[400, 410, 422], Verdict::Poisoned),
            (&[401, 403], Verdict::Unauthorized),
            (&[404, 405, 415], long),
            (&[408, 425], again(RetryCause::Timeout)),
            (&[413], Verdict::TooLong),
            (&[429], again(RetryCause::Throttled)),
            (&[500, 501, 502, 503, 504, 599], again(RetryCause::Server)),
        ];
        for (statuses, expected) in rows {
            for status in statuses {
                assert_eq!(verdict(*status), expected, "{status}");
            }
        }
        let nothing = Verdict::Again {
            cause: RetryCause::Connection,
            pause: Pause::Backoff(Duration::ZERO),
        };
        assert_eq!(Verdict::of(Answer::Nothing), nothing);
    }

    #[test]
    fn waits_grow_to_the_cap_and_heed_the_collector() {
        let backoff = Backoff::default();
        let ceilings = [1, 2, 3, 8, u32::MAX].map(|failures| backoff.ceiling(failures).as_millis());
        assert_eq!(ceilings, [500, 1000, 2000, 60_000, 60_000]);
        assert!((0..1000).all(|_| backoff.after(1, Pause::Backoff(Duration::ZERO)) < backoff.base));
        let asked = |seconds| backoff.after(1, Pause::Backoff(Duration::from_secs(seconds))).as_secs();
        assert_eq!((asked(30), asked(u64::MAX)), (30, 600));
        assert_eq!(backoff.after(1, Pause::Long), Duration::from_secs(300));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let read = |header| parse_retry_after(header, now).map(|wait| wait.as_secs());
        assert_eq!(read(" 120 "), Some(120));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        for header in ["", "-1", "1.5", "soon"] {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
