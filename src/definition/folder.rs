//! Which files of a definitions folder hold what.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// Where GitLab's own tree keeps what stands in `metrics/` here.
const PLACES: [&str; 2] = ["metrics", "config/metrics"];

/// The folder of the metrics folder that holds declared classes.
const CLASSES: &str = "instrumentations";

/// Folders of the metrics folder that hold something else: classes, schemas, and aggregates as GitLab kept them until 2022.
const NOT_METRICS: [&str; 5] = [CLASSES, "schema", "objects_schemas", "object_schemas", "aggregates"];

/// Where known events stand, here and in GitLab's own tree.
const KNOWN_EVENTS: [&str; 2] = ["known_events", "lib/gitlab/usage_data_counters/known_events"];

/// Where aggregates stand, here and in GitLab's own tree: until early 2021, and from then on.
const AGGREGATES: [&str; 3] = [
    "aggregated_metrics",
    "lib/gitlab/usage_data_counters/aggregated_metrics",
    "config/metrics/aggregates",
];

/// Where events stand, here and in GitLab's own tree.
const EVENTS: [&str; 2] = ["events", "config/events"];

/// Folders of the events folder that hold something else.
const NOT_EVENTS: [&str; 1] = ["schema"];

/// A definitions folder that could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("there is no folder {}: `service-ping init` makes one, and `definitions` names another", .0.display())]
    NoSuchFolder(PathBuf),
    #[error("{} holds no `metrics` folder (nor `config/metrics`): `service-ping init` makes one", .0.display())]
    NoMetrics(PathBuf),
    #[error("cannot read the folder {}: check that it may be listed", .path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// A file of definitions.
#[derive(Debug)]
pub(super) struct DefinitionFile {
    /// Relative to the root.
    pub name: PathBuf,
    /// The root with the name: what a person can open.
    pub path: PathBuf,
    pub content: Content,
}

/// The bytes of a file, or where they are.
#[derive(Debug)]
pub(super) enum Content {
    OnDisk(PathBuf),
    Read(Vec<u8>),
}

impl Content {
    pub fn bytes(self) -> io::Result<Vec<u8>> {
        match self {
            Content::OnDisk(path) => fs::read(path),
            Content::Read(bytes) => Ok(bytes),
        }
    }
}

/// The files of a definitions folder, each list sorted by name.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub metrics: Vec<DefinitionFile>,
    pub classes: Vec<DefinitionFile>,
    pub known_events: Vec<DefinitionFile>,
    pub aggregates: Vec<DefinitionFile>,
    pub events: Vec<DefinitionFile>,
}

impl Folder {
    /// Lists every `.yml` and `.yaml` file; hidden files and folders, and all other files, are passed over.
    ///
    /// # Errors
    /// Where a folder cannot be listed. A file that cannot be read is in the list all the same.
    pub fn list(root: &Path) -> Result<Folder, LoadError> {
        if !root.is_dir() {
            return Err(LoadError::NoSuchFolder(root.to_owned()));
        }
        let is_there = |place: &&&str| root.join(place).is_dir();
        let metrics = PLACES.iter().find(is_there);
        // Known events and aggregates make metrics of their own.
        let others = [&KNOWN_EVENTS[..], &AGGREGATES, &EVENTS];
        if metrics.is_none() && !others.into_iter().flatten().any(|place| is_there(&place)) {
            return Err(LoadError::NoMetrics(root.to_owned()));
        }
        let metrics = root.join(metrics.unwrap_or(&PLACES[0]));
        Ok(Folder {
            classes: yaml_files_if_any(root, &metrics.join(CLASSES), |_| true)?,
            metrics: yaml_files_if_any(root, &metrics, holds_metrics)?,
            known_events: gathered(root, &KNOWN_EVENTS, |_| true)?,
            aggregates: gathered(root, &AGGREGATES, |_| true)?,
            events: gathered(root, &EVENTS, holds_events)?,
        })
    }

    /// The same of files that were read already: names relative to the root, which `shown` stands for, and bytes.
    pub fn of_files(shown: &str, files: Vec<(PathBuf, Vec<u8>)>) -> Folder {
        let holds = |place: &str| files.iter().any(|(name, _)| name.starts_with(place));
        let metrics = PLACES.into_iter().find(|place| holds(place)).unwrap_or(PLACES[0]);
        let mut folder = Folder::default();
        for (name, bytes) in files.into_iter().filter(|(name, _)| is_yaml(name)) {
            if let Some(list) = folder.list_of(&name, metrics) {
                let path = PathBuf::from(format!("{shown}{}", name.display()));
                let content = Content::Read(bytes);
                list.push(DefinitionFile { name, path, content });
            }
        }
        folder.sort();
        folder
    }

    pub fn add(&mut self, other: Folder) {
        self.metrics.extend(other.metrics);
        self.classes.extend(other.classes);
        self.known_events.extend(other.known_events);
        self.aggregates.extend(other.aggregates);
        self.events.extend(other.events);
        self.sort();
    }

    /// The list that a file of that name belongs to.
    fn list_of(&mut self, name: &Path, metrics: &str) -> Option<&mut Vec<DefinitionFile>> {
        if let Some(below) = below(name, metrics) {
            return match below.first().copied().filter(|_| below.len() > 1) {
                Some(CLASSES) => Some(&mut self.classes),
                // GitLab's own tree has its aggregates there.
                Some(folder) if NOT_METRICS.contains(&folder) => {
                    is_among(name, &AGGREGATES).then_some(&mut self.aggregates)
                }
                _ => Some(&mut self.metrics),
            };
        }
        if is_among(name, &KNOWN_EVENTS) {
            return Some(&mut self.known_events);
        }
        if is_among(name, &AGGREGATES) {
            return Some(&mut self.aggregates);
        }
        let below = EVENTS.into_iter().find_map(|place| below(name, place))?;
        let other = below.len() > 1 && below.first().is_some_and(|folder| NOT_EVENTS.contains(folder));
        (!other).then_some(&mut self.events)
    }

