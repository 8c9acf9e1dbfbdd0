//! JSON Schemas of the definition files, generated from the structs that read them.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::aggregate_file::AggregateFields;
use super::class_file::{ClassHead, DatabaseOptions};
use super::event_file::EventFile;
use super::event_options::{
    AGGREGATED_METRIC, AggregatedOptions, REDIS_HLL_METRIC, REDIS_METRIC, RedisHllOptions, RedisOptions,
};
use super::known_event_file::KnownEventFields;
use super::metric_file::MetricFile;
use super::metric_reading::DATABASE_METRIC;
use super::shape::{Shape, Unreadable};
use super::test_file::TestFile;

/// File name under `metrics/schema/` and pretty JSON of each schema, draft 7, as editors with `yaml-language-server` read
/// them.
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        ("metric.json", pretty(&metric_schema())),
        ("instrumentation_class.json", pretty(&class_schema())),
        ("known_events.json", pretty(&list_of(&schema_of::<KnownEventFields>()))),
        ("aggregated_metrics.json", pretty(&list_of(&aggregate_schema()))),
        ("event.json", pretty(&schema_of::<EventFile>())),
        ("test.json", pretty(&test_schema())),
    ]
}

/// The shapes that files are checked against, read from the schemas once.
pub(super) struct Shapes {
    pub metric: Shape,
    pub class: Shape,
    pub database_options: Shape,
    pub known_event: Shape,
    pub aggregate: Shape,
    pub event: Shape,
    pub redis_options: Shape,
    pub redis_hll_options: Shape,
    pub aggregated_options: Shape,
    pub test: Shape,
}

/// `Err` only for a schema that the house itself got wrong, which a test finds.
pub(super) fn shapes() -> Result<&'static Shapes, &'static Unreadable> {
    static SHAPES: LazyLock<Result<Shapes, Unreadable>> = LazyLock::new(|| {
        Ok(Shapes {
            metric: Shape::of(&metric_schema())?,
            class: Shape::of(&one_class_schema())?,
            database_options: Shape::of(&schema_of::<DatabaseOptions>())?,
            known_event: Shape::of(&schema_of::<KnownEventFields>())?,
            aggregate: Shape::of(&aggregate_schema())?,
            event: Shape::of(&schema_of::<EventFile>())?,
            redis_options: Shape::of(&schema_of::<RedisOptions>())?,
            redis_hll_options: Shape::of(&schema_of::<RedisHllOptions>())?,
            aggregated_options: Shape::of(&schema_of::<AggregatedOptions>())?,
            test: Shape::of(&schema_of::<TestFile>())?,
        })
    });
    SHAPES.as_ref()
}

/// The options of the classes that have a closed set of them are checked where the class is named.
fn metric_schema() -> Value {
    let mut schema = schema_of::<MetricFile>();
    let classes = [
        (DATABASE_METRIC, schema_of::<DatabaseOptions>(), true),
        (REDIS_METRIC, schema_of::<RedisOptions>(), true),
        (REDIS_HLL_METRIC, schema_of::<RedisHllOptions>(), false),
        (AGGREGATED_METRIC, schema_of::<AggregatedOptions>(), true),
    ];
    let rules = classes.map(|(class, options, required)| options_of(class, options, required));
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("allOf".to_owned(), Value::from(rules.to_vec()));
    }
    schema
}

fn options_of(class: &str, mut options: Value, required: bool) -> Value {
    if let Some(options) = options.as_object_mut() {
        options.remove("$schema");
    }
    let required: &[&str] = if required { &["options"] } else { &[] };
    json!({
        "if": {
            "required": ["instrumentation_class", "status"],
            "properties": {
                "instrumentation_class": { "type": "string", "pattern": format!("(^|::){class}$") },
                "status": { "not": { "const": "removed" } },
            },
        },
        "then": { "required": required, "properties": { "options": options } },
    })
}

/// `redis_hll` is what later files call `redis`: read, not advertised.
fn aggregate_schema() -> Value {
    schema_of::<AggregateFields>()
}

/// The value that is wanted may be null, but it must be said; and a file is about a metric or about a class.
fn test_schema() -> Value {
    let mut schema = schema_of::<TestFile>();
    if let Some(required) = schema["properties"]["tests"]["items"]["required"].as_array_mut() {
        required.push(json!("value"));
    }
    if let Some(schema) = schema.as_object_mut() {
        let about = |field: &str| json!({ "required": [field] });
        schema.insert("oneOf".to_owned(), json!([about("metric"), about("class")]));
    }
    schema
}

/// A file that lists entries.
fn list_of(entry: &Value) -> Value {
    let mut entry = entry.clone();
    let mut schema = Map::new();
    if let Some(entry) = entry.as_object_mut() {
        for key in ["$schema", "title"] {
            schema.extend(entry.remove(key).map(|value| (key.to_owned(), value)));
        }
    }
    // A file that holds nothing but comments is an empty list.
    schema.insert("type".to_owned(), json!(["array", "null"]));
    schema.insert("items".to_owned(), entry);
    Value::Object(schema)
}

/// A class file holds one class or a list of them.
fn class_schema() -> Value {
    let Value::Object(mut class) = one_class_schema() else {
        return Value::Bool(true);
    };
    let (dialect, title) = (class.remove("$schema"), class.remove("title"));
    let mut schema = Map::new();
    schema.extend(dialect.map(|dialect| ("$schema".to_owned(), dialect)));
    schema.extend(title.map(|title| ("title".to_owned(), title)));
    let list = json!({ "type": "array", "minItems": 1, "items": class });
    schema.insert("anyOf".to_owned(), Value::Array(vec![Value::Object(class), list]));
    Value::Object(schema)
}

/// The keys of a class and those of its body stand side by side.
fn one_class_schema() -> Value {
    let (mut class, body) = (schema_of::<ClassHead>(), schema_of::<DatabaseOptions>());
    if let (Some(properties), Some(more)) = (class["properties"].as_object_mut(), body["properties"].as_object()) {
        properties.extend(more.clone());
    }
    if let (Some(required), Some(more)) = (class["required"].as_array_mut(), body["required"].as_array()) {
        required.extend(more.clone());
    }
    class
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    join_lines(&mut schema);
    schema.to_value()
}

/// Doc comments are wrapped at the width of the source; a description is one paragraph.
fn join_lines(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description
            .replace("\n\n", "\0")
            .replace('\n', " ")
            .replace('\0', "\n\n");
    }
    schemars::transform::transform_subschemas(&mut join_lines, schema);
}

/// What the schema is stands before what it says.
fn pretty(schema: &Value) -> String {
    let mut ordered = Map::new();
    for key in ["$schema", "title", "description"] {
        ordered.extend(schema.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    for (key, value) in schema.as_object().into_iter().flatten() {
        ordered.entry(key.clone()).or_insert_with(|| value.clone());
    }
    // Printing a `Value` cannot fail.
    format!("{:#}\n", Value::Object(ordered))
}
