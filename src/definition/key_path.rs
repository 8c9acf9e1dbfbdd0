//! Where a metric stands in the payload.

use std::fmt;

/// A dotted path into the payload, such as `counts.issues`; never empty, and no part of it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPath(String);

impl KeyPath {
    /// `None` where the text or one of its parts is empty.
    pub fn new(text: &str) -> Option<KeyPath> {
        let valid = !text.is_empty() && text.split('.').all(|part| !part.is_empty());
        valid.then(|| KeyPath(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
