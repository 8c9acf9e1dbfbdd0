//! Instants in the tree, and how each dialect compares them.
//!
//! PostgreSQL gets an untyped literal with `+00`: against a timestamp without time zone, which holds UTC, the zone is
//! ignored; against a timestamptz it is right whatever the session's TimeZone. SQLite holds text in UTC, with 0, 3 or 6
//! digits of a second's fraction, and compares it as text; there an instant has a lowest and a highest spelling.

use chrono::{DateTime, DurationRound, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use sqlparser::ast::{DataType, Expr, TypedString, Value, ValueWithSpan};
use sqlparser::tokenizer::Span;

/// The spelling inside the tree: UTC, microseconds.
const IN_TREE: &str = "%Y-%m-%d %H:%M:%S%.6f";

/// An instant as an expression: DATETIME, a type that no relation may name, marks it until it is rendered.
pub(super) fn literal(instant: DateTime<Utc>) -> Expr {
    let text = instant.format(IN_TREE).to_string();
    Expr::TypedString(TypedString {
        data_type: DataType::Datetime(None),
        value: ValueWithSpan {
            value: Value::SingleQuotedString(text),
            span: Span::empty(),
        },
        uses_odbc_syntax: false,
    })
}

/// The instant that an expression is, if it is one.
pub(super) fn of(expr: &Expr) -> Option<DateTime<Utc>> {
    let Expr::TypedString(TypedString {
        data_type: DataType::Datetime(None),
        value,
        ..
    }) = expr
    else {
        return None;
    };
    let Value::SingleQuotedString(text) = &value.value else {
        return None;
    };
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
        .ok()
        .map(|instant| instant.and_utc())
}

/// For PostgreSQL: the fraction only where there is one.
pub(super) fn postgres(instant: DateTime<Utc>) -> String {
    let instant = instant.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(instant);
    format!("{}+00", instant.format("%Y-%m-%d %H:%M:%S%.f"))
}

/// For SQLite: not above any spelling of this instant, and above every earlier one.
pub(super) fn sqlite_lowest(instant: DateTime<Utc>) -> String {
    let text = instant.format(IN_TREE).to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// For SQLite: not below any spelling of this instant, and below every later one.
pub(super) fn sqlite_highest(instant: DateTime<Utc>) -> String {
    instant.format(IN_TREE).to_string()
}

/// A date, with or without time and offset, as PostgreSQL reads it in ISO style; without an offset it is UTC.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return date.and_hms_opt(0, 0, 0).map(|midnight| midnight.and_utc());
    }
    let zoned = [
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%dT%H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M%#z",
    ];
    let plain = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let zoned = zoned
        .iter()
        .find_map(|format| DateTime::parse_from_str(text, format).ok());
    let plain = || {
        plain
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    };
    zoned
        .map(|instant| instant.to_utc())
        .or_else(|| plain().map(|instant| instant.and_utc()))
}
