//! Warnings that a file turns off by its `no_lint` list.

use std::ops::Range;

use serde_json::Value;

use super::Catalog;
use super::code::Code;
use super::complaint::{At, Segment};
use super::diagnostic::{Diagnostic, Severity};
use super::source::Source;
use super::suggestion::offer;
use super::yaml::Document;

/// The field that lists them.
const NO_LINT: &str = "no_lint";

/// What is found on a live schema only: where none was looked at, such a code is not needless.
const OF_DATABASE: [Code; 6] = [
    Code::UnknownTable,
    Code::UnknownColumn,
    Code::RefusedStatement,
    Code::DistinctCountUnindexed,
    Code::HistogramLargeTable,
    Code::WindowUnindexed,
];

/// The problems without the warnings that a file silences, and with what is wrong with its list. Errors stay.
///
/// A list in a mapping silences that mapping: the whole file, or one entry of a list. `with_database` says whether a live
/// schema was looked at.
pub fn silence(catalog: &Catalog, problems: Vec<Diagnostic>, with_database: bool) -> Vec<Diagnostic> {
    let mut scopes: Vec<Scope> = catalog.sources.values().flat_map(scopes).collect();
    let mut left: Vec<Diagnostic> = Vec::with_capacity(problems.len());
    for problem in problems {
        let silenced = scopes.iter_mut().any(|scope| scope.takes(&problem));
        if !silenced {
            left.push(problem);
        }
    }
    let about_lists: Vec<Diagnostic> = scopes
        .iter()
        .flat_map(|scope| scope.problems(&left, with_database))
        .collect();
    left.extend(about_lists);
    left.sort_by_key(Diagnostic::sort_key);
    left
}

/// A mapping with a list, and what the list names.
struct Scope {
    span: Range<usize>,
    source: Source,
    names: Vec<Silenced>,
}

/// One name of a list, and where it stands.
struct Silenced {
    name: String,
    span: Range<usize>,
    was_found: bool,
}

fn scopes(source: &Source) -> Vec<Scope> {
    if !source.text.contains(NO_LINT) {
        return Vec::new();
    }
    let Ok(document) = Document::read(source.clone()) else {
        return Vec::new();
    };
    let paths: Vec<Vec<Segment>> = match &document.value {
        Value::Array(items) => (0..items.len()).map(|index| vec![Segment::Index(index)]).collect(),
        _ => vec![Vec::new()],
    };
    paths.iter().filter_map(|path| Scope::at(&document, path)).collect()
}

impl Scope {
    fn at(document: &Document, path: &[Segment]) -> Option<Scope> {
        let mapping = match path {
            [Segment::Index(index)] => document.value.get(index)?,
            _ => &document.value,
        };
        let listed = mapping.get(NO_LINT)?.as_array()?;
        let names = listed.iter().enumerate().filter_map(|(index, name)| {
            let at = [path, &[NO_LINT.into(), Segment::Index(index)]].concat();
            Some(Silenced {
                name: name.as_str()?.to_owned(),
                span: document.locate(&at, &At::Value),
                was_found: false,
            })
        });
        let span = match path {
            // Problems of a file as a whole stand at its start, before the mapping.
            [] => 0..document.source.text.len(),
            _ => document.locate(path, &At::Value),
        };
        Some(Scope {
            span,
            source: document.source.clone(),
            names: names.collect(),
        })
    }

    fn holds(&self, problem: &Diagnostic) -> bool {
        let end = self.span.end;
        let within =
            self.span.contains(&problem.span.start) || problem.span.start == end && end == self.source.text.len();
        problem.source.file == self.source.file && within
    }

    /// Whether the problem is silenced here; it is noted that its code was found.
    fn takes(&mut self, problem: &Diagnostic) -> bool {
        if !self.holds(problem) {
            return false;
        }
        let named = self
            .names
            .iter_mut()
            .find(|silenced| silenced.name == problem.code.as_str());
        let Some(silenced) = named else { return false };
        silenced.was_found |= problem.severity == Severity::Warning;
        problem.severity == Severity::Warning
    }

    fn problems(&self, left: &[Diagnostic], with_database: bool) -> Vec<Diagnostic> {
        let here: Vec<&Diagnostic> = left.iter().filter(|problem| self.holds(problem)).collect();
        let idle = self.names.iter().filter(|silenced| !silenced.was_found);
        idle.filter_map(|silenced| self.problem(silenced, &here, with_database))
            .collect()
    }

    fn problem(&self, silenced: &Silenced, here: &[&Diagnostic], with_database: bool) -> Option<Diagnostic> {
        let name = &silenced.name;
        let is_error = |problem: &&&Diagnostic| problem.is_error() && problem.code.as_str() == name;
        let Some(code) = Code::named(name) else {
            return Some(self.unknown(silenced));
        };
        let of_database = OF_DATABASE.contains(&code);
        if here.iter().find(is_error).is_some() {
            let message = format!("`{name}` is an error here, which cannot be silenced");
            return Some(self.needless(silenced, message, "correct it, and take the code out of `no_lint`"));
        }
        // What a file with errors would also have been warned of is not known.
        let all_was_looked_at = here.iter().all(|problem| !problem.is_error()) && (with_database || !of_database);
        let message = format!("there is no `{name}` to silence");
        all_was_looked_at.then(|| self.needless(silenced, message, "take it out of `no_lint`"))
    }

    fn unknown(&self, silenced: &Silenced) -> Diagnostic {
        let codes = Code::ALL.iter().map(|code| code.as_str());
        let otherwise = || "the codes stand beside the problems that `validate` shows".to_owned();
        let help = offer(&silenced.name, codes).unwrap_or_else(otherwise);
        let message = format!("there is no problem of the code `{}`", silenced.name);
        self.warning(Code::UnknownLint, silenced, message).with_help(help)
    }

    fn needless(&self, silenced: &Silenced, message: String, help: &str) -> Diagnostic {
        self.warning(Code::NeedlessNoLint, silenced, message).with_help(help)
    }

    fn warning(&self, code: Code, silenced: &Silenced, message: String) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, &self.source, silenced.span.clone(), message)
    }
}
