//! Definitions that are drawn, and the rows that they measure.

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};
use service_ping::definition::{self, Loaded};

use super::CATEGORIES;

/// What a metric may measure; those that could tell a row's text say what may be told, or fail.
const BODIES: [(&str, &str, &str); 13] = [
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "count", "relation": "users"}"#,
    ),
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "distinct_count", "relation": "users", "column": "secret"}"#,
    ),
    (
        "object",
        "DatabaseMetric",
        r#"{"operation": "count", "relation": "users GROUP BY secret"}"#,
    ),
    (
        "object",
        "DatabaseMetric",
        r#"{"operation": "count", "relation": "users GROUP BY secret, plan"}"#,
    ),
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "sum", "relation": "users", "column": "secret"}"#,
    ),
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "count", "relation": "missing WHERE secret = 'x'"}"#,
    ),
    (
        "number",
        "SqlValueMetric",
        r#"{"query": "SELECT secret FROM users WHERE id = 1"}"#,
    ),
    (
        "string",
        "SqlValueMetric",
        r#"{"query": "SELECT secret FROM users WHERE id = 1"}"#,
    ),
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "estimate_batch_distinct_count", "relation": "users", "column": "secret"}"#,
    ),
    (
        "object",
        "DatabaseMetric",
        r#"{"operation": "average", "relation": "users GROUP BY secret", "column": "id"}"#,
    ),
    (
        "object",
        "DatabaseMetric",
        r#"{"operation": "histogram", "relation": "users", "column": "secret", "buckets": {"from": 1, "to": 5}}"#,
    ),
    (
        "number",
        "DatabaseMetric",
        r#"{"operation": "count", "relation": "users JOIN users others ON others.secret = users.secret"}"#,
    ),
    (
        "object",
        "SqlValueMetric",
        r#"{"query": "SELECT secret FROM users WHERE id = 3"}"#,
    ),
];

/// One drawn definition.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) key_path: String,
    pub(super) body: usize,
    pub(super) category: usize,
    pub(super) minimum_count: Option<u64>,
    /// Whether it was accepted: not at all, as another text, or as it reads.
    pub(super) accepted: u8,
}

pub(super) fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let place = prop_oneof![Just("counts."), Just(""), Just("counts.deep.")];
    let one = (
        place,
        0..BODIES.len(),
        0..CATEGORIES.len(),
        proptest::option::of(2..9_u64),
        0..3_u8,
    );
    proptest::collection::vec(one, 1..8).prop_map(|all| {
        let named = all.into_iter().enumerate();
        let drawn = named.map(|(number, (place, body, category, minimum_count, accepted))| Drawn {
            key_path: format!("{place}m{number}"),
            body,
            category,
            minimum_count,
            accepted,
        });
        drawn.collect()
    })
}

pub(super) fn loaded(drawn: &[Drawn]) -> Loaded {
    let files = drawn.iter().map(|metric| {
        let (value_type, class, options) = BODIES[metric.body];
        let mut definition = json!({
            "key_path": metric.key_path,
            "description": "A metric of a test.",
            "value_type": value_type,
            "status": "active",
            "time_frame": "all",
            "data_source": "database",
            "data_category": CATEGORIES[metric.category].as_str(),
            "instrumentation_class": class,
            "options": serde_json::from_str::<Value>(options).expect("JSON"),
        });
        if value_type != "number" {
            definition["allowed_values"] = json!(["free"]);
        }
        if let (Some(minimum), true) = (metric.minimum_count, value_type != "string") {
            definition["minimum_count"] = json!(minimum);
        }
        let file = PathBuf::from(format!("metrics/{}.yml", metric.key_path));
        (file, definition.to_string().into_bytes())
    });
    let loaded = definition::load_files("definitions", files.collect());
    assert!(!loaded.has_errors(), "{:#?}", loaded.problems);
    loaded
}
