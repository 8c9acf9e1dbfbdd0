//! What a YAML value must look like, taken from the JSON Schema of the typed structs.
//!
//! The schema is the one description of the fields; this is the part of JSON Schema that ours use, in a form that can
//! say in plain words what is wrong. Anything else in a schema is a mistake of the house, and a test finds it.

use regex::Regex;
use serde_json::{Map, Value};

#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// Whatever there is.
    Any,
    Text(Text),
    Number,
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Boolean,
    List(List),
    Mapping(Mapping),
    /// One of these, told apart by the kind of value.
    Either(Vec<Shape>),
}

#[derive(Debug, Clone)]
pub(super) struct Text {
    /// The only texts it takes.
    pub allowed: Option<Vec<String>>,
    pub pattern: Option<Regex>,
    /// What the field is, for whoever wrote it wrong.
    pub description: Option<String>,
    pub may_be_empty: bool,
}

#[derive(Debug, Clone)]
pub(super) struct List {
    pub items: Box<Shape>,
    pub min: Option<usize>,
    pub max: Option<usize>,
    pub unique: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Mapping {
    pub fields: Vec<Field>,
    /// What other keys hold; `None` where there may be no others.
    pub others: Option<Box<Shape>>,
    /// Whether other keys may hold nothing.
    pub others_may_be_empty: bool,
    /// What other keys look like.
    pub names: Option<Regex>,
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    pub name: String,
    pub required: bool,
    pub description: Option<String>,
    pub shape: Shape,
}

/// A schema that uses something this reading does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema's {0} is not among what shapes are read from")]
pub(super) struct Unreadable(String);

impl Shape {
    /// Reads a schema whose sub-schemas are inlined. `null` is left out: a field of no value is a field not said.
    pub fn of(schema: &Value) -> Result<Shape, Unreadable> {
        let Value::Object(schema) = schema else {
            return Ok(Shape::Any);
        };
        if let Some(Value::Array(choices)) = schema.get("anyOf") {
            return either(choices);
        }
        if let Some(Value::Array(choices)) = schema.get("oneOf") {
            return Ok(Shape::Text(named_texts(schema, choices)?));
        }
        let kinds = kinds(schema);
        match kinds.as_slice() {
            [] => Ok(Shape::Any),
            [kind] => Shape::of_kind(kind, schema),
            _ => kinds
                .iter()
                .map(|kind| Shape::of_kind(kind, schema))
                .collect::<Result<_, _>>()
                .map(Shape::Either),
        }
    }

    fn of_kind(kind: &str, schema: &Map<String, Value>) -> Result<Shape, Unreadable> {
        match kind {
            "string" => Ok(Shape::Text(Text {
                allowed: schema.get("enum").map(texts),
                pattern: pattern(schema)?,
                description: text(schema, "description"),
                may_be_empty: schema.get("minLength").is_none(),
            })),
            "number" => Ok(Shape::Number),
            "integer" => Ok(Shape::Integer {
                min: schema.get("minimum").and_then(Value::as_i64),
                max: schema.get("maximum").and_then(Value::as_i64),
            }),
            "boolean" => Ok(Shape::Boolean),
            "array" => Ok(Shape::List(list(schema)?)),
            "object" => Ok(Shape::Mapping(mapping(schema)?)),
            other => Err(Unreadable(format!("type `{other}`"))),
        }
    }
}

fn either(choices: &[Value]) -> Result<Shape, Unreadable> {
    let wanted = choices.iter().filter(|choice| choice["type"] != "null");
    let mut shapes = wanted.map(Shape::of).collect::<Result<Vec<_>, _>>()?;
    match shapes.len() {
        1 => Ok(shapes.remove(0)),
        _ => Ok(Shape::Either(shapes)),
    }
}

/// An enum whose names have docs: each is a `const`, or a few are an `enum`.
fn named_texts(schema: &Map<String, Value>, choices: &[Value]) -> Result<Text, Unreadable> {
    let mut allowed = Vec::new();
    for choice in choices {
        match (&choice["const"], &choice["enum"]) {
            (Value::String(name), _) => allowed.push(name.clone()),
            (_, Value::Array(_)) => allowed.extend(texts(&choice["enum"])),
            _ => return Err(Unreadable(format!("choice {choice}"))),
        }
    }
    Ok(Text {
        allowed: Some(allowed),
        pattern: None,
        description: text(schema, "description"),
        may_be_empty: true,
    })
}

fn kinds(schema: &Map<String, Value>) -> Vec<&str> {
    let kinds = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind.as_str()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    kinds.into_iter().filter(|kind| *kind != "null").collect()
}

fn list(schema: &Map<String, Value>) -> Result<List, Unreadable> {
    let size = |key: &str| {
        schema
            .get(key)
            .and_then(Value::as_u64)
            .and_then(|size| usize::try_from(size).ok())
    };
    Ok(List {
        items: Box::new(schema.get("items").map_or(Ok(Shape::Any), Shape::of)?),
        min: size("minItems"),
        max: size("maxItems"),
        unique: schema.get("uniqueItems") == Some(&Value::Bool(true)),
    })
}

fn mapping(schema: &Map<String, Value>) -> Result<Mapping, Unreadable> {
    let required = schema.get("required").map(texts).unwrap_or_default();
    let mut fields = Vec::new();
    if let Some(Value::Object(properties)) = schema.get("properties") {
        for (name, property) in properties {
            fields.push(Field {
                name: name.clone(),
                required: required.contains(name),
                description: property.as_object().and_then(|property| text(property, "description")),
                shape: Shape::of(property)?,
            });
        }
    }
    let others = match schema.get("additionalProperties") {
        Some(Value::Bool(false)) => None,
        Some(others) => Some(Box::new(Shape::of(others)?)),
        None => Some(Box::new(Shape::Any)),
    };
    let names = match schema.get("propertyNames") {
        Some(Value::Object(names)) => pattern(names)?,
        _ => None,
    };
    let others_may_be_empty = schema.get("additionalProperties").is_some_and(takes_null);
    Ok(Mapping {
        fields,
        others,
        others_may_be_empty,
        names,
    })
}

fn takes_null(schema: &Value) -> bool {
    let among = |key: &str| schema[key].as_array().into_iter().flatten();
    among("type").any(|kind| kind == "null") || among("anyOf").any(|choice| choice["type"] == "null")
}

fn pattern(schema: &Map<String, Value>) -> Result<Option<Regex>, Unreadable> {
    text(schema, "pattern")
        .map(|pattern| Regex::new(&pattern).map_err(|error| Unreadable(format!("pattern: {error}"))))
        .transpose()
}

fn text(schema: &Map<String, Value>, key: &str) -> Option<String> {
    schema.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
