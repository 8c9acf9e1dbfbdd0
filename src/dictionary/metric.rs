//! A metric as readers look it up.

use serde_json::{Map, Value};

use super::{Measured, Sources, measured};
use crate::definition::MetricDefinition;
use crate::repository::Change;

/// One metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricEntry {
    pub key_path: String,
    pub description: String,
    pub status: &'static str,
    pub time_frame: &'static str,
    pub data_source: &'static str,
    pub data_category: &'static str,
    pub value_type: &'static str,
    /// The group that owns it; of 2021's `group::source code` the name alone.
    pub owner: Option<String>,
    pub measured: Measured,
    /// Everything its file says, for one time frame.
    pub attributes: Map<String, Value>,
    /// Relative to the definitions' root, with `/`.
    pub file: String,
    /// The commits that touched its file, the newest first.
    pub history: Vec<Change>,
}

impl MetricEntry {
    pub(super) fn of(definition: &MetricDefinition, sources: &Sources<'_>) -> MetricEntry {
        let history = sources.changes.get(&definition.file).cloned().unwrap_or_default();
        MetricEntry {
            key_path: definition.key_path.to_string(),
            description: definition.description.trim().to_owned(),
            status: definition.status.as_str(),
            time_frame: definition.time_frame.as_str(),
            data_source: definition.data_source.as_str(),
            data_category: definition.data_category.as_str(),
            value_type: definition.value_type.as_str(),
            owner: owner(&definition.attributes),
            measured: measured::of(definition, sources),
            attributes: attributes(definition),
            file: slashed(&definition.file),
            history,
        }
    }

    /// What a field of its file says, as text; `None` where it says nothing.
    pub fn said(&self, field: &str) -> Option<String> {
        self.attributes.get(field).and_then(in_words)
    }

    /// Whether it is in payloads.
    pub fn is_removed(&self) -> bool {
        self.status == "removed"
    }
}

/// A value as a line of text; lists with commas, mappings as YAML has them on one line.
pub(super) fn in_words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let items: Vec<String> = items.iter().filter_map(in_words).collect();
            Some(items.join(", ")).filter(|text| !text.is_empty())
        }
        Value::Object(map) if map.is_empty() => None,
        other => Some(other.to_string()),
    }
}

/// A path with `/` everywhere, so that a dictionary does not depend on the machine.
pub(super) fn slashed(path: &std::path::Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// One file of several time frames makes several metrics: each says its own key path and frame.
fn attributes(definition: &MetricDefinition) -> Map<String, Value> {
    let mut attributes = definition.attributes.clone();
    attributes.insert("key_path".to_owned(), definition.key_path.as_str().into());
    attributes.insert("time_frame".to_owned(), definition.time_frame.as_str().into());
    attributes.insert("data_category".to_owned(), definition.data_category.as_str().into());
    attributes
}

fn owner(attributes: &Map<String, Value>) -> Option<String> {
    let group = attributes.get("product_group")?.as_str()?.trim();
    let name = group.strip_prefix("group::").unwrap_or(group);
    (!name.is_empty()).then(|| name.to_owned())
}
