//! The receiving end's paths.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

use super::server::ReceiverLimits;
use super::storage::{Incoming, Kept, ReceiverStore};
use crate::versions::client::IDEMPOTENCY_KEY;

/// Enough for any uuid, and no more than an index likes.
const LONGEST_KEY: usize = 255;

#[derive(Clone)]
struct Shared {
    store: ReceiverStore,
    limits: ReceiverLimits,
}

/// The paths of the endpoint.
pub(super) fn router(store: ReceiverStore, limits: ReceiverLimits) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/usage_data", post(usage_data))
        .route("/usage_ping_metadata", post(metadata))
        .route("/usage_ping_errors", post(errors))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is nothing at this path"))
        .with_state(Shared { store, limits })
}

/// A request that is not taken, and why.
struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            message: message.into(),
        }
    }

    fn bad(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"error": self.message}))).into_response()
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Refusal {
        tracing::error!(%error, "the receiver's store failed");
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the receiver's store failed; try again later",
        )
    }
}

async fn health(State(shared): State<Shared>) -> Result<Json<Value>, Refusal> {
    shared.store.check().await?;
    Ok(Json(json!({"status": "ok"})))
}

async fn usage_data(State(shared): State<Shared>, request: Request) -> Result<Response, Refusal> {
    let key = key(request.headers())?;
    let body = read(request.into_body(), shared.limits).await?;
    let head: Head = parse(&body)?;
    let uuid = uuid(head.uuid)?;
    let recorded_at = head.recorded_at.as_ref().and_then(Value::as_str);
    let incoming = Incoming {
        key: key.as_deref(),
        uuid: &uuid,
        recorded_at,
        body: &body,
    };
    let id = accepted(shared.store.keep_payload(&incoming).await?)?;
    Ok((StatusCode::CREATED, Json(json!({"conv_index": {"usage_data_id": id}}))).into_response())
}

async fn metadata(State(shared): State<Shared>, request: Request) -> Result<StatusCode, Refusal> {
    let key = key(request.headers())?;
    let body = read(request.into_body(), shared.limits).await?;
    let outer: MetadataHead = parse(&body)?;
    let uuid = uuid(outer.metadata.uuid)?;
    let incoming = Incoming {
        key: key.as_deref(),
        uuid: &uuid,
        recorded_at: None,
        body: &body,
    };
    accepted(shared.store.keep_metadata(&incoming).await?)?;
    Ok(StatusCode::CREATED)
}

async fn errors(State(shared): State<Shared>, request: Request) -> Result<StatusCode, Refusal> {
    let body = read(request.into_body(), shared.limits).await?;
    let outer: ErrorHead = parse(&body)?;
    let uuid = uuid(outer.error.uuid)?;
    accepted(
        shared
            .store
            .keep_error(&Incoming {
                key: None,
                uuid: &uuid,
                recorded_at: None,
                body: &body,
            })
            .await?,
    )?;
    Ok(StatusCode::CREATED)
}

fn accepted(kept: Kept) -> Result<i64, Refusal> {
    match kept {
        Kept::New(id) | Kept::Known(id) => Ok(id),
        Kept::KeyReused => Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "this idempotency key was used with another body: take a new key for a new body",
        )),
    }
}

/// The little that must be known of a payload; the rest is not looked at.
#[derive(Deserialize)]
struct Head {
    uuid: Option<Value>,
    recorded_at: Option<Value>,
}

#[derive(Deserialize)]
struct MetadataHead {
    metadata: Owner,
}

#[derive(Deserialize)]
struct ErrorHead {
    error: Owner,
}

#[derive(Deserialize)]
struct Owner {
    uuid: Option<Value>,
}

fn parse<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, Refusal> {
    if !body.trim_start().starts_with('{') {
        return Err(Refusal::bad("the body must be a JSON object"));
    }
    serde_json::from_str(body).map_err(|error| Refusal::bad(format!("the body cannot be read: {error}")))
}

fn uuid(value: Option<Value>) -> Result<String, Refusal> {
    match value {
        Some(Value::String(uuid)) if !uuid.is_empty() => Ok(uuid),
        _ => Err(Refusal::bad("the body must hold a `uuid` that is a text")),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = key.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(Refusal::bad(
            "the header Idempotency-Key must hold 1 to 255 ASCII characters",
        ));
    }
    Ok(Some(key.to_owned()))
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
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is longer than {limit} bytes"),
        ));
    }
    Ok(bytes)
}
