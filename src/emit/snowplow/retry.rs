//! What follows from a collector's answer, and how long to wait before the next attempt.

use std::time::Duration;

use crate::http::full_jitter;

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

/// Exponential waits with full jitter: a random time between nothing and `base · 2^(failures − 1)`, at most `cap`.
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
                let jittered = full_jitter(self.base, self.cap, failures);
                jittered.max(at_least.min(self.longest_asked))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Answer, Backoff, Pause, RetryCause, Verdict};
    use crate::http::ceiling;

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
        let ceilings = [1, 2, 3, 8, u32::MAX].map(|failures| ceiling(backoff.base, backoff.cap, failures).as_millis());
        assert_eq!(ceilings, [500, 1000, 2000, 60_000, 60_000]);
        assert!((0..1000).all(|_| backoff.after(1, Pause::Backoff(Duration::ZERO)) < backoff.base));
        let asked = |seconds| backoff.after(1, Pause::Backoff(Duration::from_secs(seconds))).as_secs();
        assert_eq!((asked(30), asked(u64::MAX)), (30, 600));
        assert_eq!(backoff.after(1, Pause::Long), Duration::from_secs(300));
    }
}
