//! The sites of one instance: a secondary's usage out of its Prometheus, its way to the primary, and what a primary was
//! told.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::database::StatementLog;
use super::http;
use super::prometheus::Prometheus;
use crate::config::{Secret, Url};
use crate::geo::{FIELDS, NodeStatus, Signature, Usage};
use crate::measure::{Failure, PrometheusMeasure, PrometheusValue, Reason};
use crate::state::StateStore;

/// A secondary that was silent for longer is not active any more: it missed two weeks.
pub const ACTIVE_FOR: Duration = Duration::from_secs(15 * 24 * 3600);
const TIMEOUT: Duration = Duration::from_secs(30);
/// Below the primary's address.
pub const STATUS_PATH: &str = "geo/status";

/// What a primary keeps of its secondaries.
#[derive(Debug, Clone)]
pub struct GeoNodes {
    /// The state store's.
    pub state: Url,
}

impl GeoNodes {
    /// One object for each active secondary.
    ///
    /// # Errors
    /// `source_unavailable` where the state store cannot be read.
    pub async fn list(&self, at: DateTime<Utc>) -> Result<Value, Failure> {
        let unavailable = |error: crate::state::StateError| Failure::new(Reason::SourceUnavailable, error.to_string());
        let state = StateStore::open(self.state.expose()).await.map_err(unavailable)?;
        let statuses = state.geo_statuses(at, ACTIVE_FOR).await.map_err(unavailable);
        state.close().await;
        Ok(Value::Array(statuses?.iter().map(NodeStatus::listed).collect()))
    }
}

/// The four numbers of the week before the server's instant, side by side; none where Prometheus has nothing to say, or does
/// not answer, which the log is told.
pub async fn usage(prometheus: &Prometheus) -> Usage {
    let asked = FIELDS.map(|field| async move {
        match first_value(prometheus, field.promql).await {
            Ok(count) => count,
            Err(failure) => {
                tracing::warn!(field = field.name, %failure, "Prometheus did not tell a number of this site.");
                None
            }
        }
    });
    let counts = futures_util::future::join_all(asked).await;
    Usage::new(counts.try_into().unwrap_or_default())
}

/// The first value of an instant vector, as a whole number; what no count can be is none.
async fn first_value(prometheus: &Prometheus, promql: &str) -> Result<Option<i64>, Failure> {
    let measure = PrometheusMeasure::Value {
        query: promql.to_owned(),
        value: PrometheusValue::Vector,
    };
    let number = match prometheus.read(&measure, &StatementLog::default()).await.result {
        Ok(reading) => reading.to_json().as_f64(),
        Err(failure) if matches!(failure.reason, Reason::EmptyResult | Reason::NotFinite) => None,
        Err(failure) => return Err(failure),
    };
    Ok(number
        .filter(|number| (0.0..9e18).contains(number))
        .map(|number| number as i64))
}

/// What a primary said of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    Stored,
    /// It has this one, or a newer one.
    Known,
}

/// Hands a status to the primary, once.
///
/// # Errors
/// Why it was not taken, in words without credentials.
pub async fn hand(primary: &Url, secret: &Secret, status: &NodeStatus) -> Result<Handed, String> {
    let url = http::below(primary, STATUS_PATH).map_err(|why| format!("{primary} {why}"))?;
    let document = status.to_text();
    let signature = Signature::of(document.as_bytes(), secret.expose()).to_text();
    let client = http::client(TIMEOUT).map_err(|why| format!("{primary} {why}"))?;
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header(Signature::HEADER, signature)
        .body(document);
    let (status, body) = http::answer(request, TIMEOUT)
        .await
        .map_err(|why| format!("{primary} {why}"))?;
    let reply: Option<Value> = serde_json::from_slice(&body).ok();
    let stored = reply.and_then(|reply| reply.get("stored")?.as_bool());
    match (status, stored) {
        (StatusCode::OK, Some(true)) => Ok(Handed::Stored),
        (StatusCode::OK, Some(false)) => Ok(Handed::Known),
        (StatusCode::UNAUTHORIZED, _) => Err(format!("{primary} does not know the signature: is `secret` the same?")),
        (StatusCode::NOT_FOUND, _) => Err(format!(
            "{primary} takes no statuses: is its `role` primary, and does `serve` run?"
        )),
        (status, _) => Err(format!("{primary} answered {status}")),
    }
}
