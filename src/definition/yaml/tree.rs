//! Where every key and value of a YAML text stands.
//!
//! The tree keeps aliases as links and nodes in one list: neither an alias bomb nor deep nesting costs more than the
//! text is long, to build or to drop.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScanError, Span};

/// How deep a definition may nest; serde_yaml gives up at 128.
const MAX_DEPTH: usize = 100;

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
    pub fn build(text: &str) -> Result<Tree, SyntaxError> {
        let offsets = Offsets::of(text);
        let mut builder = Builder::default();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| refused(&error, &offsets))?;
            builder.take(event, offsets.range(&span))?;
        }
        Ok(Tree {
            nodes: builder.nodes,
            root: builder.root,
        })
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

/// saphyr counts characters; a text that is all ASCII needs no table to turn them into bytes.
struct Offsets {
    table: Option<Vec<usize>>,
    end: usize,
}

impl Offsets {
    fn of(text: &str) -> Offsets {
        let table = (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| byte).collect());
        Offsets { table, end: text.len() }
    }

    fn byte(&self, character: usize) -> usize {
        match &self.table {
            Some(table) => table.get(character).copied().unwrap_or(self.end),
            None => character.min(self.end),
        }
    }

    fn range(&self, span: &Span) -> Range<usize> {
        self.byte(span.start.index())..self.byte(span.end.index())
    }
}

fn refused(error: &ScanError, offsets: &Offsets) -> SyntaxError {
    let at = offsets.byte(error.marker().index());
    let help = error
        .info()
        .contains("tab")
        .then(|| "indent with spaces: YAML does not take tabs there".to_owned());
    SyntaxError {
        message: format!("not valid YAML: {}", error.info()),
        help,
        span: at..at + 1,
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    root: Option<NodeId>,
    open: Vec<Open>,
    anchors: HashMap<usize, NodeId>,
    documents: usize,
}

/// A list or mapping whose end has not come yet; a mapping remembers the key that waits for its value.
struct Open {
    node: NodeId,
    key: Option<NodeId>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), SyntaxError> {
        match event {
            Event::DocumentStart(_) => self.start_document(span),
            Event::Scalar(text, _, anchor, _) => {
                self.add(Kind::Scalar(text.into_owned()), span, anchor);
                Ok(())
            }
            Event::SequenceStart(anchor, _) => self.start(Kind::Sequence(Vec::new()), span, anchor),
            Event::MappingStart(anchor, _) => self.start(Kind::Mapping(Vec::new()), span, anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                self.end(span);
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn start_document(&mut self, span: Range<usize>) -> Result<(), SyntaxError> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        Err(SyntaxError {
            message: "a second document starts here: a file holds one".to_owned(),
            help: Some("move what follows into a file of its own".to_owned()),
            span,
        })
    }

    fn start(&mut self, kind: Kind, span: Range<usize>, anchor: usize) -> Result<(), SyntaxError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(SyntaxError {
                message: format!("nested deeper than {MAX_DEPTH} levels"),
                help: None,
                span,
            });
        }
        let node = self.add(kind, span, anchor);
        self.open.push(Open { node, key: None });
        Ok(())
    }

    fn end(&mut self, span: Range<usize>) {
        if let Some(open) = self.open.pop() {
            let node = &mut self.nodes[open.node];
            node.span.end = node.span.end.max(span.end);
        }
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) -> Result<(), SyntaxError> {
        let Some(target) = self.anchors.get(&anchor).copied() else {
            return Err(SyntaxError {
                message: "an alias of nothing".to_owned(),
                help: None,
                span,
            });
        };
        if self.open.iter().any(|open| open.node == target) {
            return Err(SyntaxError {
                message: "an alias of what it stands in".to_owned(),
                help: None,
                span,
            });
        }
        self.add(Kind::Alias(target), span, 0);
        Ok(())
    }

    fn add(&mut self, kind: Kind, span: Range<usize>, anchor: usize) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { span, kind });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        self.attach(id);
        id
    }

    fn attach(&mut self, child: NodeId) {
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(child);
            return;
        };
        match (&mut self.nodes[open.node].kind, open.key.take()) {
            (Kind::Sequence(items), _) => items.push(child),
            (Kind::Mapping(entries), Some(key)) => entries.push(Entry { key, value: child }),
            (Kind::Mapping(_), None) => open.key = Some(child),
            (Kind::Scalar(_) | Kind::Alias(_), _) => {}
        }
    }
}
