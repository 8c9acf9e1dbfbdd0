//! `[components.NAME]`: what metrics may ask over HTTP.

use std::time::Duration;

use schemars::JsonSchema;

use super::load::{HTTP, required_url};
use super::section::Section;
use super::url::Url;

/// One component of the instance that metrics of the class `HttpValueMetric` may ask. Definitions name it; the address
/// stands here alone.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Component {
    /// What is asked, by GET, once a run: it answers a version or a JSON document. `url_file` reads it from a file of its own.
    #[schemars(with = "String", example = "http://localhost:9236/version.json")]
    pub url: Url,
    /// How long the whole answer may take.
    #[schemars(with = "String", example = "5s")]
    pub timeout: Duration,
}

impl Component {
    pub(super) fn read(mut section: Section<'_>) -> Option<Component> {
        let url = required_url(&mut section, &HTTP);
        let timeout = section.duration("timeout").unwrap_or(Duration::from_secs(5));
        section.finish();
        Some(Component { url: url?, timeout })
    }
}
