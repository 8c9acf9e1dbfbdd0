//! Names and values of a test as SQL.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;

use crate::relation::Dialect;

pub(super) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value of a column; `is_instant` where the column holds moments, which SQLite keeps as text in UTC.
pub(super) fn literal(value: &Value, is_instant: bool, dialect: Dialect) -> String {
    match (value, dialect) {
        (Value::Null, _) => "NULL".to_owned(),
        (Value::Bool(value), Dialect::Sqlite) => u8::from(*value).to_string(),
        // A literal without a type takes its column's.
        (Value::Bool(value), Dialect::Postgres) => text(&value.to_string()),
        (Value::Number(number), Dialect::Sqlite) => number.to_string(),
        (Value::Number(number), Dialect::Postgres) => text(&number.to_string()),
        (Value::String(string), Dialect::Sqlite) if is_instant => {
            text(&instant(string).map_or_else(|| string.clone(), in_sqlite))
        }
        (Value::String(string), _) => text(string),
        (other, _) => text(&other.to_string()),
    }
}

/// A moment, as authors write it: a date alone is its midnight in UTC.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        return Some(instant.to_utc());
    }
    let forms = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let plain = forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    plain.map(|instant| instant.and_utc())
}

fn in_sqlite(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M:%S%.f").to_string()
}
