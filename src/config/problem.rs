//! What is wrong with a configuration, where, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use super::url::UrlError;

/// All that is wrong with a configuration: never empty, in the order of the file, then of the variables.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {}", count(.problems.len()))]
pub struct ConfigErrors {
    problems: Vec<Problem>,
}

impl ConfigErrors {
    /// Sorts the problems by place. Where the text could not be parsed, what it would have meant is not judged.
    pub(super) fn new(mut problems: Vec<Problem>) -> ConfigErrors {
        problems.sort_by_key(|problem| (problem.place.order(), !problem.is_syntax()));
        problems.dedup_by(|later, first| first.is_syntax() && first.place.order() == later.place.order());
        ConfigErrors { problems }
    }

    /// Each problem, in the order of the file, then of the variables.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl Diagnostic for ConfigErrors {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new("config"))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic)))
    }
}

fn count(problems: usize) -> String {
    match problems {
        1 => "1 problem".to_owned(),
        more => format!("{more} problems"),
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone)]
pub struct Problem {
    pub place: Place,
    pub kind: ProblemKind,
}

impl Problem {
    fn is_syntax(&self) -> bool {
        matches!(self.kind, ProblemKind::Syntax { .. })
    }
}

impl fmt::Display for Problem {
    /// The place is part of the text only where no excerpt of the file can show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { .. } => write!(f, "{}", self.kind),
            place => write!(f, "{place}: {}", self.kind),
        }
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.kind.code()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.kind.help().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        match &self.place {
            Place::File { source, .. } => Some(source),
            _ => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        match &self.place {
            Place::File { span, .. } => {
                let label = LabeledSpan::new_with_span(Some("here".to_owned()), span.clone());
                Some(Box::new(std::iter::once(label)))
            }
            _ => None,
        }
    }
}

/// Where a problem is.
#[derive(Debug, Clone)]
pub enum Place {
    /// In the file; line and column count from 1, the span in bytes. Secrets are masked in the source.
    File {
        path: PathBuf,
        line: usize,
        column: usize,
        span: Range<usize>,
        source: Arc<NamedSource<String>>,
    },
    /// In this variable of the environment.
    Variable(String),
    /// The file as a whole.
    Whole(PathBuf),
    /// Nowhere yet: the defaults.
    Defaults,
}

impl Place {
    fn order(&self) -> (u8, usize, String) {
        match self {
            Place::Whole(path) => (0, 0, path.display().to_string()),
            Place::File { span, .. } => (1, span.start, String::new()),
            Place::Defaults => (2, 0, String::new()),
            Place::Variable(name) => (3, 0, name.clone()),
        }
    }
}

impl fmt::Display for Place {
    /// `service-ping.toml:3:7`, or the variable's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { path, line, column, .. } => write!(f, "{}:{line}:{column}", path.display()),
            Place::Variable(name) => f.write_str(name),
            Place::Whole(path) => write!(f, "{}", path.display()),
            Place::Defaults => f.write_str("defaults"),
        }
    }
}

/// What is wrong. No message quotes a value that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    #[error("the file cannot be read: {reason}")]
    Unreadable { reason: String },
    #[error("this is not TOML: {message}")]
    Syntax { message: String },
    #[error("unknown key `{key}` in {section}")]
    UnknownKey {
        key: String,
        section: String,
        suggestion: Option<String>,
        known: Vec<String>,
    },
    #[error("`{key}` must be {expected}, found {found}")]
    WrongType {
        key: String,
        expected: String,
        found: String,
    },
    #[error("`{key}` must be {expected}")]
    OutOfRange { key: String, expected: String },
    #[error("`{key}`: {error}")]
    Address { key: String, error: UrlError },
    #[error("`{key}`: {value:?} is not one of {}", .known.join(", "))]
    UnknownChoice {
        key: String,
        value: String,
        suggestion: Option<String>,
        known: Vec<String>,
    },
    #[error("`{key}`: {pattern:?} is no glob: {reason}")]
    Glob {
        key: String,
        pattern: String,
        reason: String,
    },
    #[error("the variable {variable} is not set")]
    UnsetVariable { variable: String },
    #[error("`${{` does not begin a variable's name and a closing brace")]
    MalformedVariable,
    #[error("{section} lacks `{key}`")]
    MissingKey { section: String, key: String },
    #[error("`{key}` and `{key}_file` exclude each other")]
    Conflict { key: String },
    #[error("`{key}` and `{other}` exclude each other")]
    Exclusive { key: String, other: String },
    #[error("`{key}`: {} cannot be read: {reason}", .path.display())]
    UnreadableSecret { key: String, path: PathBuf, reason: String },
}

impl ProblemKind {
    /// A short name of the kind, stable over releases.
    pub fn code(&self) -> &'static str {
        match self {
            ProblemKind::Unreadable { .. } => "config::unreadable",
            ProblemKind::Syntax { .. } => "config::syntax",
            ProblemKind::UnknownKey { .. } => "config::unknown_key",
            ProblemKind::WrongType { .. } => "config::wrong_type",
            ProblemKind::OutOfRange { .. } => "config::out_of_range",
            ProblemKind::Address { .. } => "config::url",
            ProblemKind::UnknownChoice { .. } => "config::unknown_choice",
            ProblemKind::Glob { .. } => "config::glob",
            ProblemKind::UnsetVariable { .. } => "config::unset_variable",
            ProblemKind::MalformedVariable => "config::malformed_variable",
            ProblemKind::MissingKey { .. } => "config::missing_key",
            ProblemKind::Conflict { .. } | ProblemKind::Exclusive { .. } => "config::conflict",
            ProblemKind::UnreadableSecret { .. } => "config::unreadable_secret",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            ProblemKind::UnknownKey { suggestion, known, .. } => Some(match suggestion {
                Some(suggestion) => format!("did you mean `{suggestion}`?"),
                None if known.is_empty() => "remove it".to_owned(),
                None => format!("known here: {}", known.join(", ")),
            }),
            ProblemKind::UnknownChoice { suggestion, .. } => suggestion
                .as_ref()
                .map(|suggestion| format!("did you mean `{suggestion}`?")),
            ProblemKind::UnsetVariable { variable } => {
                Some(format!("set {variable}, or write `$$` where a plain `$` is meant"))
            }
            ProblemKind::MalformedVariable => Some("write `${NAME}`, or `$${` where a plain `${` is meant".to_owned()),
            ProblemKind::MissingKey { key, .. } => Some(format!(
                "set `{key}`, or `{key}_file` to read it from a file of its own"
            )),
            ProblemKind::Exclusive { key, other } => Some(format!("keep `{key}` or `{other}`")),
            ProblemKind::Conflict { key } => Some(format!("keep `{key}` or `{key}_file`")),
            ProblemKind::Unreadable { .. } => {
                Some("check the path and its permissions; `service-ping init` writes a new one".to_owned())
            }
            ProblemKind::UnreadableSecret { .. } => {
                Some("a relative path starts at the configuration's folder".to_owned())
            }
            _ => None,
        }
    }
}
