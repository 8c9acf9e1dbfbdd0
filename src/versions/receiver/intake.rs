//! What is demanded of payloads and metadata, however they come: by a request or in a bundle.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::server::ReceiverLimits;
use super::storage::{Incoming, Kept, ReceiverStore, Twins};

/// Enough for any uuid, and no more than an index likes.
const LONGEST_KEY: usize = 255;

/// The door to the receiver's store.
#[derive(Clone)]
pub(in crate::versions) struct Intake {
    store: ReceiverStore,
    limits: ReceiverLimits,
}

/// What was taken in.
pub(in crate::versions) struct Taken {
    pub(in crate::versions) id: i64,
    /// Whether it was not here already.
    pub(in crate::versions) is_new: bool,
}

/// Something that is not taken, and why.
pub(in crate::versions) struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            message: message.into(),
        }
    }

    pub(super) fn bad(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn too_long(limit: usize) -> Refusal {
        let message = format!("the body is longer than {limit} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    pub(in crate::versions) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub(in crate::versions) fn message(&self) -> &str {
        &self.message
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

/// The little that must be known of a payload; the rest is not looked at.
#[derive(Deserialize)]
struct Head {
    uuid: Option<Value>,
    recorded_at: Option<Value>,
    hostname: Option<Value>,
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

impl Intake {
    /// The door with the default limits.
    pub(in crate::versions) fn new(store: ReceiverStore) -> Intake {
        Intake::with_limits(store, ReceiverLimits::default())
    }

    pub(super) fn with_limits(store: ReceiverStore, limits: ReceiverLimits) -> Intake {
        Intake { store, limits }
    }

    pub(super) fn store(&self) -> &ReceiverStore {
        &self.store
    }

    pub(super) fn limits(&self) -> ReceiverLimits {
        self.limits
    }

    /// Takes a payload in, once a key.
    pub(in crate::versions) async fn payload(&self, key: Option<&str>, body: &str) -> Result<Taken, Refusal> {
        self.fits(body)?;
        let key = checked(key)?;
        let head: Head = parse(body)?;
        let uuid = uuid(head.uuid)?;
        let recorded_at = head.recorded_at.as_ref().and_then(Value::as_str);
        let incoming = Incoming {
            key,
            uuid: &uuid,
            recorded_at,
            hostname: head.hostname.as_ref().and_then(Value::as_str),
            body,
        };
        let kept = self.store.keep_payload(&incoming).await?;
        if let Kept::OfTwins(id, twins) = kept {
            let sign = match twins {
                Twins::SameInstant => "two payloads of its bear the same recorded_at",
                Twins::OtherHost => "its payload before named another host",
            };
            tracing::warn!(
                uuid,
                usage_data_id = id,
                "Two instances seem to share a uuid, or one has moved: {sign}. Both payloads are kept; a copy of an instance \
                 needs a uuid of its own."
            );
        }
        taken(kept)
    }

    /// Takes metadata in, once a key.
    pub(in crate::versions) async fn metadata(&self, key: Option<&str>, body: &str) -> Result<Taken, Refusal> {
        self.fits(body)?;
        let key = checked(key)?;
        let outer: MetadataHead = parse(body)?;
        let uuid = uuid(outer.metadata.uuid)?;
        let incoming = Incoming {
            key,
            uuid: &uuid,
            recorded_at: None,
            hostname: None,
            body,
        };
        taken(self.store.keep_metadata(&incoming).await?)
    }

    /// Takes an error report in.
    pub(super) async fn error(&self, body: &str) -> Result<Taken, Refusal> {
        let outer: ErrorHead = parse(body)?;
        let uuid = uuid(outer.error.uuid)?;
        let incoming = Incoming {
            key: None,
            uuid: &uuid,
            recorded_at: None,
            hostname: None,
            body,
        };
        taken(self.store.keep_error(&incoming).await?)
    }

    fn fits(&self, body: &str) -> Result<(), Refusal> {
        let limit = self.limits.body_bytes;
        match body.len() > limit {
            true => Err(Refusal::too_long(limit)),
            false => Ok(()),
        }
    }
}

fn taken(kept: Kept) -> Result<Taken, Refusal> {
    match kept {
        Kept::New(id) | Kept::OfTwins(id, _) => Ok(Taken { id, is_new: true }),
        Kept::Known(id) => Ok(Taken { id, is_new: false }),
        Kept::KeyReused => Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "this idempotency key was used with another body: take a new key for a new body",
        )),
    }
}

fn checked(key: Option<&str>) -> Result<Option<&str>, Refusal> {
    let Some(key) = key.map(str::trim) else { return Ok(None) };
    if key.is_empty() || key.len() > LONGEST_KEY || !key.is_ascii() {
        return Err(Refusal::bad(
            "the header Idempotency-Key must hold 1 to 255 ASCII characters",
        ));
    }
    Ok(Some(key))
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
