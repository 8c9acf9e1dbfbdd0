//! A YAML text as a JSON value, aliases expanded and merge keys applied.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::tree::{MAX_DEPTH, SyntaxError};

/// A text as a value, and whether it has to be looked at closely.
pub(super) struct Read {
    pub value: Value,
    /// A mapping has a key twice, or it nests deeper than definitions may.
    pub is_odd: bool,
}

/// Reads `text`; of a key that stands twice the last value is taken, because the tree will report it.
///
/// Scalars follow YAML 1.2's core schema as serde_yaml reads it: `yes` and `012` are texts. An alias bomb ends in an
/// error: serde_yaml limits how often aliases may repeat.
pub(super) fn read(text: &str) -> Result<Read, SyntaxError> {
    let is_odd = Cell::new(false);
    let node = Node {
        is_odd: &is_odd,
        depth: MAX_DEPTH,
    };
    let read = node.deserialize(serde_yaml::Deserializer::from_str(text));
    let value = read.map_err(|error| refused(&error))?;
    // No text merges without saying so.
    let value = if text.contains("<<") { merged(value) } else { value };
    Ok(Read {
        value,
        is_odd: is_odd.get(),
    })
}

fn refused(error: &serde_yaml::Error) -> SyntaxError {
    let at = error.location().map_or(0, |location| location.index());
    let message = format!("not valid YAML: {}", without_place(error));
    let help = message
        .contains("repetition")
        .then(|| "aliases repeat too much: write the values out".to_owned());
    SyntaxError {
        message,
        help,
        span: at..at + 1,
    }
}

/// Makes a JSON value, as its own `Deserialize` does, and notes what that one passes over.
#[derive(Clone, Copy)]
struct Node<'a> {
    is_odd: &'a Cell<bool>,
    /// How many levels there may still be.
    depth: usize,
}

impl Node<'_> {
    fn below(self) -> Self {
        if self.depth == 0 {
            self.is_odd.set(true);
        }
        Node {
            depth: self.depth.saturating_sub(1),
            ..self
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar, a list or a mapping")
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let node = self.below();
        while let Some(item) = items.next_element_seed(node)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let node = self.below();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(node)?;
            if map.insert(key, value).is_some() {
                self.is_odd.set(true);
            }
        }
        Ok(Value::Object(map))
    }
}

/// serde_yaml ends its sentences with " at line 1 column 2", which the diagnostic says itself.
fn without_place(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Applies merge keys (`<<: *defaults`): own keys win over merged ones, and of several merged mappings the first.
fn merged(value: Value) -> Value {
    match value {
        Value::Object(map) => merged_map(map),
        Value::Array(items) => Value::Array(items.into_iter().map(merged).collect()),
        scalar => scalar,
    }
}

fn merged_map(map: Map<String, Value>) -> Value {
    let mut result = Map::new();
    let mut defaults = Vec::new();
    for (key, value) in map {
        match (key.as_str(), merged(value)) {
            ("<<", Value::Object(map)) => defaults.push(map),
            ("<<", Value::Array(items)) if items.iter().all(Value::is_object) => {
                defaults.extend(items.into_iter().filter_map(|item| match item {
                    Value::Object(map) => Some(map),
                    _ => None,
                }));
            }
            (_, value) => {
                result.insert(key, value);
            }
        }
    }
    for (key, value) in defaults.into_iter().flatten() {
        result.entry(key).or_insert(value);
    }
    Value::Object(result)
}
