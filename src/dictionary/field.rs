//! The fields of a definition that an entry shows, and what they mean: the words are those of the schema, which come from
//! the doc comments of the structs that read the files.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::MetricEntry;
use crate::definition::schemas;

/// Shown in this order, beside what every entry has: the field's name, and what people call it.
const SHOWN: [(&str, &str); 19] = [
    ("value_type", "Value"),
    ("data_category", "Category of consent"),
    ("minimum_count", "Told at least as"),
    ("allowed_values", "Texts that are told"),
    ("performance_indicator_type", "Performance indicator"),
    ("product_section", "Section"),
    ("product_stage", "Stage"),
    ("product_category", "Feature category"),
    ("product_categories", "Feature categories"),
    ("distribution", "Editions"),
    ("tier", "Plans"),
    ("tiers", "Plans"),
    ("milestone", "Since release"),
    ("introduced_by_url", "Introduced by"),
    ("milestone_removed", "Removed in release"),
    ("removed_by_url", "Removed by"),
    ("repair_issue_url", "Being repaired in"),
    ("value_json_schema", "Schema of the value"),
    ("options", "Options"),
];

/// A field as an entry shows it.
pub(super) struct Field {
    pub label: &'static str,
    /// What the field means.
    pub meaning: String,
    pub value: String,
}

/// What the metric's file says of itself, in the order above.
pub(super) fn fields(metric: &MetricEntry) -> Vec<Field> {
    let said = |(name, label): &(&'static str, &'static str)| {
        Some(Field {
            label,
            meaning: meaning(name),
            value: metric.said(name)?,
        })
    };
    SHOWN.iter().filter_map(said).collect()
}

/// What a field of metric definitions means; nothing for an unknown one.
pub(super) fn meaning(field: &str) -> String {
    static MEANINGS: LazyLock<BTreeMap<String, String>> = LazyLock::new(meanings);
    MEANINGS.get(field).cloned().unwrap_or_default()
}

fn meanings() -> BTreeMap<String, String> {
    let schema = schemas().into_iter().find(|(name, _)| *name == "metric.json");
    let schema: Value = schema
        .and_then(|(_, text)| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .filter_map(|(name, property)| Some((name.clone(), property["description"].as_str()?.to_owned())))
        .collect()
}
