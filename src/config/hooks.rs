//! Whom the operator wants to be told.

use std::time::Duration;

use schemars::JsonSchema;

use super::section::Section;
use super::url::Url;

/// Who is told when a run went wrong: its payload was not delivered, or a metric failed that had a value the week before.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Hooks {
    /// A program and its arguments, run without a shell, with a JSON document on its standard input: event, run, what failed
    /// and why, no values.
    #[schemars(with = "Vec<String>", example = Vec::<String>::new())]
    pub on_failure: Vec<String>,
    /// An address that the same document is posted to. `webhook_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub webhook: Option<Url>,
    /// How long each of them may take.
    #[schemars(with = "String", example = "30s")]
    pub timeout: Duration,
}

impl Hooks {
    pub(super) fn read(mut section: Section<'_>, schemes: &[&str]) -> Hooks {
        let on_failure = section.strings("on_failure").unwrap_or_default();
        let hooks = Hooks {
            on_failure: on_failure.into_iter().map(|(_, text)| text).collect(),
            webhook: section.url("webhook", "webhook_file", schemes),
            timeout: section.duration("timeout").unwrap_or(Hooks::default().timeout),
        };
        section.finish();
        hooks
    }

    /// Whether nobody is told.
    pub fn is_empty(&self) -> bool {
        self.on_failure.is_empty() && self.webhook.is_none()
    }
}

impl Default for Hooks {
    fn default() -> Hooks {
        Hooks {
            on_failure: Vec::new(),
            webhook: None,
            timeout: Duration::from_secs(30),
        }
    }
}
