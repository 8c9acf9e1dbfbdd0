//! What the tests of relations share.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use service_ping::relation::{Column, Dialect, Operation, Relation};

/// 2026-11-19 10:54:00.123 UTC, a time with a fraction.
pub fn now() -> DateTime<Utc> {
    at("2026-11-19T10:54:00.123Z")
}

pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub fn parse(text: &str) -> Relation {
    Relation::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub fn parameters(value: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// Parsed, and bound to nothing but the time.
pub fn bound(text: &str) -> Relation {
    parse(text)
        .bind(&BTreeMap::new(), now())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The rows of a relation, counted.
pub fn count(relation: &Relation, dialect: Dialect) -> String {
    relation
        .statement(dialect, Operation::Count, None)
        .unwrap_or_else(|error| panic!("{error}"))
}

pub fn column(table: &str, name: &str) -> Column {
    Column {
        table: table.into(),
        name: name.into(),
    }
}
