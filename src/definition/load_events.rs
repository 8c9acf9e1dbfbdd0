//! Known events, events and aggregates on their way into the catalog.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::catalog::InvalidDefinition;
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::diagnostic::{Diagnostic, Severity};
use super::list::{self, Entries};
use super::load::Loader;
use super::metric_reading::{Remains, frames_of};
use super::read_file::ReadFile;
use super::yaml::Document;
use super::{
    AggregateDefinition, EventDefinition, KeyPath, KnownEvent, TimeFrame, ValueType, aggregate_reading, derived,
    known_event_reading,
};

/// Where names of lists were first given.
#[derive(Debug, Default)]
pub(super) struct Names {
    known_events: BTreeMap<String, Place>,
    aggregates: BTreeMap<String, Place>,
}

/// An entry of a list file, and its place in the catalog's own list.
#[derive(Debug, Clone)]
struct Place {
    file: PathBuf,
    entry: usize,
    index: usize,
}

/// An entry whose name another one has.
struct Second<'a> {
    code: Code,
    name: &'a str,
    file: &'a Path,
    /// Whether it says the same as the first.
    same: bool,
}

impl Loader {
    pub fn known_event_file(&mut self, file: ReadFile<()>) {
        let name = file.name.clone();
        let Some(document) = self.list(file) else { return };
        let entries = list::read(&document, |entry| known_event_reading::read(entry, &name));
        self.report(&document, &entries);
        self.leave_out(&name, &document, &entries, places_of_event);
        for (entry, event) in entries.usable {
            self.known_event(&document, entry, event);
        }
    }

    pub fn aggregate_file(&mut self, file: ReadFile<()>) {
        let name = file.name.clone();
        let Some(document) = self.list(file) else { return };
        let entries = list::read(&document, |entry| aggregate_reading::read(entry, &name));
        self.report(&document, &entries);
        self.leave_out(&name, &document, &entries, places_of_aggregate);
        for (entry, aggregate) in entries.usable {
            self.aggregate(&document, entry, aggregate);
        }
    }

    pub fn event_file(&mut self, file: ReadFile<Result<EventDefinition, Vec<Complaint>>>) {
        let name = file.name.clone();
        let Ok((document, event)) = self.document(file) else {
            return self.left_out(name, Remains::default());
        };
        self.loaded.problems.extend(document.problems.iter().cloned());
        match event {
            Ok(event) if document.problems.is_empty() => self.loaded.catalog.events.push(event),
            Ok(_) => self.left_out(name, Remains::default()),
            Err(complaints) => {
                let found = complaints.into_iter().map(|complaint| document.diagnose(complaint));
                self.loaded.problems.extend(found);
                self.left_out(name, Remains::default());
            }
        }
    }

    /// A list file as a document; `None` where it cannot be read, or holds nothing but comments, which is an empty list.
    fn list(&mut self, file: ReadFile<()>) -> Option<Document> {
        self.take_in(&file.name, file.odd.as_deref(), file.source.as_ref());
        match file.read {
            Ok((document, ())) => return Some(document),
            Err(unread) if unread.problem.code == Code::EmptyFile => return None,
            Err(unread) => self.loaded.problems.push(*unread.problem),
        }
        self.left_out(file.name, Remains::default());
        None
    }

    fn report<T>(&mut self, document: &Document, entries: &Entries<T>) {
        self.loaded.problems.extend(document.problems.iter().cloned());
        let complaints = entries.complaints.iter().cloned();
        self.loaded
            .problems
            .extend(complaints.map(|complaint| document.diagnose(complaint)));
    }

    /// Names what cannot be used, with the places in the payload that it would have had.
    fn leave_out<T>(
        &mut self,
        file: &Path,
        document: &Document,
        entries: &Entries<T>,
        places: fn(&Value) -> Vec<(KeyPath, TimeFrame)>,
    ) {
        if !document.value.is_array() {
            self.left_out(file.to_owned(), Remains::default());
        }
        for entry in entries.broken.iter().filter_map(|index| document.value.get(index)) {
            let places = places(entry);
            if places.is_empty() {
                self.left_out(file.to_owned(), Remains::default());
            }
            self.broken_entries
                .extend(places.into_iter().map(|(key_path, time_frame)| InvalidDefinition {
                    file: file.to_owned(),
                    key_paths: vec![key_path],
                    time_frame: Some(time_frame),
                    value_type: Some(ValueType::Number),
                }));
        }
    }

