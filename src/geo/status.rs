//! The document that a secondary site hands to its primary.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::usage::Usage;

/// A name is a word or a host; what is longer is none.
const LONGEST_TEXT: usize = 255;

/// A secondary's status of one week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    /// The secondary's own uuid.
    pub node: Uuid,
    /// What the operator calls it. It stays with the primary.
    pub name: String,
    pub version: Option<String>,
    pub collected_at: DateTime<Utc>,
    pub usage: Usage,
}

/// Why a text is no status; it quotes no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no status of a secondary site: {0}")]
pub struct StatusError(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    node: String,
    name: String,
    version: Option<String>,
    collected_at: DateTime<Utc>,
    usage: Map<String, Value>,
}

impl NodeStatus {
    pub fn to_text(&self) -> String {
        let document = Document {
            node: self.node.to_string(),
            name: self.name.clone(),
            version: self.version.clone(),
            collected_at: self.collected_at,
            usage: self.usage.to_json(),
        };
        // A document of texts and numbers can always be written.
        serde_json::to_string(&document).unwrap_or_default()
    }

    /// # Errors
    /// It is no such document, or holds what no secondary sends.
    pub fn from_text(text: &[u8]) -> Result<NodeStatus, StatusError> {
        let document: Document = serde_json::from_slice(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            StatusError(format!("the document is not as it should be at {line}:{column}"))
        })?;
        let texts = [Some(&document.name), document.version.as_ref()];
        if texts.into_iter().flatten().any(|text| text.len() > LONGEST_TEXT) {
            return Err(StatusError(format!("a text is longer than {LONGEST_TEXT} bytes")));
        }
        Ok(NodeStatus {
            node: Uuid::try_parse(&document.node).map_err(|_| StatusError("node is no UUID".to_owned()))?,
            name: document.name,
            version: document.version,
            collected_at: document.collected_at,
            usage: Usage::from_json(&document.usage).map_err(StatusError)?,
        })
    }

    /// The site as the primary's payload lists it: its numbers, when and by what version they were counted; no name.
    pub fn listed(&self) -> Value {
        let mut entry = self.usage.to_json();
        entry.insert(
            "collected_at".to_owned(),
            Value::from(self.collected_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        );
        entry.insert("version".to_owned(), Value::from(self.version.clone()));
        Value::Object(entry)
    }
}
