//! What reading any table needs: where relative paths start, variables, and the place where problems gather.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::environment::Environment;
use super::interpolate::{InterpolationError, interpolate};
use super::problem::{Place, Problem, ProblemKind};
use super::tree::{Node, Origin, Value};

/// What reading needs beside the tree, and where its problems gather.
pub(super) struct Reader<'a> {
    pub document: Option<&'a Document>,
    pub environment: &'a Environment,
    /// Where relative paths start.
    pub folder: &'a Path,
    pub problems: RefCell<Vec<Problem>>,
}

impl Reader<'_> {
    /// Where something is, as it is told.
    pub fn place(&self, origin: &Origin) -> Place {
        match (origin, self.document) {
            (Origin::File(span), Some(document)) => document.place(span.clone()),
            (Origin::Variable(name), _) => Place::Variable(name.clone()),
            _ => Place::Defaults,
        }
    }

    pub fn report(&self, origin: &Origin, kind: ProblemKind) {
        let place = self.place(origin);
        self.problems.borrow_mut().push(Problem { place, kind });
    }

    /// The path as it is, if absolute, else from the configuration's folder.
    pub fn path(&self, text: &str) -> PathBuf {
        if self.folder == Path::new(".") {
            return PathBuf::from(text);
        }
        self.folder.join(text).components().collect()
    }

    /// A string's text, its variables filled in; `None`, and a problem, where the node is no string.
    pub fn text(&self, key: &str, node: &Node, expected: &str) -> Option<String> {
        match &node.value {
            Value::Untyped(text) => Some(text.clone()),
            Value::String(text) => self.fill(&node.origin, text),
            other => {
                self.wrong_type(key, &node.origin, expected, other);
                None
            }
        }
    }

    pub fn wrong_type(&self, key: &str, origin: &Origin, expected: &str, found: &Value) {
        let kind = ProblemKind::WrongType {
            key: key.to_owned(),
            expected: expected.to_owned(),
            found: found.kind().to_owned(),
        };
        self.report(origin, kind);
    }

    /// A boolean, also as the text of a variable.
    pub fn boolean(&self, key: &str, node: &Node) -> Option<bool> {
        match &node.value {
            Value::Boolean(boolean) => return Some(*boolean),
            Value::Untyped(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => return Some(true),
                "false" | "0" | "no" | "off" => return Some(false),
                _ => self.wrong_type(key, &node.origin, "true or false", &node.value),
            },
            other => self.wrong_type(key, &node.origin, "true or false", other),
        }
        None
    }

    fn fill(&self, origin: &Origin, text: &str) -> Option<String> {
        let (part, kind) = match interpolate(text, self.environment) {
            Ok(filled) => return Some(filled),
            Err(InterpolationError::Unset(variable)) => {
                (format!("${{{variable}}}"), ProblemKind::UnsetVariable { variable })
            }
            Err(InterpolationError::Malformed) => ("${".to_owned(), ProblemKind::MalformedVariable),
        };
        let narrowed = match (origin, self.document) {
            (Origin::File(span), Some(document)) => Origin::File(document.narrow(span, &part)),
            (origin, _) => origin.clone(),
        };
        self.report(&narrowed, kind);
        None
    }
}
