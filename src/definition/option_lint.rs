//! The options that definitions give to declared classes.

use serde_json::Value;

use super::MetricDefinition;
use super::body::PERSIST_AS;
use super::class::DeclaredClass;
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::suggestion::did_you_mean;
use crate::relation::Operation;

/// Complaints about the options that a definition gives a declared class.
pub(super) fn options(class: &DeclaredClass, metric: &MetricDefinition) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (name, value) in metric.options.iter().filter(|(_, value)| !value.is_null()) {
        let at: [Segment; 2] = ["options".into(), name.as_str().into()];
        match class.parameters.get(name) {
            Some(parameter) => complaints.extend(parameter.complaint(name, value, &at)),
            None if name == PERSIST_AS => complaints.extend(persist_as(class, value, &at)),
            None => {
                let message = format!("`{}` takes no option `{name}`", class.name);
                let help = did_you_mean(name, class.parameters.keys().map(String::as_str));
                let complaint = Complaint::error(Code::UnknownParameter, &at, message);
                complaints.push(complaint.at(At::Key).maybe_help(help.or_else(|| Some(taken_by(class)))));
            }
        }
    }
    let given = |name: &str| metric.options.get(name).is_some_and(|value| !value.is_null());
    for (name, parameter) in class.parameters.iter().filter(|(_, parameter)| parameter.required) {
        if !given(name) {
            let message = format!("`{}` needs the option `{name}`", class.name);
            let help = format!("add it under `options`; it takes {}", parameter.kind.described());
            let written = metric.attributes.get("options").is_some_and(Value::is_object);
            let at = if written { "options" } else { "instrumentation_class" };
            complaints.push(
                Complaint::error(Code::MissingParameter, &[at.into()], message)
                    .at(At::Key)
                    .with_help(help),
            );
        }
    }
    complaints
}

fn taken_by(class: &DeclaredClass) -> String {
    match class.parameters.is_empty() {
        true => "it takes none".to_owned(),
        false => {
            let names: Vec<&str> = class.parameters.keys().map(String::as_str).collect();
            format!("it takes {}", names.join(", "))
        }
    }
}

/// Every estimate takes a name for its set.
fn persist_as(class: &DeclaredClass, value: &Value, at: &[Segment]) -> Option<Complaint> {
    if class.body.operation != Operation::EstimateBatchDistinctCount {
        let message = format!("`{}` does not estimate: it has no set to persist", class.name);
        let complaint = Complaint::error(Code::UnknownParameter, at, message).at(At::Key);
        return Some(complaint.with_help("take `persist_as` out, or name a class of `estimate_batch_distinct_count`"));
    }
    let name = value.as_str().unwrap_or_default();
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "_.:-".contains(letter);
    (name.is_empty() || !name.chars().all(letters)).then(|| {
        Complaint::error(Code::BadValue, at, "`persist_as` is not a name")
            .with_help("it is a text of letters, digits, dots, colons, underscores and hyphens")
    })
}
