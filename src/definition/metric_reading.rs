//! From a metric file's value to definitions, one for each time frame.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::body;
use super::check::check;
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::event_metric;
use super::metric_file::MetricFile;
use super::schema::shapes;
use super::yaml::Document;
use super::{DataCategory, EventSelection, KeyPath, MetricDefinition, TimeFrame, ValueType};

/// The class whose options are those of a declared class.
pub(super) const DATABASE_METRIC: &str = "DatabaseMetric";

/// What could be told of a definition that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Remains {
    /// With the suffixes of a list of time frames.
    pub key_paths: Vec<KeyPath>,
    /// `None` also where the file lists several.
    pub time_frame: Option<TimeFrame>,
    pub value_type: Option<ValueType>,
}

/// Reads the definitions of one file. A sound file's value is taken out of its document: a folder has thousands, and what
/// definitions keep of it need not be there twice.
///
/// # Errors
/// Every complaint about the file.
pub(super) fn read(document: &mut Document, path: &Path) -> Result<Vec<MetricDefinition>, Vec<Complaint>> {
    let file = parsed(&document.value)?;
    let places = places(&file)?;
    let value = match document.problems.is_empty() {
        true => std::mem::take(&mut document.value),
        false => document.value.clone(),
    };
    let Value::Object(attributes) = value else {
        return Ok(Vec::new());
    };
    Ok(expand(&file, places, attributes, path))
}

fn parsed(value: &Value) -> Result<MetricFile, Vec<Complaint>> {
    let shapes = shapes().map_err(|error| vec![Complaint::error(Code::BadValue, &[], error.to_string())])?;
    let mut complaints = check(&shapes.metric, value);
    complaints.extend(conditional(value));
    if !complaints.is_empty() {
        return Err(complaints);
    }
    MetricFile::deserialize(value).map_err(|error| vec![Complaint::error(Code::WrongType, &[], error.to_string())])
}

/// What can be told of a file that cannot be used, so that its keys are not silently absent.
pub(super) fn salvage(value: &Value) -> Remains {
    let frames = frames_of(&value["time_frame"]);
    let listed = value["time_frame"].is_array();
    let key_path = value["key_path"].as_str().unwrap_or_default();
    let suffixes: Vec<&str> = match (listed, frames.as_slice()) {
        (true, [_, ..]) => frames.iter().map(|frame| frame.suffix()).collect(),
        _ => vec![""],
    };
    Remains {
        key_paths: suffixes
            .iter()
            .filter_map(|suffix| KeyPath::new(&format!("{key_path}{suffix}")))
            .collect(),
        time_frame: frames.first().copied().filter(|_| frames.len() == 1),
        value_type: serde_json::from_value(value["value_type"].clone()).ok(),
    }
}

/// The same of a text that is not even YAML: a line that gives the key path is enough.
pub(super) fn salvage_text(text: &str) -> Remains {
    let key_path = text
        .lines()
        .find_map(|line| line.strip_prefix("key_path:"))
        .unwrap_or_default();
    let key_path = key_path
        .split(" #")
        .next()
        .unwrap_or_default()
        .trim()
        .trim_matches(['"', '\'']);
    let plain = key_path
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || "._-".contains(character));
    let key_paths = if plain {
        KeyPath::new(key_path).into_iter().collect()
    } else {
        Vec::new()
    };
    Remains {
        key_paths,
        ..Remains::default()
    }
}

pub(super) fn frames_of(value: &Value) -> Vec<TimeFrame> {
    let values = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    values
        .iter()
        .filter_map(|value| serde_json::from_value(value.clone()).ok())
        .collect()
}

/// Rules over several fields that every real file of both eras keeps (spec 1.2).
fn conditional(value: &Value) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if value["status"] == "removed" {
        return complaints;
    }
    if value["data_source"] == "internal_events" {
        complaints.extend(event_metric::internal_events(value));
    }
    complaints.extend(event_metric::selections(value));
    complaints.extend(disclosure(value));
    if let Some(class) = value["instrumentation_class"].as_str().map(short_name) {
        if class == DATABASE_METRIC {
            complaints.extend(database_metric(value));
        }
        complaints.extend(event_metric::options(&class, value));
    }
    complaints
}

