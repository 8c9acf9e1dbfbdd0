//! The free tables: settings and feature flags.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value as Json};

use super::reader::Reader;
use super::section::Section;
use super::tree::{Node, Value};

/// `[feature_flags]`: any name, true or false.
pub(super) fn feature_flags(section: Section<'_>) -> BTreeMap<String, bool> {
    let reader = section.reader;
    section
        .entries()
        .filter_map(|(name, node)| reader.boolean(&name, &node).map(|on| (name, on)))
        .collect()
}

/// `[settings]`: any name, one value.
pub(super) fn settings(section: Section<'_>) -> BTreeMap<String, Json> {
    let reader = section.reader;
    section
        .entries()
        .filter_map(|(name, node)| json(reader, &name, &node).map(|value| (name, value)))
        .collect()
}

/// Lists and tables of what may stand alone.
pub(super) fn json(reader: &Reader<'_>, key: &str, node: &Node) -> Option<Json> {
    match &node.value {
        Value::Array(items) => items.iter().map(|item| json(reader, key, item)).collect(),
        Value::Table(entries) => {
            let entries = entries
                .iter()
                .map(|(name, (_, node))| Some((name.clone(), json(reader, name, node)?)));
            entries.collect::<Option<Map<String, Json>>>().map(Json::Object)
        }
        _ => scalar(reader, key, node),
    }
}

fn scalar(reader: &Reader<'_>, key: &str, node: &Node) -> Option<Json> {
    const EXPECTED: &str = "a string, number or boolean";
    let scalar = match &node.value {
        Value::String(_) => reader.text(key, node, EXPECTED).map(Json::String)?,
        Value::Untyped(text) => from_variable(text),
        Value::Integer(number) => Json::from(*number),
        Value::Boolean(boolean) => Json::Bool(*boolean),
        Value::Float(number) if number.is_finite() => Number::from_f64(*number).map(Json::Number)?,
        Value::Other {
            kind: "a date or time",
            text,
        } => Json::String(text.clone()),
        other => {
            reader.wrong_type(key, &node.origin, EXPECTED, other);
            return None;
        }
    };
    Some(scalar)
}

/// A variable has no type: what reads as a boolean or a finite number is one, all else is text.
fn from_variable(text: &str) -> Json {
    if let Ok(boolean) = text.parse::<bool>() {
        return Json::Bool(boolean);
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Json::from(integer);
    }
    let float = text.parse::<f64>().ok().and_then(Number::from_f64);
    float.map_or_else(|| Json::String(text.to_owned()), Json::Number)
}
