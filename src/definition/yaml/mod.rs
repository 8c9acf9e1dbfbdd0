//! The one place that touches YAML: a text becomes a value and an index of where each part of it stands.

use std::ops::Range;
use std::sync::OnceLock;

use serde_json::Value;

use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::diagnostic::{Diagnostic, Severity};
use super::source::Source;

mod align;
mod builder;
mod tree;
mod value;

use align::align;
use tree::{Kind, NodeId, SyntaxError, Tree};

/// A YAML file that was read: what it says, and where.
#[derive(Debug)]
pub(super) struct Document {
    pub source: Source,
    /// What the file says: aliases expanded, merge keys applied, the last of two equal keys.
    pub value: Value,
    /// Keys that stand twice.
    pub problems: Vec<Diagnostic>,
    places: Places,
}

/// Where the parts of a text stand; looked up in few files, so that it is made at the first question.
#[derive(Debug)]
pub(super) struct Places {
    source: Source,
    tree: OnceLock<Tree>,
}

impl Document {
    /// Fails with one diagnostic where the text is not one document, for then nothing else can be told of it.
    pub fn read(source: Source) -> Result<Document, Box<Diagnostic>> {
        let read = match value::read(&source.text) {
            Ok(read) if !read.is_odd => read.value,
            read => return Document::read_closely(source, read),
        };
        if read.is_null() {
            return Err(Box::new(empty(&source)));
        }
        Ok(Document {
            places: Places::of(source.clone()),
            source,
            value: read,
            problems: Vec::new(),
        })
    }

    /// The tree tells more of what is wrong, and where.
    fn read_closely(source: Source, read: Result<value::Read, SyntaxError>) -> Result<Document, Box<Diagnostic>> {
        let tree = builder::build(&source.text).map_err(|error| syntax(&source, error))?;
        let value = read.map_err(|error| syntax(&source, error))?.value;
        if tree.root().is_none() || value.is_null() {
            return Err(Box::new(empty(&source)));
        }
        let problems = duplicate_keys(&source, &tree);
        Ok(Document {
            places: Places {
                source: source.clone(),
                tree: OnceLock::from(tree),
            },
            source,
            value,
            problems,
        })
    }

    /// As [`Places::diagnose`].
    pub fn diagnose(&self, complaint: Complaint) -> Diagnostic {
        self.places.diagnose(complaint)
    }

    /// As [`Places::locate`].
    pub fn locate(&self, path: &[Segment], at: &At) -> Range<usize> {
        self.places.locate(path, at)
    }
}

impl Places {
    pub fn of(source: Source) -> Places {
        Places {
            source,
            tree: OnceLock::new(),
        }
    }

    /// A text that the one reader takes and the other does not has its places at its start.
    fn tree(&self) -> &Tree {
        self.tree
            .get_or_init(|| builder::build(&self.source.text).unwrap_or_else(|_| Tree::new(Vec::new(), None)))
    }

    /// A complaint about the value, put in its place in the file.
    pub fn diagnose(&self, complaint: Complaint) -> Diagnostic {
        let span = self.locate(&complaint.path, &complaint.at);
        let diagnostic = Diagnostic::new(
            complaint.severity,
            complaint.code,
            &self.source,
            span,
            complaint.message,
        );
        match complaint.help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    }

    /// Where the key or value at `path` stands. What is not there is where its closest parent is; the document itself
    /// is its start.
    pub fn locate(&self, path: &[Segment], at: &At) -> Range<usize> {
        let Some(root) = self.tree().root() else { return 0..0 };
        let mut place = Place { key: None, value: root };
        for segment in path {
            match self.step(&place, segment) {
                Some(next) => place = next,
                None => return self.name_of(&place),
            }
        }
        match at {
            At::Key => self.name_of(&place),
            At::Value => self.span_of(&place),
            At::Part(part) => self.part_of(&place, part).unwrap_or_else(|| self.span_of(&place)),
        }
    }

    fn step(&self, place: &Place, segment: &Segment) -> Option<Place> {
        match segment {
            Segment::Key(key) => {
                let entry = self.tree().entry(place.value, key)?;
                Some(Place {
                    key: Some(entry.key),
                    value: entry.value,
                })
            }
            Segment::Index(index) => Some(Place {
                key: None,
                value: self.tree().item(place.value, *index)?,
            }),
        }
    }

    /// The key, or the start of what has none.
    fn name_of(&self, place: &Place) -> Range<usize> {
        match place.key {
            Some(key) => self.tree().span(key),
            None => {
                let start = self.tree().span(place.value).start;
                start..start
            }
        }
    }

    /// The value, or its key where the value is written as nothing.
    fn span_of(&self, place: &Place) -> Range<usize> {
        let span = self.tree().span(place.value);
        match self.tree().node(place.value).kind {
            Kind::Scalar(_) if span.is_empty() => self.name_of(place),
            _ => span,
        }
    }

    fn part_of(&self, place: &Place, part: &Range<usize>) -> Option<Range<usize>> {
        let node = self.tree().node(place.value);
        let Kind::Scalar(text) = &node.kind else {
            return None;
        };
        let raw = self.source.text.get(node.span.clone())?;
        let found = align(raw, text, part)?;
        Some(node.span.start + found.start..node.span.start + found.end)
    }
}

/// A node with the key it was reached by.
struct Place {
    key: Option<NodeId>,
    value: NodeId,
}

fn syntax(source: &Source, error: SyntaxError) -> Box<Diagnostic> {
    let diagnostic = Diagnostic::new(Severity::Error, Code::YamlSyntax, source, error.span, error.message);
    Box::new(match error.help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    })
}

fn empty(source: &Source) -> Diagnostic {
    Diagnostic::new(Severity::Error, Code::EmptyFile, source, 0..0, "the file says nothing")
        .with_help("write a definition into it, or remove it")
}

fn duplicate_keys(source: &Source, tree: &Tree) -> Vec<Diagnostic> {
    tree.duplicate_keys()
        .into_iter()
        .map(|duplicate| {
            let message = format!("`{}` stands twice in one mapping", duplicate.key);
            let first = Diagnostic::new(
                Severity::Error,
                Code::DuplicateKey,
                source,
                duplicate.first,
                "it is first here",
            );
            Diagnostic::new(Severity::Error, Code::DuplicateKey, source, duplicate.second, message)
                .with_help("keep one of them")
                .with_also(first)
        })
        .collect()
}
