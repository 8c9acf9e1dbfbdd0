//! An event's fields as the tracker protocol has them: one flat object of texts.

use serde::Serialize;
use uuid::Uuid;

use super::base64_form::Base64;
use super::schema::{CONTEXTS, UNSTRUCT_EVENT};

/// Which trackers these are.
pub(super) const TRACKER_VERSION: &str = concat!("rust-service-ping-", env!("CARGO_PKG_VERSION"));

/// Bytes that the data of most events fits into.
const USUAL: usize = 1024;

/// `{"schema": …, "data": …}` around data of any kind.
#[derive(Debug, Serialize)]
pub(super) struct Wrapped<'a, T> {
    pub(super) schema: &'a str,
    pub(super) data: T,
}

/// The fields of an event, being written.
#[derive(Debug)]
pub(super) struct Envelope {
    body: Vec<u8>,
    base64: Base64,
}

impl Envelope {
    pub(super) fn new(kind: &str, id: Uuid, base64: Base64) -> Envelope {
        let mut body = Vec::with_capacity(USUAL);
        body.push(b'{');
        let mut envelope = Envelope { body, base64 };
        envelope.field("e", kind);
        envelope.field("eid", id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        envelope.field("p", "srv");
        envelope.field("tv", TRACKER_VERSION);
        envelope
    }

    pub(super) fn field(&mut self, key: &str, value: &str) {
        self.key(key);
        // A text always has a form in JSON, and a vector takes it.
        let _ = serde_json::to_writer(&mut self.body, value);
    }

    fn key(&mut self, key: &str) {
        if self.body.len() > 1 {
            self.body.push(b',');
        }
        self.body.push(b'"');
        self.body.extend_from_slice(key.as_bytes());
        self.body.extend_from_slice(b"\":");
    }

    /// A field that is left out where there is nothing to say.
    pub(super) fn optional(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.field(key, value);
        }
    }

    /// The event's own data, of the schema that it names.
    ///
    /// # Errors
    /// It has no form in JSON.
    pub(super) fn self_describing(&mut self, data: &impl Serialize) -> serde_json::Result<()> {
        self.encoded(["ue_px", "ue_pr"], UNSTRUCT_EVENT, data)
    }

    /// What is attached to the event, each with its schema.
    ///
    /// # Errors
    /// It has no form in JSON.
    pub(super) fn contexts<T: Serialize>(&mut self, contexts: &[T]) -> serde_json::Result<()> {
        if contexts.is_empty() {
            return Ok(());
        }
        self.encoded(["cx", "co"], CONTEXTS, &contexts)
    }

    fn encoded(&mut self, [encoded, plain]: [&str; 2], schema: &str, data: &impl Serialize) -> serde_json::Result<()> {
        let mut json = Vec::with_capacity(USUAL);
        serde_json::to_writer(&mut json, &Wrapped { schema, data })?;
        match self.base64 {
            // JSON is UTF-8, so that it is text.
            Base64::Off => self.field(plain, &String::from_utf8_lossy(&json)),
            Base64::Standard | Base64::UrlSafe => {
                self.key(encoded);
                self.body.push(b'"');
                // Nothing in base64 needs an escape.
                self.base64.append(&json, &mut self.body);
                self.body.push(b'"');
            }
        }
        Ok(())
    }

    /// The object as it is kept.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.body.push(b'}');
        self.body
    }
}
