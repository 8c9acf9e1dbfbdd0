//! What is demanded of payloads and metadata, however they come: by a request or in a bundle.

use std::sync::Arc;

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::access::Sender;
use super::dev_ops::Leaders;
use super::reading::{MetadataReading, PayloadReading, uuid_of_error};
use super::server::ReceiverLimits;
use super::store::{Incoming, Kept, Quota, ReceiverStore, Twins};

/// Enough for any uuid, and no more than an index likes.
const LONGEST_KEY: usize = 255;
/// Payloads that are read at once: reading waits for nothing but the processor.
const READERS: usize = 2;
/// Enough for any instant.
const LONGEST_INSTANT: usize = 64;

/// The door to the receiver's store.
#[derive(Clone)]
pub(in crate::versions) struct Intake {
    store: ReceiverStore,
    limits: ReceiverLimits,
    leaders: Leaders,
    /// Payloads that are read at once.
    readers: Arc<Semaphore>,
}

/// What was taken in.
pub(in crate::versions) struct Taken {
    pub(in crate::versions) id: i64,
    /// Whether it was not here already.
    pub(in crate::versions) is_new: bool,
    /// The DevOps score, for whoever sent a payload that is not its first.
    pub(super) score: Map<String, Value>,
}

/// Something that is not taken, and why.
pub(in crate::versions) struct Refusal {
    status: StatusCode,
    message: String,
    /// Seconds after which it may be tried again.
    retry_after: Option<i64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            message: message.into(),
            retry_after: None,
        }
    }

    /// Refused for now.
    pub(super) fn later(status: StatusCode, seconds: i64, message: impl Into<String>) -> Refusal {
        Refusal {
            retry_after: Some(seconds),
            ..Refusal::new(status, message)
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
        let mut response = (self.status, Json(json!({"error": self.message}))).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
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

impl Intake {
    /// The door with the default limits.
    pub(in crate::versions) fn new(store: ReceiverStore) -> Intake {
        Intake::with_limits(store, ReceiverLimits::default())
    }

    pub(super) fn with_limits(store: ReceiverStore, limits: ReceiverLimits) -> Intake {
        let leaders = Leaders::new(store.clone(), limits.leaders_for);
        Intake {
            store,
            limits,
            leaders,
            readers: Arc::new(Semaphore::new(READERS)),
        }
    }

    pub(super) fn store(&self) -> &ReceiverStore {
        &self.store
    }

    pub(super) fn limits(&self) -> ReceiverLimits {
        self.limits
    }

    /// Takes a payload in, once a key.
    pub(in crate::versions) async fn payload(&self, key: Option<&str>, body: &str) -> Result<Taken, Refusal> {
        self.payload_of(&Sender::Anyone, key, Arc::new(body.to_owned())).await
    }

    /// Takes a sender's payload in, once a key.
    pub(super) async fn payload_of(
        &self,
        sender: &Sender,
        key: Option<&str>,
        body: Arc<String>,
    ) -> Result<Taken, Refusal> {
        self.fits(&body)?;
        let key = checked(key)?;
        let permit = self.readers.acquire().await;
        let mut reading = read(&body, PayloadReading::of).await?;
        let uuid = uuid(reading.uuid.take(), sender)?;
        reading.recorded_at = reading.recorded_at.filter(|instant| instant.len() <= LONGEST_INSTANT);
        // Key paths take more memory than the body itself: they go before anything is waited for.
        let numbers = self.store.numbered(&std::mem::take(&mut reading.numbers)).await?;
        drop(permit);
        let incoming = self.incoming(key, &uuid, &body);
        let kept = self.store.keep_payload(&incoming, &reading, numbers).await?;
        if let Kept::OfTwins(id, twins) = kept {
            warn_of(twins, &uuid, id);
        }
        let mut taken = taken(kept)?;
        // An instance's first payload is answered by its id alone.
        let pings = self.store.instance(&uuid).await?.map_or(0, |instance| instance.pings);
        if pings > 1 {
            taken.score = self.leaders.report(&reading.score).await?;
        }
        Ok(taken)
    }

    /// Takes metadata in, once a key.
    pub(in crate::versions) async fn metadata(&self, key: Option<&str>, body: &str) -> Result<Taken, Refusal> {
        self.metadata_of(&Sender::Anyone, key, Arc::new(body.to_owned())).await
    }

    /// Takes a sender's metadata in, once a key.
    pub(super) async fn metadata_of(
        &self,
        sender: &Sender,
        key: Option<&str>,
        body: Arc<String>,
    ) -> Result<Taken, Refusal> {
        self.fits(&body)?;
        let key = checked(key)?;
        let mut reading = read(&body, MetadataReading::of).await?;
        let uuid = uuid(reading.uuid.take(), sender)?;
        taken(
            self.store
                .keep_metadata(&self.incoming(key, &uuid, &body), &reading)
                .await?,
        )
    }

    /// Takes an error report in.
    pub(super) async fn error_of(&self, sender: &Sender, body: Arc<String>) -> Result<Taken, Refusal> {
        let uuid = uuid(read(&body, uuid_of_error).await?, sender)?;
        taken(self.store.keep_error(&self.incoming(None, &uuid, &body)).await?)
    }

    fn incoming<'a>(&self, key: Option<&'a str>, uuid: &'a str, body: &'a str) -> Incoming<'a> {
        let quota = Quota {
            pings: self.limits.pings_a_day,
            bytes: self.limits.bytes_a_day,
        };
        Incoming { key, uuid, body, quota }
    }

    fn fits(&self, body: &str) -> Result<(), Refusal> {
        let limit = self.limits.body_bytes;
        match body.len() > limit {
            true => Err(Refusal::too_long(limit)),
            false => Ok(()),
        }
    }
}

