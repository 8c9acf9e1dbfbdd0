//! What the maker is told when a payload could not be made or delivered.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::scrub::scrub;

/// Who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    pub uuid: Uuid,
    pub hostname: String,
    /// The instance's version.
    pub version: String,
}

/// A failure, as the endpoint is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReport<'a> {
    pub sender: &'a Sender,
    pub time: DateTime<Utc>,
    /// From the beginning of what failed to its failure.
    pub elapsed: Duration,
    /// Scrubbed of secrets before it leaves.
    pub message: &'a str,
}

#[derive(Serialize)]
struct Body<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    time: String,
    uuid: String,
    hostname: &'a str,
    version: &'a str,
    elapsed: f64,
    message: String,
}

impl ErrorReport<'_> {
    /// `{"error": {time, uuid, hostname, version, elapsed, message}}`, elapsed in seconds with one decimal.
    pub(super) fn to_json(&self) -> Result<String, serde_json::Error> {
        let error = Inner {
            time: self.time.to_rfc3339_opts(SecondsFormat::Millis, true),
            uuid: self.sender.uuid.to_string(),
            hostname: &self.sender.hostname,
            version: &self.sender.version,
            elapsed: (self.elapsed.as_secs_f64() * 10.0).round() / 10.0,
            message: scrub(self.message),
        };
        serde_json::to_string(&Body { error })
    }
}
