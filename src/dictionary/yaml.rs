//! The dictionary as GitLab exports it: a list of what each definition says, with what follows from it beside.

use serde_json::{Map, Value, json};

use super::{Dictionary, MetricEntry};
use crate::repository::Change;

/// One mapping a metric (spec 1.7): the attributes of its file in their order, then `file_path` and what is made of them:
/// `counts`, `window`, `statements`, `parts`, `events_counted`, `history`; each only where there is something to say.
pub fn yaml(dictionary: &Dictionary) -> Value {
    dictionary.metrics.iter().map(entry).collect()
}

fn entry(metric: &MetricEntry) -> Value {
    let mut entry = metric.attributes.clone();
    let measured = &metric.measured;
    let mut add = |name: &str, value: Value| {
        entry.insert(name.to_owned(), value);
    };
    add("file_path", json!(metric.file));
    add("counts", json!(measured.counts));
    if !measured.window.is_empty() {
        add("window", json!(measured.window));
    }
    for (name, list) in [
        ("statements", &measured.statements),
        ("parts", &measured.parts),
        ("events_counted", &measured.events),
    ] {
        if !list.is_empty() {
            add(name, json!(list));
        }
    }
    if !metric.history.is_empty() {
        add("history", metric.history.iter().map(change).collect());
    }
    Value::Object(entry)
}

fn change(change: &Change) -> Value {
    let fields = [
        ("date", &change.date),
        ("commit", &change.commit),
        ("subject", &change.subject),
    ];
    let fields: Map<String, Value> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    Value::Object(fields)
}
