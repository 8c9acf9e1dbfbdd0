//! What the search looks through beside the list itself: a script, because a page that was opened from a file may fetch
//! nothing.

use serde_json::Value;

use crate::dictionary::{Dictionary, MetricEntry};

pub(super) fn text(dictionary: &Dictionary) -> String {
    let texts: Vec<Value> = dictionary
        .metrics
        .iter()
        .map(|metric| Value::from(of(metric)))
        .collect();
    format!("window.searchText = {};\n", Value::from(texts))
}

/// In lower case, as it is compared.
fn of(metric: &MetricEntry) -> String {
    let measured = &metric.measured;
    let parts = [
        vec![metric.key_path.clone(), metric.description.clone()],
        metric.owner.iter().cloned().collect(),
        measured.statements.iter().map(|sql| sql.replace('"', "")).collect(),
        measured.events.clone(),
        measured.classes.clone(),
        ["product_section", "product_stage", "performance_indicator_type"]
            .iter()
            .filter_map(|field| metric.said(field))
            .collect(),
    ];
    parts.concat().join("\n").to_lowercase()
}
