//! From a folder to a catalog, with every problem of every file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::catalog::{InvalidDefinition, Loaded};
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::conflict;
use super::diagnostic::{Diagnostic, Severity};
use super::folder::{Folder, LoadError};
use super::load_events::Names;
use super::metric_reading::{Remains, salvage, salvage_text};
use super::place::Places;
use super::read_file::{ReadFile, read_all};
use super::source::Source;
use super::yaml::Document;
use super::{DeclaredClass, KeyPath, MetricDefinition, class_reading, derived, event_reading, metric_reading};

/// Reads the definitions under `root`, which holds `metrics/` or, as GitLab's tree does, `config/metrics/`,
/// and may hold events and aggregates.
///
/// A problem of a file is in the result, and keeps out only that file.
///
/// # Errors
/// Where there is no such folder, or it cannot be listed.
pub fn load(root: &Path) -> Result<Loaded, LoadError> {
    Ok(load_folder(Folder::list(root)?))
}

/// As [`load`], with files that are not written yet: names relative to the root, and bytes.
///
/// # Errors
/// As [`load`].
pub fn load_with(root: &Path, more: Vec<(PathBuf, Vec<u8>)>) -> Result<Loaded, LoadError> {
    let mut folder = Folder::list(root)?;
    folder.add(Folder::of_files("", more));
    Ok(load_folder(folder))
}

/// As [`load`], of files that were read already: names relative to the root, and bytes. Problems show them with
/// `shown` before their names.
pub fn load_files(shown: &str, files: Vec<(PathBuf, Vec<u8>)>) -> Loaded {
    load_folder(Folder::of_files(shown, files))
}

fn load_folder(folder: Folder) -> Loaded {
    let mut loader = Loader::default();
    for file in read_all(folder.classes, |document, name| {
        class_reading::read(&document.value, name)
    }) {
        loader.class_file(file);
    }
    for file in read_all(folder.metrics, metric_reading::read) {
        loader.metric_file(file);
    }
    for file in read_all(folder.known_events, |_, _| ()) {
        loader.known_event_file(file);
    }
    for file in read_all(folder.events, |document, name| {
        event_reading::read(&document.value, name)
    }) {
        loader.event_file(file);
    }
    for file in read_all(folder.aggregates, |_, _| ()) {
        loader.aggregate_file(file);
    }
    loader.finish()
}

/// The classes of one file with their places in it, and what is wrong with the others.
type ClassesOfFile = (Vec<(DeclaredClass, Vec<Segment>)>, Vec<Complaint>);

#[derive(Default)]
pub(super) struct Loader {
    pub loaded: Loaded,
    digest: Sha256,
    /// Where each known event and each aggregate was first named, to tell of a second one.
    pub names: Names,
    /// What would have been made of entries that cannot be used.
    pub broken_entries: Vec<InvalidDefinition>,
}

impl Loader {
    fn class_file(&mut self, file: ReadFile<ClassesOfFile>) {
        let Ok((document, (classes, complaints))) = self.document(file) else {
            return;
        };
        self.loaded.problems.extend(document.problems.iter().cloned());
        for complaint in complaints {
            self.loaded.problems.push(document.diagnose(complaint));
        }
        for (class, path) in classes {
            let span = document.locate(&[path.as_slice(), &["class".into()]].concat(), &At::Value);
            match self.loaded.catalog.classes.get(&class.name) {
                Some(first) => {
                    let message = format!(
                        "the class `{}` is declared here and in {}",
                        class.name,
                        first.file.display()
                    );
                    let found = Diagnostic::new(Severity::Error, Code::DuplicateClass, &document.source, span, message);
                    self.loaded
                        .problems
                        .push(found.with_help("give one of them another name, or remove it"));
                }
                None => {
                    self.loaded.catalog.classes.insert(class.name.clone(), class);
                }
            }
        }
    }

