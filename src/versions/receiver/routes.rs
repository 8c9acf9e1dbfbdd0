//! The receiving end's paths.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::access::{Access, Sender, challenged};
use super::intake::{Intake, Refusal};
use super::pages;
use super::server::ReceiverLimits;
use super::store::ReceiverStore;
use crate::page::HEADERS;
use crate::versions::client::IDEMPOTENCY_KEY;

/// What one place in the memory for bodies is.
const PLACE: usize = 1024;
/// Seconds after which a request that found no memory may come again.
const BUSY_SECONDS: i64 = 30;

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) intake: Intake,
    pub(super) access: Access,
    /// Places for the bodies that are held at once.
    memory: Arc<Semaphore>,
}

/// A body, and the memory that it takes.
struct Held {
    text: Arc<String>,
    _memory: OwnedSemaphorePermit,
}

/// The paths of the endpoint.
pub(super) fn router(store: ReceiverStore, limits: ReceiverLimits, access: Access) -> Router {
    let desk = Desk {
        intake: Intake::with_limits(store, limits),
        access,
        memory: Arc::new(Semaphore::new(
            places(limits.body_memory.max(limits.body_bytes)) as usize
        )),
    };
    Router::new()
        .route("/healthz", get(health))
        .route("/usage_data", post(usage_data))
        .route("/usage_ping_metadata", post(metadata))
        .route("/usage_ping_errors", post(errors))
        .merge(pages::router())
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is nothing at this path"))
        .layer(map_response(guarded))
        .with_state(desk)
}

/// Every response has the headers that keep a browser from running what instances sent.
async fn guarded(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        response.headers_mut().insert(name, value);
    }
    response
}

async fn health(State(desk): State<Desk>) -> Result<Json<Value>, Refusal> {
    desk.intake.store().check().await?;
    Ok(Json(json!({"status": "ok"})))
}

async fn usage_data(State(desk): State<Desk>, request: Request) -> Response {
    answer(desk.take_payload(request).await)
}

async fn metadata(State(desk): State<Desk>, request: Request) -> Response {
    answer(desk.take_metadata(request).await)
}

async fn errors(State(desk): State<Desk>, request: Request) -> Response {
    answer(desk.take_error(request).await)
}

fn answer(answered: Result<Response, Refusal>) -> Response {
    answered.unwrap_or_else(challenged)
}

impl Desk {
    async fn take_payload(&self, request: Request) -> Result<Response, Refusal> {
        let (sender, key, body) = self.open(request).await?;
        let taken = self
            .intake
            .payload_of(&sender, key.as_deref(), Arc::clone(&body.text))
            .await?;
        let mut section = taken.score;
        section.insert("usage_data_id".to_owned(), json!(taken.id));
        Ok((StatusCode::CREATED, Json(json!({"conv_index": section}))).into_response())
    }

    async fn take_metadata(&self, request: Request) -> Result<Response, Refusal> {
        let (sender, key, body) = self.open(request).await?;
        self.intake
            .metadata_of(&sender, key.as_deref(), Arc::clone(&body.text))
            .await?;
        Ok(StatusCode::CREATED.into_response())
    }

    async fn take_error(&self, request: Request) -> Result<Response, Refusal> {
        let (sender, _, body) = self.open(request).await?;
        self.intake.error_of(&sender, Arc::clone(&body.text)).await?;
        Ok(StatusCode::CREATED.into_response())
    }

    /// Who sends is asked before anything of the body is read.
    async fn open(&self, request: Request) -> Result<(Sender, Option<String>, Held), Refusal> {
        let sender = self.access.sender(request.headers(), self.intake.store()).await?;
        let key = key(request.headers());
        let body = self.read(request.into_body()).await?;
        Ok((sender, key, body))
    }

    async fn read(&self, body: Body) -> Result<Held, Refusal> {
        let limits = self.intake.limits();
        // What announces no length may be as long as any.
        let expected = body.size_hint().upper().unwrap_or(u64::MAX);
        let expected = usize::try_from(expected).unwrap_or(usize::MAX).min(limits.body_bytes);
        let memory = Arc::clone(&self.memory).acquire_many_owned(places(expected));
        let memory = tokio::time::timeout(limits.read_timeout, memory).await;
        let Ok(Ok(memory)) = memory else {
            let message = "too many long bodies are being read: send again later";
            return Err(Refusal::later(StatusCode::SERVICE_UNAVAILABLE, BUSY_SECONDS, message));
        };
        let bytes = tokio::time::timeout(limits.read_timeout, collect(body, limits.body_bytes)).await;
        let bytes = bytes.map_err(|_| {
            let seconds = Duration::as_secs_f64(&limits.read_timeout);
            let message = format!("the body did not come within {seconds} s");
            Refusal::new(StatusCode::REQUEST_TIMEOUT, message)
        })??;
        let text = String::from_utf8(bytes).map_err(|_| Refusal::bad("the body is not UTF-8"))?;
        Ok(Held {
            text: Arc::new(text),
            _memory: memory,
        })
    }
}

fn places(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(PLACE).max(1)).unwrap_or(u32::MAX)
}

/// The key's text; what is no text is an empty one, which nobody takes.
fn key(headers: &HeaderMap) -> Option<String> {
    let key = headers.get(IDEMPOTENCY_KEY)?;
    Some(key.to_str().unwrap_or_default().to_owned())
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
