//! The file's values with their positions, and the environment's laid over them.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::{Environment, PREFIX};

/// Where a key or value comes from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    File(Range<usize>),
    Variable(String),
    /// No one wrote it.
    Default,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub origin: Origin,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    String(String),
    /// What a variable holds: text whose type is the key's.
    Untyped(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// A number that does not fit, or a date: kept as written.
    Other {
        kind: &'static str,
        text: String,
    },
    Array(Vec<Node>),
    Table(Table),
}

impl Value {
    /// How an error names this value's type.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::String(_) | Value::Untyped(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Boolean(_) => "a boolean",
            Value::Other { kind, .. } => kind,
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// A table's entries; the origin beside each is its key's.
pub(super) type Table = BTreeMap<String, (Origin, Node)>;

/// The tree of a parsed file.
pub(super) fn from_toml(table: DeTable<'_>) -> Table {
    table
        .into_iter()
        .map(|(key, value)| {
            let origin = Origin::File(key.span());
            (key.into_inner().into_owned(), (origin, node(value)))
        })
        .collect()
}

fn node(value: Spanned<DeValue<'_>>) -> Node {
    Node {
        origin: Origin::File(value.span()),
        value: self::value(value.into_inner()),
    }
}

fn value(value: DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Boolean(boolean) => Value::Boolean(boolean),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other {
                kind: "an integer beyond 64 bits",
                text: integer.to_string(),
            },
        },
        DeValue::Float(float) => match float.as_str().parse() {
            Ok(number) => Value::Float(number),
            Err(_) => Value::Other {
                kind: "a float",
                text: float.to_string(),
            },
        },
        DeValue::Datetime(time) => Value::Other {
            kind: "a date or time",
            text: time.to_string(),
        },
        DeValue::Array(items) => Value::Array(items.into_iter().map(node).collect()),
        DeValue::Table(table) => Value::Table(from_toml(table)),
    }
}

/// The strings of a variable that holds a list: a TOML list of strings, or else what stands between commas. A glob such
/// as `[ab]` is no TOML.
pub(super) fn listed(text: &str) -> Vec<String> {
    toml_strings(text).unwrap_or_else(|| {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    })
}

fn toml_strings(text: &str) -> Option<Vec<String>> {
    let DeValue::Array(items) = DeValue::parse(text.trim()).ok()?.into_inner() else {
        return None;
    };
    let texts = items.into_iter().map(|item| match item.into_inner() {
        DeValue::String(text) => Some(text.into_owned()),
        _ => None,
    });
    texts.collect()
}

/// Lays every `SERVICE_PING__SECTION__KEY` over the tree. A variable wins over the file, and it also takes the place of
/// the file's other spelling of the same key: `URL` that of `url_file`, and the other way round.
pub(super) fn overlay(table: &mut Table, environment: &Environment) {
    for (name, text) in environment.overrides() {
        let parts: Vec<&str> = name[PREFIX.len()..].split("__").collect();
        set(table, &parts, name, text);
    }
}

fn set(table: &mut Table, parts: &[&str], name: &str, text: &str) {
    let Some((first, rest)) = parts.split_first() else {
        return;
    };
    let key = existing_key(table, first);
    let origin = Origin::Variable(name.to_owned());
    if rest.is_empty() {
        remove_other_spelling(table, &key);
        let value = Value::Untyped(text.to_owned());
        let node = Node {
            origin: origin.clone(),
            value,
        };
        table.insert(key, (origin, node));
        return;
    }
    let (_, inner) = table
        .entry(key)
        .or_insert_with(|| (origin.clone(), empty_table(&origin)));
    if !matches!(inner.value, Value::Table(_)) {
        *inner = empty_table(&origin);
    }
    if let Value::Table(inner) = &mut inner.value {
        set(inner, rest, name, text);
    }
}

fn empty_table(origin: &Origin) -> Node {
    Node {
        origin: origin.clone(),
        value: Value::Table(Table::new()),
    }
}

/// The table's own spelling of a variable's upper-case part, or that part in lower case.
fn existing_key(table: &Table, part: &str) -> String {
    let found = table.keys().find(|key| key.eq_ignore_ascii_case(part));
    found.cloned().unwrap_or_else(|| part.to_ascii_lowercase())
}

fn remove_other_spelling(table: &mut Table, key: &str) {
    let other = match key.strip_suffix("_file") {
        Some(plain) => plain.to_owned(),
        None => format!("{key}_file"),
    };
    if matches!(table.get(&other), Some((Origin::File(_), _))) {
        table.remove(&other);
    }
}
