//! From a folder to a catalog, with every problem of every file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::catalog::{InvalidDefinition, Loaded};
use super::code::Code;
use super::complaint::At;
use super::conflict;
use super::diagnostic::{Diagnostic, Severity};
use super::folder::{DefinitionFile, Folder, LoadError};
use super::load_events::Names;
use super::metric_reading::{Remains, salvage, salvage_text};
use super::place::Places;
use super::source::Source;
use super::yaml::Document;
use super::{KeyPath, MetricDefinition, class_reading, derived, metric_reading};

/// The largest file that is read as a definition; GitLab's largest has 10 KiB.
const MAX_BYTES: usize = 256 * 1024;

/// Reads the definitions under `root`, which holds `metrics/` or, as GitLab's tree does, `config/metrics/`,
/// and may hold events and aggregates.
///
/// A problem of a file is in the result, and keeps out only that file.
///
/// # Errors
/// Where there is no such folder, or it cannot be listed.
pub fn load(root: &Path) -> Result<Loaded, LoadError> {
    let folder = Folder::read(root)?;
    let mut loader = Loader::default();
    for file in folder.classes {
        loader.class_file(file);
    }
    for file in folder.metrics {
        loader.metric_file(file);
    }
    for file in folder.known_events {
        loader.known_event_file(file);
    }
    for file in folder.events {
        loader.event_file(file);
    }
    for file in folder.aggregates {
        loader.aggregate_file(file);
    }
    Ok(loader.finish())
}

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
    fn class_file(&mut self, file: DefinitionFile) {
        let name = file.name.clone();
        let Ok(document) = self.document(file) else { return };
        self.loaded.problems.extend(document.problems.iter().cloned());
        let (classes, complaints) = class_reading::read(&document.value, &name);
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

    fn metric_file(&mut self, file: DefinitionFile) {
        let name = file.name.clone();
        let document = match self.document(file) {
            Ok(document) => document,
            Err(remains) => return self.left_out(name, remains),
        };
        let duplicate_keys = !document.problems.is_empty();
        self.loaded.problems.extend(document.problems.iter().cloned());
        match metric_reading::read(&document.value, &name) {
            Ok(definitions) if !duplicate_keys => self.loaded.catalog.metrics.extend(definitions),
            Ok(_) => self.left_out(name, salvage(&document.value)),
            Err(complaints) => {
                let found = complaints.into_iter().map(|complaint| document.diagnose(complaint));
                self.loaded.problems.extend(found);
                self.left_out(name, salvage(&document.value));
            }
        }
    }

    /// The file as a document; otherwise its problem is noted, and what can be told of it comes back.
    pub fn document(&mut self, file: DefinitionFile) -> Result<Document, Remains> {
        let source = self.source(file)?;
        Document::read(source.clone()).map_err(|problem| {
            self.loaded.problems.push(*problem);
            salvage_text(&source.text)
        })
    }

    /// The file's text, which joins the catalog; otherwise as [`Loader::document`].
    pub fn source(&mut self, file: DefinitionFile) -> Result<Source, Remains> {
        let bytes = match file.bytes {
            Ok(bytes) => bytes,
            Err(error) => {
                let source = Source::new(file.path, "");
                let message = format!("cannot be read: {error}");
                let found = Diagnostic::new(Severity::Error, Code::UnreadableFile, &source, 0..0, message);
                self.loaded
                    .problems
                    .push(found.with_help("check that the file may be read"));
                return Err(Remains::default());
            }
        };
        self.add_to_digest(&file.name, &bytes);
        if bytes.len() > MAX_BYTES {
            let source = Source::new(file.path, "");
            let message = format!("larger than {} KiB", MAX_BYTES / 1024);
            let found = Diagnostic::new(Severity::Error, Code::UnreadableFile, &source, 0..0, message);
            self.loaded
                .problems
                .push(found.with_help("a definition is a few lines: check what the file is"));
            return Err(Remains::default());
        }
        let text = String::from_utf8_lossy(&bytes);
        let source = Source::new(file.path, &text);
        if let Err(error) = std::str::from_utf8(&bytes) {
            // The text may have lost a byte order mark.
            let mark = error.valid_up_to().saturating_sub(text.len() - source.text.len());
            let found = Diagnostic::new(
                Severity::Error,
                Code::NotUtf8,
                &source,
                mark..mark + 1,
                "not UTF-8 from here on",
            );
            self.loaded.problems.push(found.with_help("save the file as UTF-8"));
            return Err(salvage_text(&text));
        }
        self.loaded.catalog.sources.insert(file.name, source.clone());
        Ok(source)
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
