//! Schemas from a folder in iglu's layout, `vendor/name/jsonschema/1-0-0`, and rules of our own for the few that every event
//! here needs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::billing::SchemaVersion;
use super::schema::{CUSTOM_EVENT, SchemaName};
use super::usage_rules::{check_custom, check_usage};

/// Why data does not follow its schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("{0:?} is no name of a schema, such as iglu:com.gitlab/custom_event/jsonschema/1-0-0")]
    Name(String),
    #[error("nobody here knows {0}: put its file into the folder of schemas")]
    Unknown(String),
    #[error("the file of {name} is no schema: {reason}")]
    Unreadable { name: String, reason: String },
    #[error("it does not follow {name}: {reason}")]
    Invalid { name: String, reason: String },
}

/// The schemas that are known.
#[derive(Debug, Default)]
pub struct Schemas {
    folder: Option<PathBuf>,
    compiled: Mutex<HashMap<String, Compiled>>,
}

/// What a look for a schema's file found, which is kept.
type Compiled = Result<Option<Arc<Validator>>, SchemaError>;

impl Schemas {
    /// The rules of our own alone.
    pub fn built_in() -> Schemas {
        Schemas::default()
    }

    /// The files of a folder, and the rules of our own for what is not there.
    pub fn of(folder: &Path) -> Schemas {
        Schemas {
            folder: Some(folder.to_owned()),
            ..Schemas::default()
        }
    }

    /// Holds data against the schema of this name.
    ///
    /// # Errors
    /// It does not follow the schema, or nobody knows it.
    pub fn check(&self, name: &str, data: &Value) -> Result<(), SchemaError> {
        if self.check_by_file(name, data)? {
            return Ok(());
        }
        let Some(checked) = check_by_rule(name, data) else {
            return Err(SchemaError::Unknown(name.to_owned()));
        };
        checked.map_err(|reason| SchemaError::Invalid {
            name: name.to_owned(),
            reason,
        })
    }

    /// Holds data against the schema's file; whether there is one.
    ///
    /// # Errors
    /// It does not follow the schema, or the file is none.
    pub fn check_by_file(&self, name: &str, data: &Value) -> Result<bool, SchemaError> {
        let Some(validator) = self.file(name)? else {
            return Ok(false);
        };
        match validator.validate(data) {
            Ok(()) => Ok(true),
            Err(error) => Err(SchemaError::Invalid {
                name: name.to_owned(),
                reason: format!("{} at {:?}", error.masked(), error.instance_path().to_string()),
            }),
        }
    }

    fn file(&self, name: &str) -> Compiled {
        let parsed = SchemaName::parse(name).ok_or_else(|| SchemaError::Name(name.to_owned()))?;
        let Some(folder) = &self.folder else { return Ok(None) };
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = compiled.get(name) {
            return known.clone();
        }
        let path = folder
            .join(parsed.vendor)
            .join(parsed.name)
            .join(parsed.format)
            .join(parsed.version);
        let found = compile(name, &path);
        compiled.insert(name.to_owned(), found.clone());
        found
    }
}

fn compile(name: &str, path: &Path) -> Compiled {
    let unreadable = |reason: String| SchemaError::Unreadable {
        name: name.to_owned(),
        reason,
    };
    if !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let mut schema: Value = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    // Iglu's own dialect is draft 4 with a name in it, which no validator knows by its address.
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        object.remove("self");
    }
    let validator = jsonschema::options().with_draft(Draft::Draft4).build(&schema);
    let validator = validator.map_err(|error| unreadable(error.to_string()))?;
    Ok(Some(Arc::new(validator)))
}

/// Rules of our own for a schema; `None` where there are none.
fn check_by_rule(name: &str, data: &Value) -> Option<Result<(), String>> {
    if name == CUSTOM_EVENT {
        return Some(check_custom(data));
    }
    let version = SchemaVersion::ALL
        .into_iter()
        .find(|version| version.schema() == name)?;
    Some(check_usage(data, version))
}
