//! Everything that a definitions folder says.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::class::DeclaredClass;
use super::complaint::{At, Segment};
use super::diagnostic::Diagnostic;
use super::index::Index;
use super::source::Source;
use super::yaml::{Document, Places};
use super::{AggregateDefinition, EventDefinition, KeyPath, KnownEvent, MetricDefinition, TimeFrame, ValueType};

/// The definitions of one folder, all of them usable.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// Keys at the payload's root first, then by key path.
    pub metrics: Vec<MetricDefinition>,
    /// Classes that the folder declares, by name.
    pub classes: BTreeMap<String, DeclaredClass>,
    /// Of `known_events/`, by file and place.
    pub known_events: Vec<KnownEvent>,
    /// Of `events/`, by file.
    pub events: Vec<EventDefinition>,
    /// Of `aggregated_metrics/`, by file and place.
    pub aggregates: Vec<AggregateDefinition>,
    /// SHA-256 over the names and bytes of all files, in hexadecimal: equal digests are equal definitions.
    pub digest: String,
    /// The texts of the files, by their names relative to the root, for diagnostics that are found later.
    pub sources: HashMap<PathBuf, Source>,
    /// Made at the first question about a name.
    pub(super) index: Index,
}

impl Catalog {
    pub fn metric(&self, key_path: &str) -> Option<&MetricDefinition> {
        self.metrics.iter().find(|metric| metric.key_path.as_str() == key_path)
    }

    pub fn class(&self, name: &str) -> Option<&DeclaredClass> {
        self.classes.get(name)
    }

    /// The event of that name in `known_events/`.
    pub fn known_event(&self, name: &str) -> Option<&KnownEvent> {
        self.known_events.get(self.index.of(self).known_event(name)?)
    }

    /// The event of that name in `events/`, unless it was removed.
    pub fn event(&self, name: &str) -> Option<&EventDefinition> {
        self.events.get(self.index.of(self).event(name)?)
    }

    /// Whether an event is known by any means: a file of events, or an available metric that counts it.
    pub fn names_event(&self, name: &str) -> bool {
        let index = self.index.of(self);
        index.known_event(name).is_some() || index.event(name).is_some() || index.is_counted(name)
    }

    /// The available metric that persists its set under `name` for a time frame; `none` is as `all`.
    pub fn persisted(&self, name: &str, frame: TimeFrame) -> Option<&MetricDefinition> {
        self.metrics.get(self.index.of(self).persisted(name, frame)?)
    }

    /// Where the value under `keys` stands in the definition file `file` (relative to the root); its closest parent where
    /// it is not there. `None` for a file that the catalog does not know.
    pub fn locate(&self, file: &Path, keys: &[&str]) -> Option<(Source, Range<usize>)> {
        let source = self.sources.get(file)?;
        let path: Vec<Segment> = keys.iter().map(|key| Segment::from(*key)).collect();
        let span = Places::of(source.clone()).locate(&path, &At::Value);
        Some((source.clone(), span))
    }

    /// Where the parts of a file stand: positions are wanted for the few definitions that something is wrong with.
    pub(super) fn places(&self, file: &Path) -> Option<Places> {
        Some(Places::of(self.sources.get(file)?.clone()))
    }

    /// The place of a declared class in its file, if that is a list.
    pub(super) fn entry_of(&self, class: &DeclaredClass) -> Option<Segment> {
        let document = self.document(&class.file)?;
        let list = document.value.as_array()?;
        let among = list.iter().position(|item| item["class"] == class.name);
        among.map(Segment::Index)
    }

    /// The file read once more, for what is found by its value.
    pub(super) fn document(&self, file: &Path) -> Option<Document> {
        Document::read(self.sources.get(file)?.clone()).ok()
    }

    pub(super) fn sort(&mut self) {
        self.index = Index::default();
        let depth = |metric: &MetricDefinition| metric.key_path.as_str().contains('.');
        self.metrics.sort_by(|left, right| {
            depth(left)
                .cmp(&depth(right))
                .then_with(|| left.key_path.cmp(&right.key_path))
        });
    }
}

/// What a folder gave: the usable definitions, and all that is wrong with the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    pub catalog: Catalog,
    /// By file, then by place.
    pub problems: Vec<Diagnostic>,
    /// Definitions that are not in the catalog because of a problem.
    pub invalid: Vec<InvalidDefinition>,
}

impl Loaded {
    /// Whether any problem kept a definition out.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(Diagnostic::is_error)
    }
}

/// A metric file that cannot be used, and what can still be told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidDefinition {
    /// Relative to the root.
    pub file: PathBuf,
    /// One for each time frame; empty where the file does not say, or where the payload has no place for it: a key path
    /// that other metrics stand under. Files that share a key path each name it.
    pub key_paths: Vec<KeyPath>,
    /// `None` where the file does not say, or lists several.
    pub time_frame: Option<TimeFrame>,
    pub value_type: Option<ValueType>,
}
