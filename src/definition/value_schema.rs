//! Values that are known without a server, against the JSON schemas that definitions name for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::code::Code;
use super::complaint::{Complaint, Segment};
use super::diagnostic::Diagnostic;
use super::lint::diagnosed;
use super::measured_lint::given;
use super::{Catalog, MetricDefinition};

/// The field that names a schema: a path from the definitions' root.
const FIELD: &str = "value_json_schema";

/// What is wrong with the schemas under `root` that metrics name, and with the values that have to fit them: what a
/// definition gives itself, and what it falls back to.
pub fn value_schemas(root: &Path, catalog: &Catalog) -> Vec<Diagnostic> {
    let mut schemas = Schemas {
        root,
        read: BTreeMap::new(),
    };
    let mut found = Vec::new();
    let mut last_file = None;
    for metric in catalog.metrics.iter().filter(|metric| !metric.is_removed()) {
        // Metrics of one file, which differ by their time frame alone, need not stand together: they mostly do.
        if last_file.replace(&metric.file) != Some(&metric.file) {
            found.extend(diagnosed(catalog, &metric.file, schemas.complaints(metric)));
        }
    }
    found.sort_by_key(Diagnostic::sort_key);
    found.dedup();
    found
}

/// Schemas by the path that definitions name, each read once.
struct Schemas<'a> {
    root: &'a Path,
    read: BTreeMap<String, Result<Validator, Unusable>>,
}

/// Why there is no schema to check by.
#[derive(Debug, Clone)]
struct Unusable {
    message: String,
    help: &'static str,
}

impl Schemas<'_> {
    fn complaints(&mut self, metric: &MetricDefinition) -> Vec<Complaint> {
        let Some(name) = metric.attributes.get(FIELD).and_then(Value::as_str) else {
            return Vec::new();
        };
        let root = self.root;
        let schema = self.read.entry(name.to_owned()).or_insert_with(|| usable(root, name));
        match schema {
            Ok(schema) => known_values(metric)
                .into_iter()
                .flat_map(|(path, value)| misfits(schema, name, &path, value))
                .collect(),
            Err(unusable) => {
                // A warning: GitLab's own trees name schemas that are absent, or that no validator takes.
                let complaint = Complaint::warning(Code::ValueSchema, &[FIELD.into()], unusable.message.clone());
                vec![complaint.with_help(unusable.help)]
            }
        }
    }
}

fn usable(root: &Path, name: &str) -> Result<Validator, Unusable> {
    let below = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(below) {
        return Err(Unusable {
            message: format!("`{name}` is not below the definitions' root"),
            help: "name the file by its path from the root, such as `metrics/objects_schemas/x.json`",
        });
    }
    let text = fs::read_to_string(root.join(name)).map_err(|error| Unusable {
        message: format!("the schema `{name}` cannot be read: {error}"),
        help: "write the file, or correct its path, which starts at the folder that holds `metrics/`",
    })?;
    let schema: Value = serde_json::from_str(&text).map_err(|error| Unusable {
        message: format!("the schema `{name}` is not JSON: {error}"),
        help: "correct the file: it holds one JSON Schema",
    })?;
    let options = jsonschema::options().offline();
    let options = match schema.get("$schema") {
        Some(_) => options,
        // GitLab's say none, and mean the draft that our own are written in.
        None => options.with_draft(Draft::Draft7),
    };
    options.build(&schema).map_err(|error| Unusable {
        message: format!(
            "`{name}` is not a JSON Schema at `{}`: {}",
            error.instance_path(),
            error.masked()
        ),
        help: "correct the file; references to other files are not followed",
    })
}

/// What the definition says of the value, and where it says it.
fn known_values(metric: &MetricDefinition) -> Vec<(Vec<Segment>, &Value)> {
    let given = given(metric).map(|value| (vec!["options".into(), "value".into()], value));
    let fallback = metric.fallback.as_ref().map(|value| (vec!["fallback".into()], value));
    let of_class = metric.options.get("fallback");
    let of_class = of_class.map(|value| (vec!["options".into(), "fallback".into()], value));
    given.into_iter().chain(fallback).chain(of_class).collect()
}

fn misfits(schema: &Validator, name: &str, path: &[Segment], value: &Value) -> Vec<Complaint> {
    schema
        .iter_errors(value)
        .map(|error| {
            let pointer = error.instance_path().as_str();
            let at = [path, &segments(value, pointer)].concat();
            let pointer = if pointer.is_empty() { "/" } else { pointer };
            let message = format!("the value does not fit `{name}` at `{pointer}`: {}", error.masked());
            Complaint::error(Code::ValueSchema, &at, message)
                .with_help("correct the value, or the schema if the value is right")
        })
        .collect()
}

/// The way to the part of a value that a JSON pointer names.
fn segments(value: &Value, pointer: &str) -> Vec<Segment> {
    let mut here = Some(value);
    let mut path = Vec::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let index = part.parse().ok().filter(|_| here.is_some_and(Value::is_array));
        here = match index {
            Some(index) => here.and_then(|value: &Value| value.get::<usize>(index)),
            None => here.and_then(|value| value.get(&part)),
        };
        path.push(index.map_or(Segment::Key(part), Segment::Index));
    }
    path
}