    fn known_event(&mut self, document: &Document, entry: usize, event: KnownEvent) {
        let events = &mut self.loaded.catalog.known_events;
        let Some(first) = self.names.known_events.get(&event.name) else {
            let place = Place::new(&event.file, entry, events.len());
            self.names.known_events.insert(event.name.clone(), place);
            events.push(event);
            return;
        };
        let same = events
            .get(first.index)
            .is_some_and(|first| is_same_event(first, &event));
        let first = first.clone();
        self.twice(
            document,
            entry,
            &first,
            Second {
                code: Code::DuplicateEvent,
                name: &event.name,
                file: &event.file,
                same,
            },
        );
    }

    fn aggregate(&mut self, document: &Document, entry: usize, aggregate: AggregateDefinition) {
        let aggregates = &mut self.loaded.catalog.aggregates;
        let Some(first) = self.names.aggregates.get(&aggregate.name) else {
            let place = Place::new(&aggregate.file, entry, aggregates.len());
            self.names.aggregates.insert(aggregate.name.clone(), place);
            aggregates.push(aggregate);
            return;
        };
        let same = aggregates
            .get(first.index)
            .is_some_and(|first| is_same_aggregate(first, &aggregate));
        let first = first.clone();
        self.twice(
            document,
            entry,
            &first,
            Second {
                code: Code::DuplicateAggregate,
                name: &aggregate.name,
                file: &aggregate.file,
                same,
            },
        );
    }

    /// The second of two entries is left out; where they say the same nothing is lost by it.
    fn twice(&mut self, document: &Document, entry: usize, first: &Place, second: Second<'_>) {
        let Second { code, name, file, same } = second;
        let (severity, but, help) = match same {
            true => (Severity::Warning, "and says the same", "remove one of them"),
            false => (
                Severity::Error,
                "and says something else",
                "give one of them another name, or remove it",
            ),
        };
        let shown = |file: &Path| {
            let source = self.loaded.catalog.sources.get(file);
            source
                .map_or(file, |source| source.file.as_path())
                .display()
                .to_string()
        };
        let path = name_of_entry(entry);
        let message = format!("`{name}` stands here and in {}, {but}", shown(&first.file));
        let complaint = Complaint {
            severity,
            ..Complaint::error(code, &path, message)
        };
        let found = document.diagnose(complaint.with_help(help));
        let first = self.loaded.catalog.document(&first.file).map(|document| {
            let span = document.locate(&name_of_entry(first.entry), &At::Value);
            Diagnostic::new(severity, code, &document.source, span, "it is first here")
        });
        if severity == Severity::Error {
            // The first has their common places.
            self.left_out(file.to_owned(), Remains::default());
        }
        self.loaded.problems.push(match first {
            Some(first) => found.with_also(first),
            None => found,
        });
    }
}

impl Place {
    fn new(file: &Path, entry: usize, index: usize) -> Place {
        Place {
            file: file.to_owned(),
            entry,
            index,
        }
    }
}

fn name_of_entry(entry: usize) -> [Segment; 2] {
    [Segment::Index(entry), "name".into()]
}

fn is_same_event(first: &KnownEvent, second: &KnownEvent) -> bool {
    let second = KnownEvent {
        file: first.file.clone(),
        ..second.clone()
    };
    *first == second
}

fn is_same_aggregate(first: &AggregateDefinition, second: &AggregateDefinition) -> bool {
    let second = AggregateDefinition {
        file: first.file.clone(),
        ..second.clone()
    };
    *first == second
}

/// The places in the payload that a broken entry would have had, as far as it tells.
fn places_of_event(entry: &Value) -> Vec<(KeyPath, TimeFrame)> {
    let (Some(category), Some(name)) = (entry["category"].as_str(), entry["name"].as_str()) else {
        return Vec::new();
    };
    let frames = [TimeFrame::SevenDays, TimeFrame::TwentyEightDays];
    let paths = frames.map(|frame| Some((derived::event_key_path(category, name, frame)?, frame)));
    paths.into_iter().flatten().collect()
}

fn places_of_aggregate(entry: &Value) -> Vec<(KeyPath, TimeFrame)> {
    let Some(name) = entry["name"].as_str() else {
        return Vec::new();
    };
    let frames = frames_of(&entry["time_frame"]).into_iter();
    frames
        .filter_map(|frame| Some((derived::aggregate_key_path(name, frame)?, frame)))
        .collect()
}
