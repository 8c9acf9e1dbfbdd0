//! Definitions against those of before: what a metric measures never changes (spec 15).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::body;
use super::code::Code;
use super::complaint::{Complaint, Segment};
use super::diagnostic::{Diagnostic, Severity};
use super::lint::diagnosed;
use super::{Catalog, DatabaseBody, DeclaredClass, KeyPath, MetricDefinition};

const ADD_A_NEW_ONE: &str = "what is stored under its key would no longer be one series: add a new metric instead";

/// What became of the definitions since the baseline.
#[derive(Debug, Default)]
pub struct Comparison {
    /// By file, then by place.
    pub problems: Vec<Diagnostic>,
    pub added: usize,
    pub changed: usize,
    /// Those that the status says are removed since then.
    pub removed: usize,
    /// Those that are gone.
    pub gone: usize,
}

/// Definitions of one point in time.
pub struct Side<'a> {
    pub catalog: &'a Catalog,
    /// What a metric measures, in a spelling that does not depend on how it was written; `None` where that cannot be told.
    pub meaning: &'a dyn Fn(&MetricDefinition) -> Option<String>,
    /// Key paths whose files have errors, so that nothing more can be said of them.
    pub unreadable: BTreeSet<&'a KeyPath>,
}

/// Compares the definitions with those of the baseline.
pub fn compare(now: &Side<'_>, before: &Side<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let mut classes_said = BTreeSet::new();
    let matches = Matches::of(now, before);
    for old in written(before.catalog) {
        match matches.now(old) {
            Some(new) => comparison.pair(now, before, (new, old), &mut classes_said),
            None if old.is_removed() || now.unreadable.contains(&old.key_path) => {}
            None => comparison.gone(before, old),
        }
    }
    let known: BTreeSet<&KeyPath> = matches.by_old.values().map(|metric| &metric.key_path).collect();
    comparison.added = written(now.catalog)
        .filter(|metric| !known.contains(&metric.key_path) && !before.unreadable.contains(&metric.key_path))
        .count();
    comparison.problems.sort_by_key(Diagnostic::sort_key);
    comparison.problems.dedup();
    comparison
}

/// Metrics that a file of their own defines.
fn written(catalog: &Catalog) -> impl Iterator<Item = &MetricDefinition> {
    catalog.metrics.iter().filter(|metric| !metric.attributes.is_empty())
}

/// Which definition of now is which of before.
struct Matches<'a> {
    by_old: BTreeMap<&'a KeyPath, &'a MetricDefinition>,
}

impl<'a> Matches<'a> {
    /// By key path; what then is left over by its file and time frame, and at last by what it measures.
    fn of(now: &Side<'a>, before: &Side<'a>) -> Matches<'a> {
        let (news, olds) = (written(now.catalog), written(before.catalog));
        let mut left: BTreeMap<&KeyPath, &MetricDefinition> = news.map(|metric| (&metric.key_path, metric)).collect();
        let mut by_old = BTreeMap::new();
        let mut lost = Vec::new();
        for old in olds {
            match left.remove(&old.key_path) {
                Some(new) => {
                    by_old.insert(&old.key_path, new);
                }
                None if !old.is_removed() && !now.unreadable.contains(&old.key_path) => lost.push(old),
                None => {}
            }
        }
        let mut elsewhere = Vec::new();
        for old in lost {
            let same_file = |new: &&MetricDefinition| new.file == old.file && new.time_frame == old.time_frame;
            match left.values().copied().find(same_file) {
                Some(new) => {
                    left.remove(&new.key_path);
                    by_old.insert(&old.key_path, new);
                }
                None => elsewhere.push(old),
            }
        }
        by_old.extend(by_meaning(now, before, elsewhere, left.into_values()));
        Matches { by_old }
    }

    fn now(&self, old: &MetricDefinition) -> Option<&'a MetricDefinition> {
        self.by_old.get(&old.key_path).copied()
    }
}

