//! What a metric asks of a component of the instance, over HTTP.

/// A part of what a component answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpMeasure {
    /// The name under `[components.*]`, which alone knows the address.
    pub component: String,
    pub part: HttpPart,
    /// The key of `[settings]` that stands in for a component that is not configured.
    pub setting: Option<String>,
}

/// Which part of an answer is the value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HttpPart {
    /// The whole body, as text.
    Text,
    /// What a JSON pointer (RFC 6901) names in the body.
    Pointer(String),
    /// A header.
    Header(String),
    /// What a regular expression finds in the body: its first group, or all of it.
    Pattern(String),
}

impl HttpMeasure {
    /// What is read of whom, for a person.
    pub fn in_words(&self) -> String {
        let part = match &self.part {
            HttpPart::Text => "the answer".to_owned(),
            HttpPart::Pointer(pointer) => format!("{pointer} of the answer"),
            HttpPart::Header(name) => format!("the header {name} of the answer"),
            HttpPart::Pattern(pattern) => format!("what /{pattern}/ finds in the answer"),
        };
        format!("{part} of [components.{}]", self.component)
    }
}
