//! Definition files as generators write them: pure texts, made of what a person was asked.

mod aggregate;
mod class;
mod event;
mod metric;
mod section;

use std::path::PathBuf;

use serde_json::{Map, Value};

pub use aggregate::AggregateDraft;
pub use class::ClassDraft;
pub use event::EventDraft;
pub use metric::{MetricDraft, Subject};
pub use section::Section;

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Relative to the definitions' root.
    pub name: PathBuf,
    pub text: String,
}

/// The fields as YAML, under the line by which editors find the schema. Fields of no value are left out.
fn with_modeline(schema: &str, document: &Value) -> String {
    // A value without exotic keys is always written.
    let text = serde_yaml::to_string(document).unwrap_or_default();
    format!("# yaml-language-server: $schema={schema}\n{text}")
}

/// A mapping in the order given, less what is null.
fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let said = fields.into_iter().filter(|(_, value)| !value.is_null());
    said.map(|(name, value)| (name.to_owned(), value)).collect()
}
