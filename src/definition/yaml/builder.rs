//! From the parser's events to the tree.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScanError, Span};

use super::tree::{Entry, Kind, MAX_DEPTH, Node, NodeId, SyntaxError, Tree};

/// The tree of a text, or where it stops being one YAML document.
///
/// libyaml, which Ruby reads by, lets a flow list close further left than it stands; saphyr does not. Such texts are read
/// once more with their brackets moved.
pub(super) fn build(text: &str) -> Result<Tree, SyntaxError> {
    build_at(text, &Offsets::of(text)).or_else(|error| {
        let rest = text.get(error.span.start..).unwrap_or_default();
        match rest.starts_with(CLOSING) {
            true => {
                let (moved, offsets) = Offsets::with_brackets_moved(text);
                build_at(&moved, &offsets)
            }
            false => Err(error),
        }
    })
}

const CLOSING: [char; 2] = [']', '}'];

fn build_at(text: &str, offsets: &Offsets) -> Result<Tree, SyntaxError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| refused(&error, text, offsets))?;
        builder.take(event, offsets.range(&span))?;
    }
    Ok(Tree::new(builder.nodes, builder.root))
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

    /// The text with the brackets that begin its lines far to the right, and where its characters stood.
    fn with_brackets_moved(text: &str) -> (String, Offsets) {
        let (mut moved, mut table, mut line) = (String::new(), Vec::new(), 0);
        for part in text.split_inclusive('\n') {
            if part.trim_start().starts_with(CLOSING) {
                moved.push_str(FAR_RIGHT);
                table.extend(std::iter::repeat_n(line, FAR_RIGHT.len()));
            }
            moved.push_str(part);
            table.extend(part.char_indices().map(|(byte, _)| line + byte));
            line += part.len();
        }
        let offsets = Offsets {
            table: Some(table),
            end: text.len(),
        };
        (moved, offsets)
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

/// Further than anyone indents.
const FAR_RIGHT: &str = "                                                                ";

fn refused(error: &ScanError, text: &str, offsets: &Offsets) -> SyntaxError {
    let at = offsets.byte(error.marker().index());
    let (at, help) = match error.info() {
        info if info.contains("tab") => (
            first_tab(text, at),
            Some("indent with spaces: YAML does not take tabs there"),
        ),
        info if info.contains("mapping values are not allowed") => (
            at,
            Some("put a text that holds `: ` in quotes, or mend the indentation"),
        ),
        _ => (at, None),
    };
    SyntaxError {
        message: format!("not valid YAML: {}", error.info()),
        help: help.map(str::to_owned),
        span: at..at + 1,
    }
}

/// The first of the tabs that end before a place.
fn first_tab(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.trim_end_matches('\t').len()
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
