//! How keys are spelt, where GitLab's lists say so.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::KeyFormat;

/// What GitLab's trees say of keys beside the definitions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRules {
    pub format: KeyFormat,
    /// A name with its filter and identifier, and the older name that its sketch still stands under.
    pub hll_overrides: BTreeMap<String, String>,
    /// The full key of a counter, and the older key that it still stands under.
    pub total_overrides: BTreeMap<String, String>,
    /// Events whose sketches have no identifier in their keys where several are counted together.
    pub legacy_events: BTreeSet<String>,
}

impl KeyRules {
    /// The name that the sketches of `path` stand under.
    pub(super) fn sketch_name<'a>(&'a self, path: &'a str) -> &'a str {
        self.hll_overrides.get(path).map_or(path, String::as_str)
    }

    /// The key that the counter `key` stands under.
    pub(super) fn counter_key<'a>(&'a self, key: &'a str) -> &'a str {
        self.total_overrides.get(key).map_or(key, String::as_str)
    }
}
