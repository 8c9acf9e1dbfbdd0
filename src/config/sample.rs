//! The sample file and the JSON Schema, both made from the types' doc comments.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::types::Config;

/// How wide a comment of the sample grows.
const WIDTH: usize = 100;

/// The JSON Schema (draft 2020-12) of the configuration file, for editors that complete TOML.
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    Config::json_schema(&mut SchemaGenerator::new(settings))
}

/// A configuration file that says all there is to say: each key with its meaning and its default.
///
/// A line that begins with `# ` explains; one that begins with `#` alone is a key at its default or an example, to be
/// uncommented. As it stands it loads to the defaults.
pub fn sample() -> String {
    let schema = schema();
    let mut text = String::new();
    comment(&mut text, description(schema.as_value()));
    for (key, property) in properties(schema.as_value()).filter(|(_, property)| !is_table(property)) {
        text.push('\n');
        entry(&mut text, key, property);
    }
    for (key, property) in properties(schema.as_value()).filter(|(_, property)| is_table(property)) {
        text.push('\n');
        table(&mut text, key, property);
    }
    text
}

fn table(text: &mut String, key: &str, property: &Value) {
    comment(text, description(property));
    let (header, fields) = match named(property) {
        Some(section) => {
            let name = example(property).and_then(Value::as_str).unwrap_or("main");
            (format!("#[{key}.{name}]\n"), section)
        }
        None if is_optional(property) => (format!("#[{key}]\n"), property),
        None => (format!("[{key}]\n"), property),
    };
    text.push_str(&header);
    for (key, field) in properties(fields).filter(|(_, field)| !is_section(field)) {
        entry(text, key, field);
    }
    if let Some(Value::Object(entries)) = example(property) {
        for (key, value) in entries {
            text.push_str(&format!("#{key} = {value}\n"));
        }
    }
    for (inner, field) in properties(fields).filter(|(_, field)| is_section(field)) {
        text.push('\n');
        table(text, &format!("{key}.{inner}"), field);
    }
}

/// A table with keys of its own inside another.
fn is_section(property: &Value) -> bool {
    is_table(property) && property.get("properties").is_some()
}

fn entry(text: &mut String, key: &str, property: &Value) {
    comment(text, description(property));
    // JSON's strings, numbers, booleans and lists of them are TOML's too.
    if let Some(example) = example(property) {
        text.push_str(&format!("#{key} = {example}\n"));
    }
}

/// Writes `description` as comment lines; a paragraph's own line ends do not count.
fn comment(text: &mut String, description: &str) {
    for (index, paragraph) in description.split("\n\n").enumerate() {
        if index > 0 {
            text.push_str("#\n");
        }
        let mut line = String::from("#");
        for word in paragraph.split_whitespace() {
            if line.len() + 1 + word.len() > WIDTH {
                text.push_str(&line);
                text.push('\n');
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        text.push_str(&line);
        text.push('\n');
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::iter)
}

fn description(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

fn example(schema: &Value) -> Option<&Value> {
    schema.get("examples").and_then(|examples| examples.get(0))
}

fn is_table(property: &Value) -> bool {
    is_of_type(property, "object")
}

/// The section of a table that need not be there.
fn is_optional(property: &Value) -> bool {
    is_of_type(property, "null")
}

/// Whether `kind` is the property's type, or one of them.
fn is_of_type(property: &Value, kind: &str) -> bool {
    match property.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        _ => false,
    }
}

/// The section that each name of a table of tables has.
fn named(property: &Value) -> Option<&Value> {
    property
        .get("additionalProperties")
        .filter(|section| section.get("properties").is_some())
}
