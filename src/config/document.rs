//! The configuration file's text, and positions in it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::NamedSource;

use super::mask::mask_secrets;
use super::problem::Place;

/// The file as it was read. What an error shows of it has its secrets masked.
pub(super) struct Document {
    pub path: PathBuf,
    pub text: String,
    shown: Arc<NamedSource<String>>,
}

impl Document {
    pub fn new(path: &Path, text: String) -> Document {
        let shown = NamedSource::new(path.display().to_string(), mask_secrets(&text)).with_language("TOML");
        Document {
            path: path.to_owned(),
            text,
            shown: Arc::new(shown),
        }
    }

    /// Where the bytes of `span` are; line and column are counted from 1, the column in characters.
    pub fn place(&self, span: Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place::File {
            path: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            span,
            source: Arc::clone(&self.shown),
        }
    }

    /// The span of `part` inside the text that `span` covers, or all of it where `part` is spelled otherwise there.
    pub fn narrow(&self, span: &Range<usize>, part: &str) -> Range<usize> {
        let found = self.text.get(span.clone()).and_then(|text| text.find(part));
        found.map_or(span.clone(), |at| span.start + at..span.start + at + part.len())
    }
}
