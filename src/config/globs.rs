//! Patterns over key paths.

use globset::{Glob, GlobSet};

/// Patterns over key paths.
#[derive(Debug, Clone, Default)]
pub struct MetricGlobs {
    patterns: Vec<String>,
    set: GlobSet,
}

impl MetricGlobs {
    /// Compiles the patterns; `*` also crosses dots.
    ///
    /// # Errors
    /// The first pattern that is no glob.
    pub fn new<P: Into<String>>(patterns: impl IntoIterator<Item = P>) -> Result<MetricGlobs, globset::Error> {
        let patterns: Vec<String> = patterns.into_iter().map(Into::into).collect();
        let globs = patterns
            .iter()
            .map(|pattern| Glob::new(pattern))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(MetricGlobs {
            set: GlobSet::new(globs)?,
            patterns,
        })
    }

    /// Whether any pattern matches the whole of `key_path`.
    pub fn is_match(&self, key_path: &str) -> bool {
        self.set.is_match(key_path)
    }

    /// The patterns as written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

impl PartialEq for MetricGlobs {
    fn eq(&self, other: &MetricGlobs) -> bool {
        self.patterns == other.patterns
    }
}
