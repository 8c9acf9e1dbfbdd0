//! What an operator accepts of a metric: all that it says, and all that it measures.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::definition::MetricDefinition;
use crate::instrumentation::{Context, Request, class_of};
use crate::measure::Measure;

/// What a metric says and measures, in one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// A JSON object, its keys sorted at every depth.
    pub text: String,
    /// SHA-256 of the text, in hexadecimal.
    pub digest: String,
}

impl Terms {
    /// The terms of a definition. Neither the order of options nor the time of day is a part of
    /// them; the body of a declared class and the parts of a sum are, because they decide what is read.
    pub fn of(definition: &MetricDefinition, context: &Context<'_>) -> Terms {
        let mut fields = Map::new();
        let mut add = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
        add("key_path", definition.key_path.as_str().into());
        add("description", definition.description.trim().into());
        add("data_category", definition.data_category.as_str().into());
        add("value_type", definition.value_type.as_str().into());
        add("time_frame", definition.time_frame.as_str().into());
        add("data_source", definition.data_source.as_str().into());
        add("class", class_of(definition).into());
        add("options", Value::Object(definition.options.clone()));
        add("measures", measures(definition, context));
        let as_written = ["events", "fallback", "minimum_count", "allowed_values"];
        for name in as_written {
            if let Some(value) = definition.attributes.get(name) {
                add(name, value.clone());
            }
        }
        let text = sorted(&Value::Object(fields)).to_string();
        Terms {
            digest: hexadecimal(&Sha256::digest(&text)),
            text,
        }
    }
}

/// What its sources are asked, each once; null where that cannot be told, and then nothing is.
fn measures(definition: &MetricDefinition, context: &Context<'_>) -> Value {
    let found = || {
        let class = context.registry.class(class_of(definition)?, context.catalog)?;
        // Windows and keys of weeks are laid out from one instant, or every week would be another metric.
        let context = Context {
            now: DateTime::<Utc>::UNIX_EPOCH,
            ..*context
        };
        let measure = class.describe(&Request::of(definition), &context).ok()?;
        let leaves = measure.leaves().into_iter().map(Measure::meaning);
        let mut leaves: Vec<String> = leaves.collect::<Result<_, _>>().ok()?;
        leaves.sort();
        leaves.dedup();
        Some(leaves)
    };
    json!(found())
}

/// The digest of all terms together: a set that gained, lost or changed one has another.
pub fn set_digest<'a>(terms: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut lines: Vec<String> = terms
        .into_iter()
        .map(|(key_path, digest)| format!("{key_path} {digest}\n"))
        .collect();
    lines.sort();
    hexadecimal(&Sha256::digest(lines.concat()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            Value::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (name.clone(), sorted(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
