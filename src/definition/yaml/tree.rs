//! Where every key and value of a YAML text stands.
//!
//! The tree keeps aliases as links and nodes in one list: neither an alias bomb nor deep nesting costs more than the
//! text is long, to build or to drop.

use std::collections::HashMap;
use std::ops::Range;

/// How deep a definition may nest; serde_yaml gives up at 128.
pub(super) const MAX_DEPTH: usize = 100;

pub(super) type NodeId = usize;

#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// `None` where the text holds no document.
    root: Option<NodeId>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub span: Range<usize>,
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(String),
    Sequence(Vec<NodeId>),
    Mapping(Vec<Entry>),
    Alias(NodeId),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub key: NodeId,
    pub value: NodeId,
}

/// A text that is not one YAML document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub message: String,
    pub help: Option<String>,
    pub span: Range<usize>,
}

/// A key that one mapping has twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DuplicateKey {
    pub key: String,
    pub first: Range<usize>,
    pub second: Range<usize>,
}

impl Tree {
    pub fn new(nodes: Vec<Node>, root: Option<NodeId>) -> Tree {
        Tree { nodes, root }
    }

    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// The node, or what it is an alias of.
    pub fn node(&self, id: NodeId) -> &Node {
        match self.nodes[id].kind {
            // An alias never names another alias: anchors stand on values.
            Kind::Alias(target) => &self.nodes[target],
            _ => &self.nodes[id],
        }
    }

    /// Where the node itself is written, which for an alias is the alias.
    pub fn span(&self, id: NodeId) -> Range<usize> {
        self.nodes[id].span.clone()
    }

    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).kind {
            Kind::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The entry that gives `key` its value: the last of the mapping's own ones, else one that `<<` merges in.
    pub fn entry(&self, mapping: NodeId, key: &str) -> Option<Entry> {
        self.entry_within(mapping, key, MAX_DEPTH)
    }

    fn entry_within(&self, mapping: NodeId, key: &str, depth: usize) -> Option<Entry> {
        let Kind::Mapping(entries) = &self.node(mapping).kind else {
            return None;
        };
        let own = |wanted: &str| {
            entries
                .iter()
                .rev()
                .find(|entry| self.scalar(entry.key) == Some(wanted))
                .copied()
        };
        own(key).or_else(|| {
            let depth = depth.checked_sub(1)?;
            let merged = own("<<")?.value;
            match &self.node(merged).kind {
                Kind::Sequence(items) => items.iter().find_map(|item| self.entry_within(*item, key, depth)),
                _ => self.entry_within(merged, key, depth),
            }
        })
    }

    pub fn item(&self, sequence: NodeId, index: usize) -> Option<NodeId> {
        match &self.node(sequence).kind {
            Kind::Sequence(items) => items.get(index).copied(),
            _ => None,
        }
    }

    /// Every key that stands twice in one mapping, in the order of the text.
    pub fn duplicate_keys(&self) -> Vec<DuplicateKey> {
        let mut duplicates: Vec<DuplicateKey> = self
            .nodes
            .iter()
            .filter_map(|node| match &node.kind {
                Kind::Mapping(entries) => Some(self.duplicates_of(entries)),
                _ => None,
            })
            .flatten()
            .collect();
        duplicates.sort_by_key(|duplicate| duplicate.second.start);
        duplicates
    }

    fn duplicates_of(&self, entries: &[Entry]) -> Vec<DuplicateKey> {
        let mut seen: HashMap<&str, NodeId> = HashMap::new();
        let mut duplicates = Vec::new();
        for entry in entries {
            let Some(key) = self.scalar(entry.key) else { continue };
            match seen.get(key) {
                Some(first) => duplicates.push(DuplicateKey {
                    key: key.to_owned(),
                    first: self.span(*first),
                    second: self.span(entry.key),
                }),
                None => {
                    seen.insert(key, entry.key);
                }
            }
        }
        duplicates
    }
}
