//! Names of schemas, and data that says which one it follows.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a request is (spec of Snowplow's tracker protocol).
pub(super) const PAYLOAD_DATA: &str = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
/// What a self-describing event is wrapped in.
pub(super) const UNSTRUCT_EVENT: &str = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0";
/// What contexts are wrapped in.
pub(super) const CONTEXTS: &str = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";
/// An event with a name and properties.
pub(super) const CUSTOM_EVENT: &str = "iglu:com.gitlab/custom_event/jsonschema/1-0-0";

/// The name of a schema: `iglu:vendor/name/format/1-0-0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SchemaName<'a> {
    pub(super) vendor: &'a str,
    pub(super) name: &'a str,
    pub(super) format: &'a str,
    pub(super) version: &'a str,
}

impl<'a> SchemaName<'a> {
    /// `None` where the text is no such name.
    pub(super) fn parse(text: &'a str) -> Option<SchemaName<'a>> {
        let mut parts = text.strip_prefix("iglu:")?.split('/');
        let name = SchemaName {
            vendor: parts.next()?,
            name: parts.next()?,
            format: parts.next()?,
            version: parts.next()?,
        };
        let is_word = |text: &str| {
            let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            !text.is_empty() && text.chars().all(is_letter)
        };
        let is_vendor = !name.vendor.is_empty() && name.vendor.split('.').all(is_word);
        let is_whole = parts.next().is_none() && is_vendor && is_word(name.name) && is_word(name.format);
        (is_whole && is_version(name.version)).then_some(name)
    }
}

fn is_version(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut is_number = || {
        let part = parts.next().unwrap_or_default();
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let three = is_number() && is_number() && is_number();
    three && parts.next().is_none()
}

/// Data with the name of the schema that it follows: an event's own, or an entity that is attached to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfDescribing {
    /// Such as `iglu:com.gitlab/gitlab_standard/jsonschema/1-1-8`.
    pub schema: String,
    pub data: Value,
}

impl SelfDescribing {
    pub(super) fn has_name(&self) -> bool {
        SchemaName::parse(&self.schema).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::SchemaName;

    #[test]
    fn names_of_schemas_have_four_parts() {
        let parsed = SchemaName::parse("iglu:com.gitlab/billable_usage/jsonschema/1-0-2").unwrap();
        assert_eq!((parsed.vendor, parsed.name), ("com.gitlab", "billable_usage"));
        assert_eq!((parsed.format, parsed.version), ("jsonschema", "1-0-2"));
        for text in [
            "com.gitlab/a/jsonschema/1-0-0",
            "iglu:com.gitlab/a/jsonschema",
            "iglu:com.gitlab/a/jsonschema/1-0",
            "iglu:com.gitlab/a/jsonschema/1-0-0-0",
            "iglu:com.gitlab/a/jsonschema/1-0-x",
            "iglu:com.gitlab/a/jsonschema/1-0-0/b",
            "iglu:../a/jsonschema/1-0-0",
            "iglu:com.gitlab/a b/jsonschema/1-0-0",
            "iglu:com.gitlab//jsonschema/1-0-0",
        ] {
            assert_eq!(SchemaName::parse(text), None, "{text}");
        }
    }
}