/// Definitions that are gone, each with a new one that measures the same.
fn by_meaning<'a>(
    now: &Side<'a>,
    before: &Side<'a>,
    gone: Vec<&'a MetricDefinition>,
    new: impl Iterator<Item = &'a MetricDefinition>,
) -> Vec<(&'a KeyPath, &'a MetricDefinition)> {
    if gone.is_empty() {
        return Vec::new();
    }
    let mut by_meaning: BTreeMap<String, Vec<&MetricDefinition>> = BTreeMap::new();
    for metric in new.filter(|metric| !metric.is_removed()) {
        if let Some(meaning) = (now.meaning)(metric) {
            by_meaning.entry(meaning).or_default().push(metric);
        }
    }
    let moved = gone.into_iter().filter_map(|old| {
        let candidates = by_meaning.get_mut(&(before.meaning)(old)?)?;
        let at = candidates.iter().position(|new| new.time_frame == old.time_frame)?;
        Some((&old.key_path, candidates.remove(at)))
    });
    moved.collect()
}

impl Comparison {
    fn pair(
        &mut self,
        now: &Side<'_>,
        before: &Side<'_>,
        (new, old): (&MetricDefinition, &MetricDefinition),
        classes_said: &mut BTreeSet<(String, String)>,
    ) {
        if new.is_removed() {
            self.removed += usize::from(!old.is_removed());
            return;
        }
        let mut complaints = fields(new, old);
        let meanings = ((now.meaning)(new), (before.meaning)(old));
        let window = complaints
            .iter()
            .any(|complaint| complaint.field() == Some("time_frame"));
        // Another window is another measure by itself; it was said.
        let logic = (!window)
            .then(|| logic(now.catalog, before.catalog, new, old, &meanings))
            .flatten();
        self.changed += usize::from(!complaints.is_empty() || logic.is_some());
        match logic {
            Some(Changed::Definition(complaint)) => complaints.push(complaint),
            // Said once for all metrics that use the class.
            Some(Changed::Class(class, complaint))
                if classes_said.insert((class.name.clone(), format!("{:?}", complaint.path))) =>
            {
                self.problems.extend(in_class(now.catalog, class, complaint));
            }
            Some(Changed::Class(..)) | None => {}
        }
        self.problems.extend(diagnosed(now.catalog, &new.file, complaints));
    }

    fn gone(&mut self, before: &Side<'_>, old: &MetricDefinition) {
        self.gone += 1;
        let message = format!("the definition of `{}` is gone", old.key_path);
        let help =
            "keep the file, with `status: removed` and a `milestone_removed`: what instances sent stays readable";
        let Some(source) = before.catalog.sources.get(&old.file) else {
            return;
        };
        let span = before.catalog.locate(&old.file, &["key_path"]).map(|(_, span)| span);
        let found = Diagnostic::new(
            Severity::Error,
            Code::RemovedDefinition,
            source,
            span.unwrap_or_default(),
            message,
        );
        self.problems.push(found.with_help(help));
    }
}

/// Fields that say by themselves what a series is.
fn fields(new: &MetricDefinition, old: &MetricDefinition) -> Vec<Complaint> {
    let pairs = [
        ("key_path", new.key_path.as_str(), old.key_path.as_str()),
        ("time_frame", new.time_frame.as_str(), old.time_frame.as_str()),
        ("value_type", new.value_type.as_str(), old.value_type.as_str()),
        ("data_source", new.data_source.as_str(), old.data_source.as_str()),
    ];
    let changed = pairs.into_iter().filter(|(_, new, old)| new != old);
    changed
        .map(|(field, new, old)| {
            let message = format!("the `{field}` was `{old}` and is `{new}`");
            Complaint::error(Code::ChangedMeaning, &[field.into()], message).with_help(ADD_A_NEW_ONE)
        })
        .collect()
}

/// Where the change of what is measured stands.
enum Changed<'a> {
    Definition(Complaint),
    Class(&'a DeclaredClass, Complaint),
}

