//! The receiving end's paths.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::intake::{Intake, Refusal};
use super::server::ReceiverLimits;
use super::storage::ReceiverStore;
use crate::versions::client::IDEMPOTENCY_KEY;

/// The paths of the endpoint.
pub(super) fn router(store: ReceiverStore, limits: ReceiverLimits) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/usage_data", post(usage_data))
        .route("/usage_ping_metadata", post(metadata))
        .route("/usage_ping_errors", post(errors))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is nothing at this path"))
        .with_state(Intake::with_limits(store, limits))
}

async fn health(State(intake): State<Intake>) -> Result<Json<Value>, Refusal> {
    intake.store().check().await?;
    Ok(Json(json!({"status": "ok"})))
}

async fn usage_data(State(intake): State<Intake>, request: Request) -> Result<Response, Refusal> {
    let key = key(request.headers());
    let body = read(request.into_body(), intake.limits()).await?;
    let id = intake.payload(key.as_deref(), &body).await?.id;
    Ok((StatusCode::CREATED, Json(json!({"conv_index": {"usage_data_id": id}}))).into_response())
}

async fn metadata(State(intake): State<Intake>, request: Request) -> Result<StatusCode, Refusal> {
    let key = key(request.headers());
    let body = read(request.into_body(), intake.limits()).await?;
    intake.metadata(key.as_deref(), &body).await?;
    Ok(StatusCode::CREATED)
}

async fn errors(State(intake): State<Intake>, request: Request) -> Result<StatusCode, Refusal> {
    let body = read(request.into_body(), intake.limits()).await?;
    intake.error(&body).await?;
    Ok(StatusCode::CREATED)
}

/// The key's text; what is no text is an empty one, which nobody takes.
fn key(headers: &HeaderMap) -> Option<String> {
    let key = headers.get(IDEMPOTENCY_KEY)?;
    Some(key.to_str().unwrap_or_default().to_owned())
}

async fn read(body: Body, limits: ReceiverLimits) -> Result<String, Refusal> {
    let bytes = tokio::time::timeout(limits.read_timeout, collect(body, limits.body_bytes)).await;
    let bytes = bytes.map_err(|_| {
        let seconds = Duration::as_secs_f64(&limits.read_timeout);
        Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not come within {seconds} s"),
        )
    })??;
    String::from_utf8(bytes).map_err(|_| Refusal::bad("the body is not UTF-8"))
}

/// Reads a body up to the limit. What is moderately longer is read to its end and thrown away: a connection that is
/// closed on a sender in mid-sentence is reset, and the sender never sees why.
async fn collect(body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    let mut length = 0;
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Refusal::bad("the body broke off"))?;
        length += chunk.len();
        if length > limit.saturating_mul(2) {
            break;
        }
        if length <= limit && announced <= limit {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
    }
    if length > limit {
        return Err(Refusal::too_long(limit));
    }
    Ok(bytes)
}
