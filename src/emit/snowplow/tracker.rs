//! The tracker: what a program says happened, checked before it is accepted.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::base64_form::Base64;
use super::billing::{BillingOptional, BillingRequired, BillingShape, BillingStamp, SchemaVersion};
use super::custom::custom_event;
use super::emitter::Emitter;
use super::event::{EventKind, QueuedEvent};
use super::iglu::{SchemaError, Schemas};
use super::metrics::{Metrics, Rejection};
use super::schema::SelfDescribing;
use super::shared::{AddError, DrainReport};
use super::storage::StorageError;
use super::text::kept;
use super::usage_event::usage_event;

/// The largest event, as it is sent.
const LARGEST_CUSTOM: usize = 100_000;
const LARGEST_BILLING: usize = 250_000;

/// How a tracker writes events.
#[derive(Debug, Clone, Default)]
pub struct TrackerOptions {
    /// Which application it is; must be said.
    pub app_id: String,
    /// Which of its trackers.
    pub namespace: Option<String>,
    /// A user agent that stands in for the one of the request.
    pub user_agent: Option<String>,
    pub base64: Base64,
    pub schema_version: SchemaVersion,
    pub shape: BillingShape,
    /// Files of schemas that events are held against before they are accepted.
    pub schemas: Option<Arc<Schemas>>,
}

/// Why an event was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrackError {
    #[error("{field} must be {must}")]
    Invalid { field: &'static str, must: String },
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("the event has {bytes} bytes, and {limit} is the most that may be sent")]
    TooLarge { bytes: usize, limit: usize },
    #[error("the event has no form in JSON: {0}")]
    Serialization(String),
    #[error("the tracker has been stopped: nothing is taken any more")]
    Stopped,
    #[error(transparent)]
    Storage(StorageError),
}

impl TrackError {
    pub(super) fn invalid(field: &'static str, must: impl Into<String>) -> TrackError {
        TrackError::Invalid {
            field,
            must: must.into(),
        }
    }

    /// Whether the event is at fault, so that it would be refused the next time as well.
    pub fn is_of_the_event(&self) -> bool {
        !matches!(self, TrackError::Stopped | TrackError::Storage(_))
    }
}

impl From<AddError> for TrackError {
    fn from(error: AddError) -> TrackError {
        match error {
            AddError::Stopped => TrackError::Stopped,
            AddError::Storage(error) => TrackError::Storage(error),
        }
    }
}

impl From<serde_json::Error> for TrackError {
    fn from(error: serde_json::Error) -> TrackError {
        TrackError::Serialization(error.to_string())
    }
}

/// Tracks events, from any number of threads; clones are handles of the same tracker. When the last of them goes, it is
/// stopped.
#[derive(Debug, Clone)]
pub struct Tracker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: TrackerOptions,
    emitter: Emitter,
}

impl Tracker {
    /// A tracker that hands events to an emitter.
    ///
    /// # Errors
    /// The application's id, or another of the options, cannot be sent.
    pub fn new(options: TrackerOptions, emitter: Emitter) -> Result<Tracker, TrackError> {
        let options = checked(options)?;
        Ok(Tracker {
            inner: Arc::new(Inner { options, emitter }),
        })
    }

    /// Tracks a custom event with properties and what is attached to it. Returns its id once it is accepted: with a spool,
    /// once it is there.
    ///
    /// # Errors
    /// The event would become a bad row, or it cannot be kept.
    pub fn track_event(
        &self,
        name: &str,
        props: Option<&Map<String, Value>>,
        contexts: &[SelfDescribing],
    ) -> Result<Uuid, TrackError> {
        let event = self.custom_event(name, props, contexts)?;
        self.accept(event)
    }

    /// A custom event that is checked but not accepted yet: many are handed over at once by [`Tracker::accept_all`].
    ///
    /// # Errors
    /// The event would become a bad row.
    pub fn custom_event(
        &self,
        name: &str,
        props: Option<&Map<String, Value>>,
        contexts: &[SelfDescribing],
    ) -> Result<QueuedEvent, TrackError> {
        let now = self.inner.emitter.unix_ms();
        let event = custom_event(&self.inner.options, name, props, contexts, now);
        self.sound(event, LARGEST_CUSTOM)
    }

    /// Tracks usage that is to be billed.
    ///
    /// # Errors
    /// The event would become a bad row, or it cannot be kept.
    pub fn track_billing_event(&self, required: &BillingRequired) -> Result<Uuid, TrackError> {
        self.track_billing_event_with_optional_input(required, &BillingOptional::default())
    }

    /// As [`Tracker::track_billing_event`], with what may be said beside it.
    ///
    /// # Errors
    /// As there.
    pub fn track_billing_event_with_optional_input(
        &self,
        required: &BillingRequired,
        optional: &BillingOptional,
    ) -> Result<Uuid, TrackError> {
        self.track_stamped_billing_event(required, optional, &BillingStamp::default())
    }