fn warn_of(twins: Twins, uuid: &str, id: i64) {
    let sign = match twins {
        Twins::SameInstant => "two payloads of its bear the same recorded_at",
        Twins::OtherHost => "its payload before named another host",
    };
    tracing::warn!(
        uuid,
        usage_data_id = id,
        "Two instances seem to share a uuid, or one has moved: {sign}. Both payloads are kept; a copy of an instance needs a \
         uuid of its own."
    );
}

fn taken(kept: Kept) -> Result<Taken, Refusal> {
    let new = |id, is_new| Taken {
        id,
        is_new,
        score: Map::new(),
    };
    match kept {
        Kept::New(id) | Kept::OfTwins(id, _) => Ok(new(id, true)),
        Kept::Known(id) => Ok(new(id, false)),
        Kept::OverQuota => Err(Refusal::later(
            StatusCode::TOO_MANY_REQUESTS,
            Quota::renewed_in(Utc::now()),
            "this instance has sent as much as it may today: send again tomorrow",
        )),
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

/// Reads a body beside the requests of others: a long one takes a while.
async fn read<T: Send + 'static>(
    body: &Arc<String>,
    reader: impl FnOnce(&str) -> Result<T, serde_json::Error> + Send + 'static,
) -> Result<T, Refusal> {
    if !body.trim_start().starts_with('{') {
        return Err(Refusal::bad("the body must be a JSON object"));
    }
    let text = Arc::clone(body);
    let reading = tokio::task::spawn_blocking(move || reader(&text)).await;
    reading
        .map_err(|error| {
            tracing::error!(%error, "a body was not read to its end");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the body could not be read")
        })?
        .map_err(|error| Refusal::bad(format!("the body cannot be read: {error}")))
}

fn uuid(uuid: Option<String>, sender: &Sender) -> Result<String, Refusal> {
    let uuid = uuid.filter(|uuid| !uuid.is_empty() && uuid.len() <= LONGEST_KEY && !uuid.contains(char::is_control));
    let Some(uuid) = uuid else {
        return Err(Refusal::bad(
            "the body must hold a `uuid` that is a text of 1 to 255 bytes, without control characters",
        ));
    };
    match sender.may_send_for(&uuid) {
        true => Ok(uuid),
        false => Err(Refusal::new(StatusCode::FORBIDDEN, "the token is of another instance")),
    }
}