fn logic<'a>(
    now: &'a Catalog,
    before: &Catalog,
    new: &MetricDefinition,
    old: &MetricDefinition,
    meanings: &(Option<String>, Option<String>),
) -> Option<Changed<'a>> {
    let is_same = match meanings {
        (Some(new), Some(old)) => new == old,
        _ => is_written_alike(new, old),
    };
    if is_same {
        return None;
    }
    let class = |metric: &MetricDefinition| metric.instrumentation_class.clone();
    if class(new) != class(old) {
        let said = |class: Option<String>| class.unwrap_or_else(|| "none".to_owned());
        let message = format!(
            "`{}` measures something else than `{}`, which was named before",
            said(class(new)),
            said(class(old))
        );
        return Some(definition(&["instrumentation_class".into()], message));
    }
    if let Some(option) = changed_option(&new.options, &old.options) {
        let path = ["options".into(), option.into()];
        return Some(definition(
            &path,
            format!("the option `{option}` changes what is measured"),
        ));
    }
    if new.events != old.events {
        let index = new
            .events
            .iter()
            .zip(&old.events)
            .take_while(|(new, old)| new == old)
            .count();
        let path = ["events".into(), Segment::Index(index)];
        return Some(definition(&path, "the events change what is measured".to_owned()));
    }
    let name = class(new)?;
    if let (Some(class), Some(old)) = (now.class(&name), before.class(&name))
        && let Some(field) = changed_field(&class.body, &old.body, class.parameters != old.parameters)
    {
        let message = format!(
            "`{name}` measures something else by this `{field}`: `{}` uses it",
            new.key_path
        );
        return Some(Changed::Class(class, complaint(&[field.into()], message)));
    }
    let message = "what it is made of measures something else than before".to_owned();
    Some(definition(&["key_path".into()], message))
}

fn definition<'a>(path: &[Segment], message: String) -> Changed<'a> {
    Changed::Definition(complaint(path, message))
}

fn complaint(path: &[Segment], message: String) -> Complaint {
    Complaint::error(Code::ChangedMeaning, path, message).with_help(ADD_A_NEW_ONE)
}

/// The comparison where nothing tells what is measured, as for classes that only the product has.
fn is_written_alike(new: &MetricDefinition, old: &MetricDefinition) -> bool {
    new.instrumentation_class == old.instrumentation_class && new.options == old.options && new.events == old.events
}

/// The option that makes the difference: of a relation, only where it holds other rows.
fn changed_option<'a>(new: &'a Map<String, Value>, old: &'a Map<String, Value>) -> Option<&'a str> {
    if let (Ok(new_body), Ok(old_body)) = (body::read(new), body::read(old)) {
        return changed_field(&new_body, &old_body, false);
    }
    let is_changed = |name: &&String| new.get(*name) != old.get(*name);
    new.keys().chain(old.keys()).find(is_changed).map(String::as_str)
}

/// The first field by which two bodies measure different things.
fn changed_field(new: &DatabaseBody, old: &DatabaseBody, parameters: bool) -> Option<&'static str> {
    let rows = |body: &DatabaseBody| body.relation.normal_text().ok();
    let same_rows = new.relation == old.relation || rows(new).is_some() && rows(new) == rows(old);
    let pairs = [
        ("operation", new.operation != old.operation),
        ("relation", !same_rows),
        ("column", new.column != old.column),
        ("parameters", parameters),
        ("estimate", new.estimate != old.estimate),
        ("timestamp_column", new.timestamp_column != old.timestamp_column),
        ("primary_key", new.primary_key != old.primary_key),
        ("start", new.start != old.start),
        ("finish", new.finish != old.finish),
        ("database", new.database != old.database),
    ];
    pairs
        .into_iter()
        .find(|(_, is_changed)| *is_changed)
        .map(|(field, _)| field)
}

fn in_class(catalog: &Catalog, class: &DeclaredClass, complaint: Complaint) -> Vec<Diagnostic> {
    let entry = catalog.entry_of(class);
    diagnosed(catalog, &class.file, vec![complaint.under(entry.as_slice())])
}
