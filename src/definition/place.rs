//! Places in a payload: where a value can stand beside others.

use std::collections::BTreeSet;
use std::ops::Bound::{Included, Unbounded};

use super::Catalog;

/// Key paths that are taken.
#[derive(Debug, Default)]
pub(super) struct Places<'a>(BTreeSet<&'a str>);

impl<'a> Places<'a> {
    /// Those of metrics that are in the payload.
    pub fn of(catalog: &'a Catalog) -> Places<'a> {
        let metrics = catalog.metrics.iter().filter(|metric| !metric.is_removed());
        Places(metrics.map(|metric| metric.key_path.as_str()).collect())
    }

    pub fn is_taken(&self, path: &str) -> bool {
        self.0.contains(path)
    }

    /// A taken path that would be the parent or a child of this one.
    pub fn in_the_way(&self, path: &str) -> Option<&'a str> {
        let parent = parents(path).find_map(|parent| self.0.get(parent).copied());
        parent.or_else(|| self.child_of(path))
    }

    fn child_of(&self, path: &str) -> Option<&'a str> {
        let below = format!("{path}.");
        let next = self
            .0
            .range::<str, _>((Included(below.as_str()), Unbounded))
            .next()
            .copied();
        next.filter(|next| next.starts_with(&below))
    }
}

/// `a.b.c` has the parents `a` and `a.b`.
pub(super) fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('.').map(|(dot, _)| &path[..dot])
}
