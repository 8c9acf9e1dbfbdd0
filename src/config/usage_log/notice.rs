//! What is to be said of a usage log's configuration although it is taken.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, Severity, SourceCode};

use crate::config::problem::Place;

/// One thing to be said, and where.
#[derive(Debug, Clone)]
pub struct Notice {
    pub place: Place,
    pub kind: NoticeKind,
}

/// Two notices are the same that say the same of the same place.
impl PartialEq for Notice {
    fn eq(&self, other: &Notice) -> bool {
        self.place.to_string() == other.place.to_string() && self.kind == other.kind
    }
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeKind {
    #[error("`{key}` is deprecated")]
    Deprecated { key: &'static str, instead: &'static str },
    #[error("`{key}` has no effect: the table says it as well")]
    Shadowed { key: &'static str },
    #[error("`{key}` is not above 0, and its default stands")]
    NotAbove { key: &'static str },
    #[error("there is no writer {name:?}: it is left out")]
    UnknownWriter { name: String, known: Vec<&'static str> },
    #[error("the writer snowplow_billing is left out: it lacks `collector_uri`")]
    NoCollector,
    #[error("no writer is left: nothing is logged")]
    NoWriter,
}

impl NoticeKind {
    /// Whether a writer that somebody asked for is not there.
    pub fn is_error(&self) -> bool {
        matches!(
            self,
            NoticeKind::UnknownWriter { .. } | NoticeKind::NoCollector | NoticeKind::NoWriter
        )
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { .. } => write!(f, "{}", self.kind),
            place => write!(f, "{place}: {}", self.kind),
        }
    }
}

impl std::error::Error for Notice {}

impl Diagnostic for Notice {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(match &self.kind {
            NoticeKind::Deprecated { .. } => "usage_log::deprecated",
            NoticeKind::Shadowed { .. } => "usage_log::shadowed",
            NoticeKind::NotAbove { .. } => "usage_log::not_above",
            NoticeKind::UnknownWriter { .. } => "usage_log::unknown_writer",
            NoticeKind::NoCollector => "usage_log::no_collector",
            NoticeKind::NoWriter => "usage_log::no_writer",
        }))
    }

    fn severity(&self) -> Option<Severity> {
        Some(if self.kind.is_error() {
            Severity::Error
        } else {
            Severity::Warning
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(match &self.kind {
            NoticeKind::Deprecated { instead, .. } => Box::new(*instead),
            NoticeKind::Shadowed { .. } => Box::new("remove it"),
            NoticeKind::NotAbove { .. } => Box::new("leave it out, or write a value above 0"),
            NoticeKind::UnknownWriter { known, .. } => Box::new(format!("known writers: {}", known.join(", "))),
            NoticeKind::NoCollector => Box::new("say where events go, such as collector_uri = \"https://…\""),
            NoticeKind::NoWriter => Box::new("name one in `writers`, or set `enabled = false`"),
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        match &self.place {
            Place::File { source, .. } => Some(source),
            _ => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let Place::File { span, .. } = &self.place else {
            return None;
        };
        let label = LabeledSpan::new_with_span(Some("here".to_owned()), span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}
