//! What helps at the prompt: completion, lines that go on, colours.

use std::borrow::Cow;
use std::sync::Arc;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::names::Names;
use crate::expression::{Style, Wanted, completion, highlight, is_open};

pub(super) struct ConsoleHelper {
    pub(super) names: Arc<Names>,
    pub(super) colored: bool,
}

impl Helper for ConsoleHelper {}

impl Hinter for ConsoleHelper {
    type Hint = String;
}

impl Validator for ConsoleHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match is_open(context.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

impl Completer for ConsoleHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let found = completion(line, position);
        let typed = line.get(found.start..position).unwrap_or_default();
        let names = found.wanted.iter().flat_map(|wanted| self.names_of(*wanted, line));
        let names = names.filter(|name| name.len() > typed.len() && name.starts_with(typed));
        let mut candidates: Vec<String> = names.chain(found.words).collect();
        candidates.sort();
        candidates.dedup();
        let pair = |name: String| Pair {
            display: name.trim_end().to_owned(),
            replacement: name,
        };
        Ok((found.start, candidates.into_iter().map(pair).collect()))
    }
}

impl ConsoleHelper {
    fn names_of(&self, wanted: Wanted, line: &str) -> Vec<String> {
        let tables = || {
            self.names
                .tables
                .lock()
                .map(|tables| tables.clone())
                .unwrap_or_default()
        };
        match wanted {
            Wanted::Metric => {
                let bound = self.names.bound.lock().map(|bound| bound.clone()).unwrap_or_default();
                bound.into_iter().chain(self.names.metrics.iter().cloned()).collect()
            }
            Wanted::Event => self.names.events.clone(),
            Wanted::Table => tables().into_iter().map(|table| table.name).collect(),
            Wanted::Column => {
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                let words: Vec<&str> = line.split(|c| !is_part(c)).collect();
                let named = tables()
                    .into_iter()
                    .filter(|table| words.contains(&table.name.as_str()));
                named
                    .flat_map(|table| {
                        let columns = table.columns.into_iter().map(|column| column.name);
                        let columns: Vec<String> = columns.collect();
                        let full: Vec<String> = columns
                            .iter()
                            .map(|column| format!("{}.{column}", table.name))
                            .collect();
                        columns.into_iter().chain(full)
                    })
                    .collect()
            }
        }
    }
}

impl Highlighter for ConsoleHelper {
    fn highlight<'l>(&self, line: &'l str, _position: usize) -> Cow<'l, str> {
        if !self.colored {
            return Cow::Borrowed(line);
        }
        let parts = highlight(line).into_iter();
        let colored = parts.map(|(span, style)| {
            let part = console::style(line.get(span).unwrap_or_default()).force_styling(true);
            match style {
                Style::Keyword => part.cyan().to_string(),
                Style::Text => part.green().to_string(),
                Style::Number => part.yellow().to_string(),
                Style::Comment => part.dim().to_string(),
                Style::Plain => part.to_string(),
            }
        });
        Cow::Owned(colored.collect())
    }

    fn highlight_char(&self, _line: &str, _position: usize, _kind: CmdKind) -> bool {
        self.colored
    }
}
