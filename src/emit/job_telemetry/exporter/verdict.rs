//! What follows from a collector's answer: OTLP's tables of what is retryable.

use std::time::Duration;

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A good answer, which may say that some spans were not wanted.
    Taken { rejected: u64, message: String },
    /// Another status of HTTP.
    Http { status: u16, retry_after: Option<Duration> },
    /// Another code of gRPC, with the delay of its RetryInfo.
    Grpc { code: u32, retry_delay: Option<Duration> },
    /// Nothing came back, or it broke off: the spans may have been taken.
    Nothing,
    /// A good answer that is none of a collector.
    NoCollector,
    /// It was not sent, because a token must go with it and there is none.
    NoToken,
}

/// What went wrong, as `ci_telemetry_export_errors_total` counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorClass {
    /// 401, 403, UNAUTHENTICATED, PERMISSION_DENIED, or there is no token.
    Auth,
    /// No answer, or one that broke off or came too late.
    Connection,
    /// What was sent, or where it was sent to, is not what the collector takes.
    Invalid,
    /// The collector says that it cannot take it now.
    Throttled,
    /// The collector failed.
    Server,
}

/// What is done with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    /// The same again, but not before that time is over, where the collector says one.
    Again {
        class: ErrorClass,
        at_least: Option<Duration>,
    },
    /// Another attempt would change nothing.
    Drop(ErrorClass),
    /// The token is to be fetched anew, once.
    Unauthorized,
}

const CANCELLED: u32 = 1;
const UNKNOWN: u32 = 2;
const DEADLINE_EXCEEDED: u32 = 4;
const PERMISSION_DENIED: u32 = 7;
const RESOURCE_EXHAUSTED: u32 = 8;
const ABORTED: u32 = 10;
const OUT_OF_RANGE: u32 = 11;
const UNIMPLEMENTED: u32 = 12;
const INTERNAL: u32 = 13;
const UNAVAILABLE: u32 = 14;
const DATA_LOSS: u32 = 15;
const UNAUTHENTICATED: u32 = 16;

impl ErrorClass {
    /// The class as a label of metrics says it.
    pub fn label(self) -> &'static str {
        match self {
            ErrorClass::Auth => "auth",
            ErrorClass::Connection => "connection",
            ErrorClass::Invalid => "invalid",
            ErrorClass::Throttled => "throttled",
            ErrorClass::Server => "server",
        }
    }
}

impl Verdict {
    pub(super) fn of(answer: &Answer) -> Verdict {
        match *answer {
            Answer::Taken { .. } => Verdict::Taken,
            Answer::Http { status, retry_after } => of_status(status, retry_after),
            Answer::Grpc { code, retry_delay } => of_code(code, retry_delay),
            Answer::Nothing => again(ErrorClass::Connection, None),
            Answer::NoCollector => Verdict::Drop(ErrorClass::Invalid),
            Answer::NoToken => again(ErrorClass::Auth, None),
        }
    }
}

fn again(class: ErrorClass, at_least: Option<Duration>) -> Verdict {
    Verdict::Again { class, at_least }
}

fn of_status(status: u16, retry_after: Option<Duration>) -> Verdict {
    match status {
        401 | 403 => Verdict::Unauthorized,
        429 | 503 => again(ErrorClass::Throttled, retry_after),
        502 | 504 => again(ErrorClass::Server, retry_after),
        500..=599 => Verdict::Drop(ErrorClass::Server),
        _ => Verdict::Drop(ErrorClass::Invalid),
    }
}

fn of_code(code: u32, retry_delay: Option<Duration>) -> Verdict {
    match code {
        UNAUTHENTICATED | PERMISSION_DENIED => Verdict::Unauthorized,
        // Without a delay it is too long, or over a quota, which no wait of ours would change.
        RESOURCE_EXHAUSTED if retry_delay.is_none() => Verdict::Drop(ErrorClass::Throttled),
        RESOURCE_EXHAUSTED | UNAVAILABLE => again(ErrorClass::Throttled, retry_delay),
        CANCELLED | DEADLINE_EXCEEDED | ABORTED | OUT_OF_RANGE | DATA_LOSS => again(ErrorClass::Server, retry_delay),
        UNKNOWN | INTERNAL => Verdict::Drop(ErrorClass::Server),
        _ => Verdict::Drop(ErrorClass::Invalid),
    }
}

/// The code of gRPC for a status of HTTP that came without one, as gRPC's own documents have it.
pub(super) fn code_of_status(status: u16) -> u32 {
    match status {
        400 => INTERNAL,
        401 => UNAUTHENTICATED,
        403 => PERMISSION_DENIED,
        404 => UNIMPLEMENTED,
        429 | 502 | 503 | 504 => UNAVAILABLE,
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Answer, ErrorClass, Verdict};

    const ASKED: Option<Duration> = Some(Duration::from_secs(3));

    #[test]
    fn each_status_of_http_has_its_row() {
        let of = |status| {
            Verdict::of(&Answer::Http {
                status,
                retry_after: ASKED,
            })
        };
        for (statuses, class) in [
            (&[429, 503][..], ErrorClass::Throttled),
            (&[502, 504], ErrorClass::Server),
        ] {
            for status in statuses {
                let expected = Verdict::Again { class, at_least: ASKED };
                assert_eq!(of(*status), expected, "{status}");
            }
        }
        for status in [301, 307, 400, 404, 405, 408, 413, 415, 422, 500, 501, 505, 599] {
            assert!(matches!(of(status), Verdict::Drop(_)), "{status}");
        }
        assert_eq!([of(401), of(403)], [Verdict::Unauthorized; 2]);
    }

    #[test]
    fn each_code_of_grpc_has_its_row() {
        let of = |code, retry_delay| Verdict::of(&Answer::Grpc { code, retry_delay });
        for code in [1, 4, 10, 11, 14, 15] {
            for delay in [None, ASKED] {
                let verdict = of(code, delay);
                assert!(
                    matches!(verdict, Verdict::Again { at_least, .. } if at_least == delay),
                    "{code}"
                );
            }
        }
        for code in [2, 3, 5, 6, 9, 12, 13, 17] {
            assert!(matches!(of(code, ASKED), Verdict::Drop(_)), "{code}");
        }
        assert_eq!([of(16, None), of(7, None)], [Verdict::Unauthorized; 2]);
        assert!(matches!(of(8, ASKED), Verdict::Again { at_least: ASKED, .. }));
        assert_eq!(of(8, None), Verdict::Drop(ErrorClass::Throttled));
    }
}
