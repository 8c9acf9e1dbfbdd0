//! The file of a new event.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{Draft, fields, with_modeline};

/// A new event, in GitLab's current form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDraft {
    pub name: String,
    pub description: Option<String>,
    pub owner: Option<String>,
    pub milestone: Option<String>,
    /// Whom and what it is tracked with.
    pub identifiers: Vec<String>,
    /// Its properties, each with what it holds.
    pub properties: Vec<(String, String)>,
}

impl EventDraft {
    /// The file under `folder` (`events`, or `config/events`).
    pub fn file(&self, folder: &str) -> Draft {
        let description = self
            .description
            .clone()
            .unwrap_or_else(|| format!("{} happened", self.name));
        let listed = |names: &[String]| if names.is_empty() { Value::Null } else { json!(names) };
        let properties: Map<String, Value> = self
            .properties
            .iter()
            .map(|(name, holds)| (name.clone(), json!({"description": holds})))
            .collect();
        let document = fields([
            ("description", json!(description)),
            ("internal_events", json!(true)),
            ("action", json!(self.name)),
            ("identifiers", listed(&self.identifiers)),
            (
                "additional_properties",
                if properties.is_empty() {
                    Value::Null
                } else {
                    Value::Object(properties)
                },
            ),
            ("product_group", json!(self.owner)),
            ("milestone", json!(self.milestone)),
            ("status", json!("active")),
        ]);
        Draft {
            // Colons are letters of events, and none of file names everywhere.
            name: PathBuf::from(format!("{folder}/{}.yml", self.name.replace(':', "_"))),
            text: with_modeline("../metrics/schema/event.json", &Value::Object(document)),
        }
    }
}
