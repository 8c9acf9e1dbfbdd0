//! What a primary site takes of its secondaries: signed statuses, of which the newest of each counts.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::shared::Shared;
use crate::config::Secret;
use crate::geo::{NodeStatus, Signature};

/// A status is some hundred bytes.
const LONGEST: usize = 16 * 1024;
/// Whoever sends it more slowly holds a place that others wait for.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Clocks differ; a status of much later would keep all true ones out.
const AHEAD: TimeDelta = TimeDelta::hours(24);

pub(super) async fn take_status(State(shared): State<Shared>, request: Request) -> Response {
    let sight = &shared.sight;
    let Some(secret) = &sight.geo else {
        return refused(StatusCode::NOT_FOUND, "this site is no primary");
    };
    let (head, body) = request.into_parts();
    let document = match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, LONGEST)).await {
        Ok(Ok(document)) => document,
        Ok(Err(_)) => return refused(StatusCode::PAYLOAD_TOO_LARGE, "a status is not that long"),
        Err(_) => return refused(StatusCode::REQUEST_TIMEOUT, "the status did not come in time"),
    };
    if !is_signed(&head.headers, &document, secret) {
        return refused(StatusCode::UNAUTHORIZED, "the signature is not that of this status");
    }
    let status = match NodeStatus::from_text(&document) {
        Ok(status) => status,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let now = Utc::now();
    if status.collected_at > now + AHEAD {
        return refused(
            StatusCode::BAD_REQUEST,
            "the status is of a time that has not come: set the clock",
        );
    }
    match sight.state.keep_geo_status(&status, now).await {
        Ok(stored) => axum::Json(json!({"stored": stored})).into_response(),
        Err(error) => {
            tracing::warn!(%error, "The status of a secondary site could not be kept.");
            refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "the state store does not answer: see the log",
            )
        }
    }
}

fn is_signed(headers: &HeaderMap, document: &[u8], secret: &Secret) -> bool {
    let signature = headers.get(Signature::HEADER).and_then(|value| value.to_str().ok());
    signature.is_some_and(|signature| Signature::verify(signature, document, secret.expose()).is_ok())
}

fn refused(status: StatusCode, says: &str) -> Response {
    (status, axum::Json(json!({"error": says}))).into_response()
}