    fn metric_file(&mut self, file: ReadFile<Result<Vec<MetricDefinition>, Vec<Complaint>>>) {
        let name = file.name.clone();
        let (document, definitions) = match self.document(file) {
            Ok(read) => read,
            Err(remains) => return self.left_out(name, remains),
        };
        let duplicate_keys = !document.problems.is_empty();
        self.loaded.problems.extend(document.problems.iter().cloned());
        match definitions {
            Ok(definitions) if !duplicate_keys => self.loaded.catalog.metrics.extend(definitions),
            Ok(_) => self.left_out(name, salvage(&document.value)),
            Err(complaints) => {
                let found = complaints.into_iter().map(|complaint| document.diagnose(complaint));
                self.loaded.problems.extend(found);
                self.left_out(name, salvage(&document.value));
            }
        }
    }

    /// The file as a document, with what was made of it; otherwise its problem is noted, and what can be told of it comes
    /// back.
    pub fn document<T>(&mut self, file: ReadFile<T>) -> Result<(Document, T), Remains> {
        self.take_in(&file.name, file.odd.as_deref(), file.source.as_ref());
        file.read.map_err(|unread| {
            self.loaded.problems.push(*unread.problem);
            unread.text.as_deref().map(salvage_text).unwrap_or_default()
        })
    }

    /// The file's bytes join the digest, and its text the catalog.
    pub fn take_in(&mut self, name: &Path, odd: Option<&[u8]>, source: Option<&Source>) {
        if let Some(bytes) = odd.or_else(|| source.map(|source| source.text.as_bytes())) {
            self.add_to_digest(name, bytes);
        }
        if let Some(source) = source {
            self.loaded.catalog.sources.insert(name.to_owned(), source.clone());
        }
    }

    /// Lengths go in as well, so that no two sets of files run together into the same bytes.
    fn add_to_digest(&mut self, name: &Path, bytes: &[u8]) {
        let name = name.to_string_lossy().replace('\\', "/");
        for part in [name.as_bytes(), bytes] {
            self.digest.update((part.len() as u64).to_be_bytes());
            self.digest.update(part);
        }
    }

    pub fn left_out(&mut self, file: PathBuf, remains: Remains) {
        self.loaded.invalid.push(InvalidDefinition {
            file,
            key_paths: remains.key_paths,
            time_frame: remains.time_frame,
            value_type: remains.value_type,
        });
    }

    fn finish(mut self) -> Loaded {
        self.resolve_conflicts();
        self.keep_free_places();
        self.loaded.catalog.sort();
        self.loaded.catalog.digest = self
            .digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.loaded.problems.sort_by_key(Diagnostic::sort_key);
        self.loaded.invalid.sort_by(|left, right| left.file.cmp(&right.file));
        self.loaded
    }

    /// Entries that were left out keep their places in the payload, unless a metric has them or is in the way.
    fn keep_free_places(&mut self) {
        if self.broken_entries.is_empty() {
            return;
        }
        let places = Places::of(&self.loaded.catalog);
        let derived = derived::at_most(&self.loaded.catalog);
        let derived: BTreeSet<&KeyPath> = derived.iter().map(|metric| &metric.key_path).collect();
        let is_free = |path: &KeyPath| {
            let taken = places.is_taken(path.as_str()) || derived.contains(path);
            !taken && places.in_the_way(path.as_str()).is_none()
        };
        for mut entry in std::mem::take(&mut self.broken_entries) {
            entry.key_paths.retain(is_free);
            self.loaded.invalid.push(entry);
        }
    }

    fn resolve_conflicts(&mut self) {
        let conflicts = conflict::find(&self.loaded.catalog);
        self.loaded.problems.extend(conflicts.problems);
        let metrics = std::mem::take(&mut self.loaded.catalog.metrics);
        for (index, metric) in metrics.into_iter().enumerate() {
            if conflicts.in_the_way.contains(&index) {
                self.left_out(metric.file.clone(), remains(&metric, Vec::new()));
            } else if conflicts.duplicated.contains(&index) {
                let key_path = metric.key_path.clone();
                self.left_out(metric.file.clone(), remains(&metric, vec![key_path]));
            } else {
                self.loaded.catalog.metrics.push(metric);
            }
        }
    }
}

fn remains(metric: &MetricDefinition, key_paths: Vec<KeyPath>) -> Remains {
    Remains {
        key_paths,
        time_frame: Some(metric.time_frame),
        value_type: Some(metric.value_type),
    }
}
