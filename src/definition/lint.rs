//! What is wrong between definitions and classes, and what is not wrong but deserves a look.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use super::class::DeclaredClass;
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::diagnostic::Diagnostic;
use super::owner_lint::Owners;
use super::suggestion::did_you_mean;
use super::{
    Catalog, DataSource, MetricDefinition, Status, ValueType, aggregate_lint, event_lint, measured_lint, naming_lint,
    option_lint, persisted,
};

/// Findings over a whole catalog; `built_in` tells whether a class comes with the program.
///
/// Options that a declared class does not take, or lacks, are errors; all else is a warning, because real definitions of
/// both of GitLab's eras do it.
pub fn findings(catalog: &Catalog, built_in: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for class in catalog.classes.values() {
        found.extend(of_class(catalog, class, built_in));
    }
    let classes = Classes::of(catalog, built_in);
    // What was made of lists is judged where they are.
    let mut seen = list_files(catalog);
    let owners = Owners::of(catalog, &seen);
    for metric in &catalog.metrics {
        // A list of time frames makes several metrics of one file: what is wrong with it is said once.
        if !seen.insert(&metric.file) {
            continue;
        }
        let mut complaints = incomplete(metric);
        if !metric.is_removed() {
            complaints.extend(classes.complaints(metric));
            complaints.extend(naming_lint::window(metric));
            complaints.extend(owners.complaint(metric));
            complaints.extend(measured_lint::of_metric(catalog, metric));
            complaints.extend(event_lint::of_metric(catalog, metric));
            complaints.extend(aggregate_lint::of_metric(catalog, metric));
        }
        found.extend(diagnosed(catalog, &metric.file, complaints));
    }
    found.extend(persisted::findings(catalog));
    found.extend(event_lint::findings(catalog));
    found.extend(aggregate_lint::findings(catalog));
    found.sort_by_cached_key(Diagnostic::sort_key);
    found
}

fn list_files(catalog: &Catalog) -> HashSet<&Path> {
    let events = catalog.known_events.iter().map(|event| event.file.as_path());
    events
        .chain(catalog.aggregates.iter().map(|aggregate| aggregate.file.as_path()))
        .collect()
}

pub(super) fn diagnosed(catalog: &Catalog, file: &Path, complaints: Vec<Complaint>) -> Vec<Diagnostic> {
    if complaints.is_empty() {
        return Vec::new();
    }
    let Some(places) = catalog.places(file) else {
        return Vec::new();
    };
    complaints
        .into_iter()
        .map(|complaint| places.diagnose(complaint))
        .collect()
}

/// Complaints about a declared class, put in their place in its file.
fn of_class(catalog: &Catalog, class: &DeclaredClass, built_in: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
    let shadowed = built_in(&class.name).then(|| shadowed(class));
    let complaints: Vec<Complaint> = shadowed.into_iter().chain(measured_lint::of_class(class)).collect();
    if complaints.is_empty() {
        return Vec::new();
    }
    let entry = catalog.entry_of(class);
    let complaints = complaints.into_iter();
    let placed = complaints.map(|complaint| complaint.under(entry.as_slice()));
    diagnosed(catalog, &class.file, placed.collect())
}

fn shadowed(class: &DeclaredClass) -> Complaint {
    let message = format!("`{}` is the name of a built-in class", class.name);
    let complaint = Complaint::error(Code::ShadowedClass, &["class".into()], message);
    complaint.with_help("give the declared class another name")
}

/// The classes that a definition may name.
struct Classes<'a> {
    catalog: &'a Catalog,
    built_in: &'a dyn Fn(&str) -> bool,
    /// Declared ones, and built-in ones that other definitions name: what a misspelt name may have meant.
    known: BTreeSet<&'a str>,
}

impl<'a> Classes<'a> {
    fn of(catalog: &'a Catalog, built_in: &'a dyn Fn(&str) -> bool) -> Classes<'a> {
        let declared = catalog.classes.keys().map(String::as_str);
        let named = catalog
            .metrics
            .iter()
            .filter_map(|metric| metric.instrumentation_class.as_deref());
        let known = declared.chain(named.filter(|name| built_in(name))).collect();
        Classes {
            catalog,
            built_in,
            known,
        }
    }

    fn complaints(&self, metric: &MetricDefinition) -> Vec<Complaint> {
        let at: [Segment; 1] = ["instrumentation_class".into()];
        let Some(name) = metric.instrumentation_class.as_deref() else {
            return unnamed(metric).into_iter().collect();
        };
        if metric.class_is_implied() {
            let message = "the data source `internal_events` chooses the class by itself";
            let complaint = Complaint::warning(Code::NeedlessInstrumentationClass, &at, message);
            return vec![complaint.at(At::Key).with_help("take `instrumentation_class` out")];
        }
        match self.catalog.class(name) {
            Some(class) => option_lint::options(class, metric),
            None if (self.built_in)(name) => Vec::new(),
            None => {
                let message = format!("there is no class `{name}`: the metric will be -1");
                let help = did_you_mean(name, self.known.iter().copied())
                    .unwrap_or_else(|| "declare it in metrics/instrumentations, or name a built-in one".to_owned());
                vec![Complaint::warning(Code::UnknownInstrumentationClass, &at, message).with_help(help)]
            }
        }
    }
}

fn unnamed(metric: &MetricDefinition) -> Option<Complaint> {
    let measured_by_class = matches!(metric.data_source, DataSource::Database | DataSource::System);
    (measured_by_class && metric.status == Status::Active).then(|| {
        let message = "an active metric that names no class: nothing measures it";
        Complaint::warning(
            Code::MissingInstrumentationClass,
            &["instrumentation_class".into()],
            message,
        )
        .at(At::Key)
        .with_help("name its `instrumentation_class`; `DatabaseMetric` takes what is counted under `options`")
    })
}

/// Fields that GitLab's newer checks want together, and its older files lack.
fn incomplete(metric: &MetricDefinition) -> Vec<Complaint> {
    let said = |field: &str| metric.attributes.get(field).is_some_and(|value| !value.is_null());
    let removed = metric.is_removed();
    let rules = [
        (
            !removed && metric.description.trim().is_empty(),
            "description",
            "a metric without a description",
            "say in a sentence what it measures",
        ),
        (
            metric.status == Status::Broken && !said("repair_issue_url"),
            "status",
            "a broken metric without a `repair_issue_url`",
            "name the issue about mending it",
        ),
        (
            !removed && metric.value_type == ValueType::Object && !said("value_json_schema"),
            "value_type",
            "an object without a `value_json_schema`",
            "name the JSON schema of the value, so that readers know its keys",
        ),
        (
            removed && !said("milestone_removed"),
            "status",
            "a removed metric without a `milestone_removed`",
            "name the release that it went with: `milestone_removed: \"13.10\"`",
        ),
        (
            metric.is_available() && said("milestone_removed"),
            "milestone_removed",
            "a `milestone_removed`, and a status that is not `removed`",
            "write `status: removed`, or take `milestone_removed` out",
        ),
    ];
    let broken = rules.into_iter().filter(|(is_broken, ..)| *is_broken);
    broken
        .map(|(_, field, message, help)| Complaint::warning(Code::Incomplete, &[field.into()], message).with_help(help))
        .collect()
}
