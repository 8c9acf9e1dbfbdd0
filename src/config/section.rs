//! Reading one table: typed values out, problems aside, unknown keys last.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::duration::parse_duration;
use super::environment::PREFIX;
use super::problem::ProblemKind;
use super::reader::Reader;
use super::secret::Secret;
use super::tree::{Node, Origin, Table, Value, listed};
use super::url::Url;

/// One table being read. Every key that is asked for counts as known; [`Section::finish`] reports the rest.
pub(super) struct Section<'a> {
    pub reader: &'a Reader<'a>,
    table: Table,
    origin: Origin,
    /// `database.main`; empty for the top.
    name: String,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub fn top(reader: &'a Reader<'a>, table: Table) -> Section<'a> {
        Section {
            reader,
            table,
            origin: Origin::Default,
            name: String::new(),
            known: Vec::new(),
        }
    }

    /// Where the table is.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Takes what stands at `key`.
    pub fn take(&mut self, key: &'static str) -> Option<(Origin, Node)> {
        self.known.push(key);
        self.table.remove(key)
    }

    /// The table at `key`; an empty one where there is none.
    pub fn section(&mut self, key: &'static str) -> Section<'a> {
        self.optional_section(key).unwrap_or_else(|| Section {
            name: self.child(key),
            ..Section::top(self.reader, Table::new())
        })
    }

    /// The table at `key`, if there is one.
    pub fn optional_section(&mut self, key: &'static str) -> Option<Section<'a>> {
        let (origin, node) = self.take(key)?;
        self.nested(key, origin, node)
    }

    /// The tables inside the table at `key`, by name.
    pub fn named_sections(&mut self, key: &'static str) -> Vec<(String, Section<'a>)> {
        let entries = self.section(key);
        let named = entries.table.iter().filter_map(|(name, (origin, node))| {
            let section = entries.nested(name, origin.clone(), node.clone())?;
            Some((name.clone(), section))
        });
        named.collect()
    }

    /// Every entry, for tables with free keys.
    pub fn entries(self) -> impl Iterator<Item = (String, Node)> {
        self.table.into_iter().map(|(key, (_, node))| (key, node))
    }

    /// The table that stands at `key`, however it was found.
    pub fn nested(&self, key: &str, origin: Origin, node: Node) -> Option<Section<'a>> {
        let Value::Table(table) = node.value else {
            self.reader.wrong_type(key, &node.origin, "a table", &node.value);
            return None;
        };
        Some(Section {
            name: self.child(key),
            origin,
            ..Section::top(self.reader, table)
        })
    }

    fn child(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// A string; an empty one counts as absent.
    pub fn string(&mut self, key: &'static str) -> Option<String> {
        self.origin_and_string(key, "a string").map(|(_, text)| text)
    }

    /// As [`Section::string`], with its place.
    pub fn origin_and_string(&mut self, key: &'static str, expected: &str) -> Option<(Origin, String)> {
        let (_, node) = self.take(key)?;
        let text = self.reader.text(key, &node, expected)?;
        (!text.is_empty()).then_some((node.origin, text))
    }

    /// A string that `parse` reads.
    pub fn parsed<T>(&mut self, key: &'static str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (origin, text) = self.origin_and_string(key, expected)?;
        let value = parse(&text);
        if value.is_none() {
            self.out_of_range(key, &origin, expected);
        }
        value
    }

    pub fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.string(key).map(|text| self.reader.path(&text))
    }

    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let (_, node) = self.take(key)?;
        self.reader.boolean(key, &node)
    }

    pub fn integer(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let (_, node) = self.take(key)?;
        let expected = format!("an integer from {} to {}", range.start(), range.end());
        let number = match &node.value {
            Value::Integer(number) => Some(*number),
            Value::Untyped(text) => text.trim().parse().ok(),
            other => {
                self.reader.wrong_type(key, &node.origin, &expected, other);
                return None;
            }
        };
        let number = number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| range.contains(number));
        if number.is_none() {
            self.out_of_range(key, &node.origin, &expected);
        }
        number
    }

    /// A duration longer than nothing; at most what PostgreSQL's timeouts hold, 2^31 − 1 milliseconds.
    pub fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let in_range = |duration: &Duration| !duration.is_zero() && duration.as_millis() <= i32::MAX as u128;
        self.parsed(key, "a duration such as \"15s\", \"500ms\" or \"2m\"", |text| {
            parse_duration(text).filter(in_range)
        })
    }

    /// The address at `key`, or in the file that `file_key` names.
    pub fn url(&mut self, key: &'static str, file_key: &'static str, schemes: &[&str]) -> Option<Url> {
        let (origin, text) = self.secret(key, file_key)?;
        address(self.reader, key, &origin, &text, schemes)
    }

    /// A password or token at `key`, or in the file that `file_key` names.
    pub fn hidden(&mut self, key: &'static str, file_key: &'static str) -> Option<Secret> {
        self.secret(key, file_key).map(|(_, text)| Secret::new(text))
    }

    /// The secret at `key`, or in the file that `file_key` names, without the white space around it.
    pub fn secret(&mut self, key: &'static str, file_key: &'static str) -> Option<(Origin, String)> {
        let here = self.origin_and_string(key, "a string");
        let file = self.origin_and_string(file_key, "a path");
        match (here, file) {
            (Some(_), Some((origin, _))) => {
                self.reader
                    .report(&origin, ProblemKind::Conflict { key: key.to_owned() });
                None
            }
            (Some(here), None) => Some(here),
            (None, Some((origin, path))) => self.secret_file(file_key, origin, &path),
            (None, None) => None,
        }
    }

    /// The secret at `key`, or in the file that `file_key` names, if it is good enough.
    pub fn secret_of(
        &mut self,
        key: &'static str,
        file_key: &'static str,
        expected: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Option<Secret> {
        let (origin, text) = self.secret(key, file_key)?;
        if fits(&text) {
            return Some(Secret::new(text));
        }
        self.out_of_range(key, &origin, expected);
        None
    }

    fn secret_file(&self, key: &'static str, origin: Origin, path: &str) -> Option<(Origin, String)> {
        let path = self.reader.path(path);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some((origin, text.trim().to_owned())),
            Err(error) => {
                let (key, reason) = (key.to_owned(), error.to_string());
                self.reader
                    .report(&origin, ProblemKind::UnreadableSecret { key, path, reason });
                None
            }
        }
    }

    /// A list of addresses; as a variable, separated by commas or a TOML list.
    pub fn urls(&mut self, key: &'static str, schemes: &[&str]) -> Vec<Url> {
        let texts = self.strings(key).unwrap_or_default();
        let urls = texts
            .iter()
            .filter_map(|(origin, text)| address(self.reader, key, origin, text, schemes));
        urls.collect()
    }

    /// A list of strings; as a variable, separated by commas or a TOML list.
    pub fn strings(&mut self, key: &'static str) -> Option<Vec<(Origin, String)>> {
        const EXPECTED: &str = "a list of strings";
        let (_, node) = self.take(key)?;
        match node.value {
            Value::Untyped(text) => {
                let texts = listed(&text);
                Some(texts.into_iter().map(|text| (node.origin.clone(), text)).collect())
            }
            Value::Array(items) => {
                let texts = items.into_iter().filter_map(|item| {
                    let text = self.reader.text(key, &item, EXPECTED)?;
                    Some((item.origin, text))
                });
                Some(texts.collect())
            }
            other => {
                self.reader.wrong_type(key, &node.origin, EXPECTED, &other);
                None
            }
        }
    }

    pub fn out_of_range(&self, key: &str, origin: &Origin, expected: &str) {
        let (key, expected) = (key.to_owned(), expected.to_owned());
        self.reader.report(origin, ProblemKind::OutOfRange { key, expected });
    }

    /// Reports that a key that must be there is not.
    pub fn missing(&self, key: &str) {
        let (section, key) = (self.spelled(), key.to_owned());
        self.reader
            .report(&self.origin, ProblemKind::MissingKey { section, key });
    }

    /// Reports that two keys cannot both be there.
    pub fn exclusive(&self, key: &str, other: &str) {
        let (key, other) = (key.to_owned(), other.to_owned());
        self.reader.report(&self.origin, ProblemKind::Exclusive { key, other });
    }

    /// Reports what is left as unknown.
    pub fn finish(self) {
        for (key, (origin, node)) in &self.table {
            self.report_unknown(key, origin, node);
        }
    }

    fn report_unknown(&self, key: &str, origin: &Origin, node: &Node) {
        // A table that only variables made has their names deeper down: the first of them is the place.
        let origin = match (origin, &node.value) {
            (Origin::Variable(_), Value::Table(inner)) => inner.values().next().map_or(origin, |(origin, _)| origin),
            _ => origin,
        };
        let suggestion = closest(key, &self.known).map(|known| match origin {
            Origin::Variable(_) => self.variable(known),
            _ => known.to_owned(),
        });
        let kind = ProblemKind::UnknownKey {
            key: key.to_owned(),
            section: self.spelled(),
            suggestion,
            known: self.known.iter().map(|known| (*known).to_owned()).collect(),
        };
        self.reader.report(origin, kind);
    }

    fn variable(&self, key: &str) -> String {
        format!("{PREFIX}{}", self.child(key).replace('.', "__").to_ascii_uppercase())
    }

    fn spelled(&self) -> String {
        if self.name.is_empty() {
            "the root table".to_owned()
        } else {
            format!("[{}]", self.name)
        }
    }
}

fn address(reader: &Reader<'_>, key: &str, origin: &Origin, text: &str, schemes: &[&str]) -> Option<Url> {
    match Url::parse(text, schemes) {
        Ok(url) => Some(url.resolved_from(reader.folder)),
        Err(error) => {
            let key = key.to_owned();
            reader.report(origin, ProblemKind::Address { key, error });
            None
        }
    }
}

/// The one of `known` that `written` was probably meant to be: at most a slip or two away.
pub(super) fn closest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let written = written.to_ascii_lowercase();
    let distances = known
        .iter()
        .map(|known| (strsim::osa_distance(&written, known), *known));
    let (distance, closest) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + written.len() / 4).then_some(closest)
}
