//! What is wrong with known events by themselves, and with the events that metrics name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::diagnostic::{Diagnostic, Severity};
use super::event_key::bad_key;
use super::lint::diagnosed;
use super::place::Places;
use super::suggestion::{did_you_mean, is_one_letter_off};
use super::{Catalog, EventDefinition, EventSelection, MetricDefinition, derived};

/// Findings over known events, and over the places of what is derived.
pub(super) fn findings(catalog: &Catalog) -> Vec<Diagnostic> {
    let mut complaints: BTreeMap<&Path, Vec<(&str, Complaint)>> = BTreeMap::new();
    for event in &catalog.known_events {
        if let Some(bad) = bad_key(event) {
            let complaint = Complaint::error(Code::BadEventKey, &[bad.field.into()], bad.message);
            let of_file = complaints.entry(&event.file).or_default();
            of_file.push((&event.name, complaint.with_help(bad.help)));
        }
    }
    let of_events = complaints
        .into_iter()
        .flat_map(|(file, complaints)| in_list(catalog, file, complaints));
    of_events.chain(without_place(catalog)).collect()
}

/// Complaints about entries of a list file, each with the entry's name.
pub(super) fn in_list(catalog: &Catalog, file: &Path, complaints: Vec<(&str, Complaint)>) -> Vec<Diagnostic> {
    let Some(document) = catalog.document(file) else {
        return Vec::new();
    };
    let entries = document.value.as_array().into_iter().flatten().enumerate();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, entry) in entries {
        if let Some(name) = entry["name"].as_str() {
            places.entry(name).or_insert(index);
        }
    }
    let placed = complaints.into_iter().map(|(name, complaint)| {
        let entry = places.get(name).map(|index| Segment::Index(*index));
        complaint.under(entry.as_slice())
    });
    placed.map(|complaint| document.diagnose(complaint)).collect()
}

/// Derived metrics that defined ones leave no place for, whichever flags and categories an instance has.
fn without_place(catalog: &Catalog) -> Vec<Diagnostic> {
    let places = Places::of(catalog);
    let mut found = Vec::new();
    let mut said = BTreeSet::new();
    for metric in derived::at_most(catalog) {
        let Some(other) = places.in_the_way(metric.key_path.as_str()) else {
            continue;
        };
        if said.insert((metric.file.clone(), other)) {
            let message = format!(
                "`{}` has no place in the payload beside the metric `{other}`",
                metric.key_path
            );
            let complaint = Complaint::error(Code::KeyPathConflict, &[], message);
            let help = "a key of the payload is a value or an object: rename one of them, or the category";
            found.extend(diagnosed(catalog, &metric.file, vec![complaint.with_help(help)]));
        }
    }
    found
}

/// Complaints about the events that a metric names.
pub(super) fn of_metric(catalog: &Catalog, metric: &MetricDefinition) -> Vec<Complaint> {
    let listed = metric.events.len();
    let names = metric.event_names().enumerate();
    let unknown = names
        .filter(|(_, name)| !catalog.names_event(name) || is_misspelt(catalog, name))
        .map(|(index, name)| {
            let path: Vec<Segment> = match index.checked_sub(listed) {
                None => vec!["events".into(), Segment::Index(index), "name".into()],
                Some(index) => vec!["options".into(), "events".into(), Segment::Index(index)],
            };
            match catalog.names_event(name) {
                false => unknown_event(catalog, name, &path),
                // The metric itself names it, so that it can be tracked: nothing fails.
                true => Complaint {
                    severity: Severity::Warning,
                    ..unknown_event(catalog, name, &path)
                },
            }
        });
    let selections = metric.events.iter().enumerate();
    let odd = selections.filter_map(|(index, selection)| {
        let event = catalog.event(&selection.name)?;
        let complaint = not_tracked_with(event, selection)?;
        Some(complaint.under(&["events".into(), Segment::Index(index)]))
    });
    unknown.chain(odd).collect()
}

/// Whether an event that no file declares, and that is known for a metric names it, is one letter away from one that is
/// declared.
fn is_misspelt(catalog: &Catalog, name: &str) -> bool {
    let names = catalog.index.of(catalog);
    let is_declared = names.known_event(name).is_some() || names.event(name).is_some();
    !is_declared && names.declared().any(|known| is_one_letter_off(name, known))
}

/// An event that nothing declares, named at `path`.
pub(super) fn unknown_event(catalog: &Catalog, name: &str, path: &[Segment]) -> Complaint {
    let removed = catalog.events.iter().any(|event| event.removed && event.action == name);
    let message = match removed {
        true => format!("the event `{name}` was removed"),
        false => format!("there is no event `{name}`"),
    };
    let help = did_you_mean(name, catalog.index.of(catalog).declared())
        .unwrap_or_else(|| "declare it in known_events/ or events/, or name another".to_owned());
    Complaint::error(Code::UnknownEvent, path, message).with_help(help)
}

/// What a metric asks of an event that is never tracked with it. A warning: the metric is 0, and nothing fails.
fn not_tracked_with(event: &EventDefinition, selection: &EventSelection) -> Option<Complaint> {
    if !event.internal_events {
        return None;
    }
    let has = |name: &str| {
        event.additional_properties.contains_key(name) || event.identifiers.iter().any(|identifier| identifier == name)
    };
    if let Some(identifier) = selection.identifier().filter(|identifier| !has(identifier)) {
        let message = format!("`{}` is not tracked with `{identifier}`", event.action);
        return Some(complaint_about(event, &["unique".into()], message));
    }
    let property = selection.filter.keys().find(|property| !has(property))?;
    let message = format!("`{}` is not tracked with the property `{property}`", event.action);
    let path = ["filter".into(), property.as_str().into()];
    Some(complaint_about(event, &path, message).at(At::Key))
}

fn complaint_about(event: &EventDefinition, path: &[Segment], message: String) -> Complaint {
    let help = format!("declare it in {}, or count by something else", event.file.display());
    Complaint::warning(Code::BadValue, path, message).with_help(help)
}
