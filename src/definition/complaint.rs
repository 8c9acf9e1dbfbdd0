//! A problem of a value, before it is known where in a file the value stands.

use std::fmt;
use std::ops::Range;

use super::code::Code;
use super::diagnostic::Severity;

/// One step from a mapping or list to a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

impl From<&str> for Segment {
    fn from(key: &str) -> Segment {
        Segment::Key(key.to_owned())
    }
}

/// What of an entry the complaint is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    Key,
    Value,
    /// These bytes of a text.
    Part(Range<usize>),
}

/// What is wrong with the value at `path`, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    pub severity: Severity,
    pub code: Code,
    pub path: Vec<Segment>,
    pub at: At,
    pub message: String,
    pub help: Option<String>,
}

impl Complaint {
    pub fn error(code: Code, path: &[Segment], message: impl Into<String>) -> Complaint {
        Complaint {
            severity: Severity::Error,
            code,
            path: path.to_vec(),
            at: At::Value,
            message: message.into(),
            help: None,
        }
    }

    pub fn warning(code: Code, path: &[Segment], message: impl Into<String>) -> Complaint {
        Complaint {
            severity: Severity::Warning,
            ..Complaint::error(code, path, message)
        }
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Complaint {
        self.help = Some(help.into());
        self
    }

    pub fn maybe_help(mut self, help: Option<String>) -> Complaint {
        self.help = help;
        self
    }

    pub fn at(mut self, at: At) -> Complaint {
        self.at = at;
        self
    }

    /// The field of the mapping at hand that it is about, or stands in.
    pub fn field(&self) -> Option<&str> {
        match self.path.first() {
            Some(Segment::Key(name)) => Some(name),
            _ => None,
        }
    }

    /// The same complaint about a value that itself stands at `parent`.
    pub fn under(mut self, parent: &[Segment]) -> Complaint {
        self.path.splice(0..0, parent.iter().cloned());
        self
    }
}

/// Names the value by its path, for those who have no file to point at.
impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// A path as people write it: `options.buckets[1]`.
pub(super) fn spelled(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Key(key) if text.is_empty() => text.push_str(key),
            Segment::Key(key) => text.push_str(&format!(".{key}")),
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}
