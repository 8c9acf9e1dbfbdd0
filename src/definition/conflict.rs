//! Key paths that cannot stand in one payload.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Catalog;
use super::code::Code;
use super::complaint::At;
use super::diagnostic::{Diagnostic, Severity};
use super::place::parents;
use super::{KeyPath, MetricDefinition};

/// What is wrong between definitions, and which of `catalog.metrics` have to go.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    pub problems: Vec<Diagnostic>,
    /// Share their key path: none of them can be believed.
    pub duplicated: BTreeSet<usize>,
    /// Stand where others need an object: the others stay, so that one file cannot take a whole section with it.
    pub in_the_way: BTreeSet<usize>,
}

/// Finds key paths that are defined twice, and metrics that are also the parent of one.
pub(super) fn find(catalog: &Catalog) -> Conflicts {
    let mut by_path: BTreeMap<&KeyPath, Vec<usize>> = BTreeMap::new();
    for (index, metric) in catalog.metrics.iter().enumerate() {
        by_path.entry(&metric.key_path).or_default().push(index);
    }
    let mut conflicts = Conflicts::default();
    for indexes in by_path.values() {
        conflicts.duplicates(catalog, indexes);
    }
    let by_text: BTreeMap<&str, usize> = by_path
        .iter()
        .map(|(path, indexes)| (path.as_str(), indexes[0]))
        .collect();
    for (path, index) in &by_text {
        for parent in parents(path) {
            if let Some(leaf) = by_text.get(parent) {
                conflicts.leaf_and_parent(catalog, *leaf, *index);
            }
        }
    }
    conflicts
}

impl Conflicts {
    fn duplicates(&mut self, catalog: &Catalog, indexes: &[usize]) {
        let [first, others @ ..] = indexes else { return };
        if others.is_empty() {
            return;
        }
        self.duplicated.extend(indexes);
        let first = &catalog.metrics[*first];
        for other in others {
            let other = &catalog.metrics[*other];
            let message = format!("`{}` is defined here and in {}", other.key_path, shown(catalog, first));
            self.problems.extend(
                diagnostic(catalog, other, Severity::Error, Code::DuplicateKeyPath, message).map(|found| {
                    let first = diagnostic(
                        catalog,
                        first,
                        Severity::Error,
                        Code::DuplicateKeyPath,
                        "it is first defined here",
                    );
                    pair(
                        found.with_help("give one of them another key path, or remove it"),
                        first,
                    )
                }),
            );
        }
    }

    /// A removed metric is not in the payload: then the two only look alike, and a warning is enough.
    fn leaf_and_parent(&mut self, catalog: &Catalog, leaf: usize, child: usize) {
        let (leaf_metric, child_metric) = (&catalog.metrics[leaf], &catalog.metrics[child]);
        let severity = match leaf_metric.is_removed() || child_metric.is_removed() {
            true => Severity::Warning,
            false => Severity::Error,
        };
        if severity == Severity::Error {
            self.in_the_way.insert(leaf);
        }
        let message = format!(
            "`{}` is a metric, and the parent of `{}` in {}",
            leaf_metric.key_path,
            child_metric.key_path,
            shown(catalog, child_metric)
        );
        self.problems.extend(
            diagnostic(catalog, leaf_metric, severity, Code::KeyPathConflict, message).map(|found| {
                let child = diagnostic(
                    catalog,
                    child_metric,
                    severity,
                    Code::KeyPathConflict,
                    "it stands under it",
                );
                pair(
                    found.with_help("a key of the payload is a value or an object: move one of them"),
                    child,
                )
            }),
        );
    }
}

fn pair(diagnostic: Diagnostic, other: Option<Diagnostic>) -> Diagnostic {
    match other {
        Some(other) => diagnostic.with_also(other),
        None => diagnostic,
    }
}

fn diagnostic(
    catalog: &Catalog,
    metric: &MetricDefinition,
    severity: Severity,
    code: Code,
    message: impl Into<String>,
) -> Option<Diagnostic> {
    let source = catalog.sources.get(&metric.file)?;
    let span = catalog.places(&metric.file)?.locate(&["key_path".into()], &At::Value);
    Some(Diagnostic::new(severity, code, source, span, message))
}

fn shown(catalog: &Catalog, metric: &MetricDefinition) -> String {
    let path = catalog
        .sources
        .get(&metric.file)
        .map_or(&metric.file, |source| &source.file);
    path.display().to_string()
}
