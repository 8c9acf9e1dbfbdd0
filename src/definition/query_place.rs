//! Where the parts of a metric's query are written, for problems that only a live database shows.

use serde_json::Value;

use super::class::DeclaredClass;
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::diagnostic::{Diagnostic, Severity};
use super::yaml::Document;
use super::{Catalog, MetricDefinition};

/// The options that hold SQL or names of columns, in the order in which a name is looked for.
const FIELDS: [&str; 7] = [
    "relation",
    "query",
    "column",
    "timestamp_column",
    "primary_key",
    "start",
    "finish",
];

/// A part of a metric's query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryPart<'a> {
    /// The first place where this table or column is named.
    Name(&'a str),
    /// The column of the time window.
    WindowColumn(&'a str),
    /// The counted column, or the relation where none is written.
    Counted,
    /// The whole.
    Relation,
}

/// A problem of a query, before its place is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProblem<'a> {
    pub severity: Severity,
    pub code: Code,
    pub part: QueryPart<'a>,
    pub message: String,
    pub help: Option<String>,
}

impl Catalog {
    /// A problem of a metric's query, put where the query is written: in the class's file where a class declares it.
    /// `summand` is the place in the list `data` of a sum. `None` where the files are not at hand.
    pub fn diagnose_query(
        &self,
        metric: &MetricDefinition,
        summand: Option<usize>,
        problem: &QueryProblem<'_>,
    ) -> Option<Diagnostic> {
        let body = self.body(metric, summand)?;
        let (path, at) = body.place(problem.part);
        let (document, path, at) = match path {
            Some(path) => (body.document, path, at),
            // What no file writes is what the time frame asks for.
            None => (self.document(&metric.file)?, vec!["time_frame".into()], At::Value),
        };
        let complaint = Complaint {
            severity: problem.severity,
            code: problem.code,
            path,
            at,
            message: problem.message.clone(),
            help: problem.help.clone(),
        };
        Some(document.diagnose(complaint))
    }

    fn body(&self, metric: &MetricDefinition, summand: Option<usize>) -> Option<Body> {
        let mut path: Vec<Segment> = Vec::new();
        let mut class = metric.instrumentation_class.as_deref();
        if let Some(index) = summand {
            path.extend(["options".into(), "data".into(), Segment::Index(index)]);
            class = metric.options["data"][index]["instrumentation_class"].as_str();
        }
        if let Some(declared) = class.and_then(|class| self.class(class)) {
            return self.declared(declared);
        }
        path.push("options".into());
        let document = self.document(&metric.file)?;
        Some(Body { document, path })
    }

    fn declared(&self, class: &DeclaredClass) -> Option<Body> {
        let document = self.document(&class.file)?;
        let among = document
            .value
            .as_array()
            .and_then(|list| list.iter().position(|item| item["class"] == class.name));
        let path = among.map(Segment::Index).into_iter().collect();
        Some(Body { document, path })
    }
}

/// The mapping that holds a query.
struct Body {
    document: Document,
    path: Vec<Segment>,
}

impl Body {
    /// The path to a part; `None` for the default column of a window, which stands nowhere.
    fn place(&self, part: QueryPart<'_>) -> (Option<Vec<Segment>>, At) {
        match part {
            QueryPart::Name(name) => match self.named(name) {
                Some((path, at)) => (Some(path), at),
                None => (Some(self.relation()), At::Value),
            },
            QueryPart::WindowColumn(name) => match self.named(name) {
                Some((path, at)) => (Some(path), at),
                None => (None, At::Value),
            },
            QueryPart::Counted => {
                let written = self.value().get("column").is_some_and(Value::is_string);
                let path = if written { self.field("column") } else { self.relation() };
                (Some(path), At::Value)
            }
            QueryPart::Relation => (Some(self.relation()), At::Value),
        }
    }

    fn named(&self, name: &str) -> Option<(Vec<Segment>, At)> {
        let value = self.value();
        FIELDS.iter().find_map(|field| match value.get(field)? {
            Value::String(text) => Some((self.field(field), At::Part(word(text, name)?))),
            Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
                let part = word(item.as_str()?, name)?;
                let path = [self.field(field), vec![Segment::Index(index)]].concat();
                Some((path, At::Part(part)))
            }),
            _ => None,
        })
    }

    fn relation(&self) -> Vec<Segment> {
        let value = self.value();
        let written = ["relation", "query"]
            .into_iter()
            .find(|field| value.get(field).is_some());
        self.field(written.unwrap_or("relation"))
    }

    fn field(&self, name: &str) -> Vec<Segment> {
        [self.path.as_slice(), &[name.into()]].concat()
    }

    fn value(&self) -> &Value {
        let mut value = &self.document.value;
        for segment in &self.path {
            let next = match segment {
                Segment::Key(key) => value.get(key),
                Segment::Index(index) => value.get(index),
            };
            match next {
                Some(next) => value = next,
                None => return &Value::Null,
            }
        }
        value
    }
}

/// The first place where `name` stands as a word of its own.
fn word(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.to_ascii_lowercase()
        .match_indices(&name.to_ascii_lowercase())
        .map(|(start, found)| start..start + found.len())
        .find(|place| {
            let before = text[..place.start].chars().next_back();
            let after = text[place.end..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
}