    fn sort(&mut self) {
        let lists = [
            &mut self.metrics,
            &mut self.classes,
            &mut self.known_events,
            &mut self.aggregates,
            &mut self.events,
        ];
        for list in lists {
            list.sort_by(|left, right| in_order(&left.name, &right.name));
        }
    }
}

/// The parts of a name below a place; `None` where it is not below it, or hidden.
fn below<'a>(name: &'a Path, place: &str) -> Option<Vec<&'a str>> {
    let rest = name.strip_prefix(place).ok()?;
    let parts: Option<Vec<&str>> = rest.iter().map(OsStr::to_str).collect();
    parts.filter(|parts| parts.iter().all(|part| !part.starts_with('.')))
}

fn is_among(name: &Path, places: &[&str]) -> bool {
    places.iter().any(|place| below(name, place).is_some())
}

/// The files of all of these places that are there.
fn gathered(root: &Path, places: &[&str], wanted: fn(&DirEntry) -> bool) -> Result<Vec<DefinitionFile>, LoadError> {
    let mut files = Vec::new();
    for place in places {
        files.extend(yaml_files_if_any(root, &root.join(place), wanted)?);
    }
    Ok(files)
}

fn yaml_files_if_any(
    root: &Path,
    folder: &Path,
    wanted: fn(&DirEntry) -> bool,
) -> Result<Vec<DefinitionFile>, LoadError> {
    match folder.is_dir() {
        true => yaml_files(root, folder, wanted),
        false => Ok(Vec::new()),
    }
}

fn holds_metrics(entry: &DirEntry) -> bool {
    !is_folder_among(entry, &NOT_METRICS)
}

fn holds_events(entry: &DirEntry) -> bool {
    !is_folder_among(entry, &NOT_EVENTS)
}

fn is_folder_among(entry: &DirEntry, names: &[&str]) -> bool {
    let named = entry.depth() == 1 && names.iter().any(|name| entry.file_name() == *name);
    named && entry.file_type().is_dir()
}

fn yaml_files(root: &Path, folder: &Path, wanted: fn(&DirEntry) -> bool) -> Result<Vec<DefinitionFile>, LoadError> {
    listed(root, folder, wanted, |path| is_yaml(path) && !is_test(path))
}

fn listed(
    root: &Path,
    folder: &Path,
    wanted: fn(&DirEntry) -> bool,
    is_ours: fn(&Path) -> bool,
) -> Result<Vec<DefinitionFile>, LoadError> {
    let walk = WalkDir::new(folder).follow_links(true).into_iter();
    let mut files = Vec::new();
    for entry in walk.filter_entry(|entry| !is_hidden(entry) && wanted(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_file() && is_ours(entry.path()) => {
                files.push(definition_file(root, entry.path()));
            }
            Ok(_) => {}
            // A link to nothing: reading it will say so.
            Err(error) => match error.path().filter(|path| path.is_symlink() && is_ours(path)) {
                Some(path) => files.push(definition_file(root, path)),
                None => return Err(unreadable(folder, error)),
            },
        }
    }
    files.sort_by(|left, right| in_order(&left.name, &right.name));
    Ok(files)
}

/// Hidden entries are passed over: a mounted ConfigMap keeps its files a second time under `..data`.
fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Tests stand beside the metrics, and are none.
const TESTS: [&str; 2] = [".test.yml", ".test.yaml"];

fn is_test(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::as_encoded_bytes).unwrap_or_default();
    TESTS.iter().any(|ending| name.ends_with(ending.as_bytes()))
}

/// The files of tests under the metrics folder, classes included, sorted by name; none where there is no such folder.
///
/// # Errors
/// Where a folder cannot be listed.
pub(super) fn test_files(root: &Path) -> Result<Vec<DefinitionFile>, LoadError> {
    let metrics = PLACES.iter().map(|place| root.join(place)).find(|place| place.is_dir());
    metrics.map_or(Ok(Vec::new()), |metrics| listed(root, &metrics, |_| true, is_test))
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == OsStr::new("yml") || extension == OsStr::new("yaml"))
}

fn definition_file(root: &Path, path: &Path) -> DefinitionFile {
    let name = path.strip_prefix(root).unwrap_or(path).to_owned();
    // "./metrics/x.yml" says no more than "metrics/x.yml".
    let shown = if root == Path::new(".") {
        name.clone()
    } else {
        path.to_owned()
    };
    DefinitionFile {
        name,
        path: shown,
        content: Content::OnDisk(path.to_owned()),
    }
}

fn unreadable(folder: &Path, error: walkdir::Error) -> LoadError {
    let path = error.path().unwrap_or(folder).to_owned();
    LoadError::Unreadable {
        path,
        source: error.into(),
    }
}

/// Names in the order of their components, told byte by byte: a path takes itself apart at every comparison.
fn in_order(left: &Path, right: &Path) -> Ordering {
    let place = |byte: &u8| {
        if std::path::is_separator(char::from(*byte)) {
            0
        } else {
            *byte
        }
    };
    let left = left.as_os_str().as_encoded_bytes().iter().map(place);
    left.cmp(right.as_os_str().as_encoded_bytes().iter().map(place))
}
