//! A declared class as readers look it up.

use super::metric::slashed;
use super::uses::Uses;
use crate::definition::{Catalog, DeclaredClass, Parameter, ParameterType};

/// One class of `metrics/instrumentations/`.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassEntry {
    pub name: String,
    pub description: Option<String>,
    /// The options that it takes, each with what is said of it.
    pub parameters: Vec<(String, String)>,
    pub file: String,
    /// Key paths of the metrics that it measures.
    pub used_by: Vec<String>,
}

/// All declared classes, by name; of a part of the metrics those that measure it.
pub(super) fn entries(catalog: &Catalog, uses: &Uses<'_>, whole: bool) -> Vec<ClassEntry> {
    let entries = catalog.classes.values().map(|class| of(class, uses));
    entries.filter(|entry| whole || !entry.used_by.is_empty()).collect()
}

fn of(class: &DeclaredClass, uses: &Uses<'_>) -> ClassEntry {
    ClassEntry {
        name: class.name.clone(),
        description: class.description.as_ref().map(|text| text.trim().to_owned()),
        parameters: class
            .parameters
            .iter()
            .map(|(name, parameter)| (name.clone(), described(parameter)))
            .collect(),
        file: slashed(&class.file),
        used_by: uses.of_class(&class.name),
    }
}

fn described(parameter: &Parameter) -> String {
    let kind = match parameter.kind {
        ParameterType::String => "text",
        ParameterType::Number => "number",
        ParameterType::Integer => "whole number",
        ParameterType::Boolean => "true or false",
        ParameterType::Array => "list",
    };
    let mut text = kind.to_owned();
    if parameter.required {
        text += ", required";
    }
    if let Some(default) = &parameter.default {
        text += &format!(", {default} if it is not given");
    }
    if let Some(allowed) = &parameter.allowed {
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        text += &format!(", one of {}", allowed.join(", "));
    }
    text
}
