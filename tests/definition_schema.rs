//! The committed JSON Schemas are the generated ones, and agree with what the reader takes and refuses.
//!
//! `SERVICE_PING_UPDATE=1` rewrites the committed files.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;
use service_ping::definition::{Code, Diagnostic, load, schemas};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn validator(name: &str) -> Validator {
    let (_, text) = schemas()
        .into_iter()
        .find(|(file, _)| *file == name)
        .expect("a schema of that name");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    jsonschema::draft7::meta::validate(&schema).expect("a draft 7 schema");
    jsonschema::draft7::new(&schema).expect("a usable schema")
}

/// Read as YAML alone, and nothing of ours.
fn yaml(file: &Path) -> Option<Value> {
    let text = fs::read_to_string(file).ok()?;
    let mut value: serde_yaml::Value = serde_yaml::from_str(&text).ok()?;
    value.apply_merge().ok()?;
    serde_json::to_value(value).ok()
}

/// What a file holds, by the folder that it lies in, and the schema that says so.
const KINDS: [(&str, &[&str]); 6] = [
    ("metric.json", &["metrics"]),
    ("instrumentation_class.json", &["instrumentations"]),
    ("known_events.json", &["known_events"]),
    ("aggregated_metrics.json", &["aggregated_metrics", "aggregates"]),
    ("event.json", &["events"]),
    // By the end of the file's name, wherever it lies.
    ("test.json", &[]),
];

/// The YAML files under `folder` that the schema is for: the innermost folder of the known ones tells.
fn files(folder: &Path, schema: &str) -> Vec<PathBuf> {
    let other = ["schema", "objects_schemas", ".hidden", "metrics_elsewhere"];
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !other.iter().any(|name| entry.file_name() == *name))
        .map(|entry| entry.expect("an entry").into_path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yml" || extension == "yaml")
        })
        .filter(|path| kind(path) == Some(schema))
        .filter(|path| {
            !path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'))
        })
        .collect()
}

fn kind(path: &Path) -> Option<&'static str> {
    let folder = path.parent()?;
    // Only GitLab's own tree has them there.
    if folder.ends_with("metrics/aggregates") && !folder.ends_with("config/metrics/aggregates") {
        return None;
    }
    if path.to_str().is_some_and(|path| path.ends_with(".test.yml")) {
        return Some("test.json");
    }
    folder.ancestors().find_map(|folder| {
        let name = folder.file_name()?.to_str()?;
        let kind = KINDS.iter().find(|(_, folders)| folders.contains(&name))?;
        Some(kind.0)
    })
}

fn accepted(schema: &str, files: &[PathBuf]) {
    let validator = validator(schema);
    assert!(!files.is_empty());
    for file in files {
        let value = yaml(file).expect("YAML");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn the_committed_schemas_are_the_generated_ones() {
    let folder = root().join("metrics/schema");
    for (name, text) in schemas() {
        let file = folder.join(name);
        if std::env::var_os("SERVICE_PING_UPDATE").is_some() {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(&file, &text).expect("written");
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            committed == text,
            "{name} is out of date: run the tests with SERVICE_PING_UPDATE=1"
        );
    }
}

#[test]
fn every_property_is_described() {
    for (name, text) in schemas() {
        let schema: Value = serde_json::from_str(&text).expect("JSON");
        let of_one = schema.pointer("/anyOf/0").or(schema.get("items")).unwrap_or(&schema);
        let properties = of_one["properties"].as_object().expect("properties");
        assert!(properties.len() > 5);
        for (property, schema) in properties {
            let description = schema["description"].as_str().unwrap_or_default();
            assert!(
                !description.is_empty() && !description.contains('\n'),
                "{name}: {property}"
            );
        }
    }
}

#[test]
fn good_definitions_are_accepted() {
    let good = root().join("tests/definitions/good");
    for (schema, _) in KINDS {
        accepted(schema, &files(&good, schema));
    }
}

#[test]
fn shipped_definitions_are_accepted() {
    let folders = ["metrics", "known_events", "events", "aggregated_metrics"];
    for (schema, _) in KINDS {
        let files: Vec<PathBuf> = folders
            .iter()
            .flat_map(|folder| files(&root().join(folder), schema))
            .collect();
        accepted(schema, &files);
    }
}

#[test]
fn gitlab_s_definitions_are_accepted() {
    let data =
        std::env::var_os("SERVICE_PING_COMPAT_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let data = if data.is_dir() {
        data
    } else {
        root().join("../../shared/data")
    };
    for era in ["v18", "older"] {
        let folder = data.join("gitlab").join(era);
        if !folder.is_dir() {
            eprintln!("not run: the compatibility data is not here");
            return;
        }
        accepted("metric.json", &files(&folder, "metric.json"));
        let (lists, events) = (["known_events.json", "aggregated_metrics.json"], ["event.json"]);
        let others: &[&str] = if era == "v18" { &events } else { &lists };
        for schema in others {
            accepted(schema, &files(&folder, schema));
        }
    }
}

/// What the reader finds wrong with the shape of one file, the schema refuses as well.
#[test]
fn bad_definitions_are_refused() {
    let validators = KINDS.map(|(schema, _)| (schema, validator(schema)));
    let mut refused = 0;
    for case in fs::read_dir(root().join("tests/definitions/bad")).expect("cases") {
        let case = case.expect("a case").path();
        let problems = load(&case).expect("a folder").problems;
        for (schema, validator) in &validators {
            for file in files(&case, schema) {
                let Some(value) = yaml(&file) else { continue };
                if problems
                    .iter()
                    .any(|problem| problem.source.file == file && is_of_shape(problem))
                {
                    assert!(!validator.is_valid(&value), "{} is accepted", file.display());
                    refused += 1;
                }
            }
        }
    }
    assert!(refused >= 12, "{refused}");
}

/// Rules over several fields are the reader's alone.
fn is_of_shape(problem: &Diagnostic) -> bool {
    match problem.code {
        Code::UnknownField | Code::WrongType => !problem.message.contains("the parameter"),
        Code::MissingField => problem.message.ends_with("it is required"),
        Code::BadValue => problem.message.contains("cannot be `") && !problem.message.contains("cannot be a"),
        _ => false,
    }
}