    /// As [`Tracker::track_billing_event_with_optional_input`], of usage that has an id or was at another time.
    ///
    /// # Errors
    /// As there.
    pub fn track_stamped_billing_event(
        &self,
        required: &BillingRequired,
        optional: &BillingOptional,
        stamp: &BillingStamp,
    ) -> Result<Uuid, TrackError> {
        let event = self.billing_event(required, optional, stamp)?;
        self.accept(event)
    }

    /// A billing event that is checked but not accepted yet: many are handed over at once by [`Tracker::accept_all`].
    ///
    /// # Errors
    /// The event would become a bad row.
    pub fn billing_event(
        &self,
        required: &BillingRequired,
        optional: &BillingOptional,
        stamp: &BillingStamp,
    ) -> Result<QueuedEvent, TrackError> {
        let now = self.inner.emitter.unix_ms();
        let event = usage_event(&self.inner.options, required, optional, stamp, now);
        self.sound(event, LARGEST_BILLING)
    }

    /// Accepts events that were checked: all of them, or none.
    ///
    /// # Errors
    /// They cannot be kept.
    pub fn accept_all(&self, events: Vec<QueuedEvent>) -> Result<(), TrackError> {
        Ok(self.inner.emitter.add_batch(events)?)
    }

    /// An event that may be sent; one that may not is counted.
    fn sound(&self, event: Result<QueuedEvent, TrackError>, limit: usize) -> Result<QueuedEvent, TrackError> {
        event.and_then(|event| bounded(event, limit)).inspect_err(|error| {
            let rejection = match error {
                TrackError::TooLarge { .. } => Rejection::PayloadTooLarge,
                _ => Rejection::InvalidEvent,
            };
            self.inner.emitter.rejected(rejection);
        })
    }

    fn accept(&self, event: QueuedEvent) -> Result<Uuid, TrackError> {
        let id = event.id;
        self.inner.emitter.add(event)?;
        Ok(id)
    }

    /// Has what waits sent without waiting for others.
    pub fn flush(&self) {
        self.inner.emitter.flush();
    }

    /// As [`Tracker::flush`], and waits until it is done or given up; whether it is.
    pub fn flush_wait(&self, deadline: Duration) -> bool {
        self.inner.emitter.flush_wait(deadline)
    }

    /// Accepts nothing more, and sends what waits until the deadline.
    pub fn drain(&self, deadline: Duration) -> DrainReport {
        self.inner.emitter.drain(deadline)
    }

    /// [`Tracker::drain`] with the emitter's own deadline.
    pub fn stop(&self) -> DrainReport {
        self.inner.emitter.stop()
    }

    /// Ends at once.
    pub fn abort(&self) -> DrainReport {
        self.inner.emitter.abort()
    }

    pub fn metrics(&self) -> Metrics {
        self.inner.emitter.metrics()
    }
}

fn bounded(event: QueuedEvent, limit: usize) -> Result<QueuedEvent, TrackError> {
    match event.body.len() {
        bytes if bytes > limit => Err(TrackError::TooLarge { bytes, limit }),
        _ => Ok(event),
    }
}

fn checked(mut options: TrackerOptions) -> Result<TrackerOptions, TrackError> {
    options.app_id = field("app_id", &options.app_id, 255)?;
    let namespace = options.namespace.filter(|namespace| !namespace.is_empty());
    options.namespace = namespace.map(|text| field("namespace", &text, 128)).transpose()?;
    let user_agent = options.user_agent.filter(|agent| !agent.is_empty());
    options.user_agent = user_agent.map(|text| field("user_agent", &text, 1000)).transpose()?;
    Ok(options)
}

/// A field's text as the pipeline keeps it.
pub(super) fn field(name: &'static str, text: &str, most: usize) -> Result<String, TrackError> {
    let is_plain = text.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    let text = if is_plain { text.to_owned() } else { kept(text) };
    if text.is_empty() || text.chars().count() > most {
        return Err(TrackError::invalid(name, format!("a text of 1 to {most} letters")));
    }
    Ok(text)
}

/// Holds data against a schema's file, where its folder is configured and has it.
pub(super) fn check_by_file(options: &TrackerOptions, schema: &str, data: &impl Serialize) -> Result<(), TrackError> {
    if let Some(schemas) = &options.schemas {
        schemas.check_by_file(schema, &serde_json::to_value(data)?)?;
    }
    Ok(())
}

/// The event, as it waits.
pub(super) fn queued(id: Uuid, kind: EventKind, now: u64, body: Vec<u8>) -> QueuedEvent {
    QueuedEvent {
        id,
        kind,
        accepted_at: now,
        body,
    }
}
