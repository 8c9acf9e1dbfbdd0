//! An internal event that happened.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::EventError;
use super::index::{InternalEvent, closest};
use crate::definition::EventSelection;

/// The properties that every internal event may have; `value` is a number, the others are texts.
const BASE_PROPERTIES: [&str; 3] = ["label", "property", "value"];

/// One occurrence of an internal event: who and what it is about, and its properties.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Occurrence {
    /// `user`, `project`, `namespace`, each by its id.
    pub identifiers: BTreeMap<String, String>,
    /// `label`, `property`, `value`, and what the event's definition lists: texts, numbers, true or false.
    pub properties: BTreeMap<String, Value>,
}

impl Occurrence {
    /// Whether nothing is said beyond that it happened.
    pub fn is_bare(&self) -> bool {
        self.identifiers.is_empty() && self.properties.is_empty()
    }

    /// All of it as one object: identifiers as `user_id` and so on, and the properties beside them.
    pub fn described(&self) -> Map<String, Value> {
        let identifiers = self.identifiers.iter();
        let identifiers = identifiers.map(|(name, id)| (format!("{name}_id"), Value::from(id.clone())));
        let properties = self.properties.iter();
        let properties = properties.map(|(name, value)| (name.clone(), value.clone()));
        identifiers.chain(properties).collect()
    }

    pub(super) fn check(&self, event: &str, definition: &InternalEvent) -> Result<(), EventError> {
        for (property, value) in &self.properties {
            if !BASE_PROPERTIES.contains(&property.as_str()) {
                self.is_listed(event, property, definition)?;
            }
            let (fits, wanted) = match property.as_str() {
                "label" | "property" => (value.is_string(), "a text"),
                "value" => (value.is_number(), "a number"),
                _ => (
                    value.is_string() || value.is_number() || value.is_boolean(),
                    "a text, a number, true or false",
                ),
            };
            if !fits {
                return Err(EventError::PropertyType {
                    event: event.to_owned(),
                    property: property.clone(),
                    wanted,
                });
            }
        }
        Ok(())
    }

    fn is_listed(&self, event: &str, property: &str, definition: &InternalEvent) -> Result<(), EventError> {
        let Some(listed) = &definition.properties else {
            return Ok(());
        };
        if listed.contains(property) {
            return Ok(());
        }
        Err(EventError::UnknownProperty {
            event: event.to_owned(),
            property: property.to_owned(),
            suggestion: closest(property, listed.iter()),
        })
    }

    /// The identifier or property, as the text that sketches and filters see; nothing for an empty text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = match self.identifiers.get(name) {
            Some(identifier) => identifier.clone(),
            None => match self.properties.get(name)? {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
        };
        (!text.is_empty()).then_some(text)
    }

    /// Whether every property that the filter names has its value.
    pub(super) fn matches(&self, filter: &BTreeMap<String, String>) -> bool {
        let has = |(name, wanted): (&String, &String)| match self.properties.get(name) {
            Some(value) => EventSelection::filter_text(value) == *wanted,
            None => false,
        };
        filter.iter().all(has)
    }

    /// The property `value`.
    pub(super) fn value(&self) -> Option<f64> {
        self.properties.get("value").and_then(Value::as_f64)
    }
}
