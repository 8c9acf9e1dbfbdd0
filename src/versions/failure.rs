//! Why an attempt did not deliver, and what follows from it.

use std::error::Error;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::scrub::scrub;
use crate::http::parse_retry_after;

/// Why one request did not deliver what it carried. Messages hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttemptFailure {
    /// No connection came about: nothing listens, no such host, or TLS was refused.
    #[error("the Versions endpoint cannot be reached: {0}")]
    Unreachable(String),
    #[error("the Versions endpoint did not answer within {0:?}")]
    TimedOut(Duration),
    /// The connection broke while the request or the reply was on its way.
    #[error("the connection to the Versions endpoint broke: {0}")]
    Broken(String),
    /// A status that may be another one later.
    #[error("the Versions endpoint answered {}", describe(*status))]
    Refused { status: u16, retry_after: Option<Duration> },
    /// A status that stays.
    #[error("the Versions endpoint rejected it with {}{}", describe(*status), advice(*status))]
    Rejected { status: u16 },
    /// A success that names no payload id: it may have been taken or not.
    #[error("the Versions endpoint did not acknowledge it: {0}")]
    Unacknowledged(String),
}

impl AttemptFailure {
    /// Whether the same run tries again.
    pub fn is_retryable(&self) -> bool {
        !matches!(
            self,
            AttemptFailure::Rejected { .. } | AttemptFailure::Unacknowledged(_)
        )
    }

    /// Whether it is no use to ever try again.
    pub fn is_final(&self) -> bool {
        matches!(self, AttemptFailure::Rejected { .. })
    }

    /// How long the endpoint asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            AttemptFailure::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(super) fn from_request(error: &reqwest::Error, timeout: Duration) -> AttemptFailure {
        if error.is_connect() {
            AttemptFailure::Unreachable(root_message(error))
        } else if error.is_timeout() {
            AttemptFailure::TimedOut(timeout)
        } else {
            AttemptFailure::Broken(root_message(error))
        }
    }

    /// The failure that a reply's status is; none for a success.
    pub(super) fn from_reply(reply: &Response) -> Option<AttemptFailure> {
        let status = reply.status();
        if status.is_success() {
            None
        } else if is_retryable(status) {
            let retry_after = retry_after(reply.headers());
            Some(AttemptFailure::Refused {
                status: status.as_u16(),
                retry_after,
            })
        } else {
            Some(AttemptFailure::Rejected {
                status: status.as_u16(),
            })
        }
    }
}

/// Request Timeout, Too Early, Too Many Requests, and whatever is the server's own fault.
fn is_retryable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    parse_retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?, SystemTime::now())
}

/// The innermost cause: the outer ones repeat the URL and say that a request failed.
fn root_message(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    scrub(&cause.to_string())
}

/// What to do about a status that stays, where that can be known.
fn advice(status: u16) -> &'static str {
    match status {
        300..=399 => ": set [versions] url to where it is now, redirects are not followed",
        401 | 403 | 407 => ": correct the credentials in [versions] url",
        404 | 405 | 410 => ": correct [versions] url",
        413 => ": have its limit raised, or send less with categories and disabled_metrics under [reporting]",
        _ => "",
    }
}

fn describe(status: u16) -> String {
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}