/// What is kept back must be of a kind that the value can have.
fn disclosure(value: &Value) -> Vec<Complaint> {
    let rules = [
        ("minimum_count", ["string", "boolean"]),
        ("allowed_values", ["number", "boolean"]),
    ];
    let value_type = value["value_type"].as_str().unwrap_or_default();
    let misplaced = rules
        .into_iter()
        .filter(|(field, without)| !value[*field].is_null() && without.contains(&value_type));
    misplaced
        .map(|(field, _)| {
            let message = format!("`{field}` keeps nothing back of a {value_type}");
            Complaint::error(Code::BadValue, &[field.into()], message)
                .at(At::Key)
                .with_help("take it out, or correct `value_type`")
        })
        .collect()
}

fn database_metric(value: &Value) -> Vec<Complaint> {
    let at: [Segment; 1] = ["options".into()];
    match &value["options"] {
        options @ Value::Object(map) => match body::read(map) {
            Ok(body) => undeclared_placeholders(options, &body.placeholders()),
            Err(complaints) => complaints.into_iter().map(|complaint| complaint.under(&at)).collect(),
        },
        Value::Null => {
            let complaint = Complaint::error(Code::MissingField, &at, "`DatabaseMetric` needs `options`");
            vec![
                complaint
                    .at(At::Key)
                    .with_help("say what is counted: `operation` and `relation`, at the least"),
            ]
        }
        // The shape has complained.
        _ => Vec::new(),
    }
}

/// A definition has no parameters of its own: `:now` is all it can use.
fn undeclared_placeholders(options: &Value, names: &[String]) -> Vec<Complaint> {
    let unknown = names.iter().filter(|name| *name != "now");
    unknown
        .map(|name| {
            let message = format!("`:{name}` has no value: a `DatabaseMetric` has no parameters");
            let (option, at) = body::place_of_placeholder(options, name);
            Complaint::error(Code::UnknownParameter, &["options".into(), option], message)
                .at(at)
                .with_help("write the value itself, or declare a class with parameters in metrics/instrumentations")
        })
        .collect()
}

/// The key path of each time frame.
fn places(file: &MetricFile) -> Result<Vec<(KeyPath, TimeFrame)>, Vec<Complaint>> {
    let listed = file.time_frame.is_array();
    let place = |frame: TimeFrame| {
        let suffix = if listed { frame.suffix() } else { "" };
        Some((KeyPath::new(&format!("{}{suffix}", file.key_path))?, frame))
    };
    let places: Option<Vec<_>> = frames_of(&file.time_frame).into_iter().map(place).collect();
    places.ok_or_else(|| {
        let message = format!("`key_path` cannot be `{}`", file.key_path);
        vec![Complaint::error(Code::BadValue, &["key_path".into()], message)]
    })
}

fn expand(
    file: &MetricFile,
    mut places: Vec<(KeyPath, TimeFrame)>,
    attributes: Map<String, Value>,
    path: &Path,
) -> Vec<MetricDefinition> {
    let last = places.pop();
    let mut definitions: Vec<MetricDefinition> = places
        .into_iter()
        .map(|(key_path, frame)| definition(file, key_path, frame, attributes.clone(), path))
        .collect();
    definitions.extend(last.map(|(key_path, frame)| definition(file, key_path, frame, attributes, path)));
    definitions
}

fn definition(
    file: &MetricFile,
    key_path: KeyPath,
    time_frame: TimeFrame,
    attributes: Map<String, Value>,
    path: &Path,
) -> MetricDefinition {
    MetricDefinition {
        key_path,
        description: file.description.clone(),
        value_type: file.value_type,
        status: file.status,
        time_frame,
        data_source: file.data_source,
        data_category: file.data_category.unwrap_or(DataCategory::Optional),
        instrumentation_class: file.instrumentation_class.as_deref().map(short_name),
        options: file.options.clone().unwrap_or_default(),
        events: file
            .events
            .iter()
            .flatten()
            .filter_map(EventSelection::of_value)
            .collect(),
        // A fallback of `null` is a value that was declared.
        fallback: attributes.get("fallback").cloned(),
        file: path.to_owned(),
        attributes,
    }
}

/// Early definitions name a class with its namespaces: `Gitlab::Usage::Metrics::Instrumentations::CountBoardsMetric`.
fn short_name(class: &str) -> String {
    class.rsplit("::").next().unwrap_or(class).to_owned()
}
