//! From the table to settings: aliases, keys of earlier drafts, defaults.

use std::collections::BTreeMap;
use std::time::Duration;

use super::go_duration;
use super::notice::{Notice, NoticeKind};
use super::settings::{AGE, FILES, LogrotateSettings, SnowplowBillingSettings, UsageLogSettings};
use super::writers::writers;
use crate::config::problem::ProblemKind;
use crate::config::section::Section;
use crate::config::tree::{Node, Origin, Value};

type Found = Option<(Origin, Node)>;

/// A table being read, and what is to be said of it.
pub(super) struct Reading<'a> {
    pub section: Section<'a>,
    pub notices: Vec<Notice>,
}

impl Reading<'_> {
    pub fn notice(&mut self, origin: &Origin, kind: NoticeKind) {
        let place = self.section.reader.place(origin);
        self.notices.push(Notice { place, kind });
    }
}

impl UsageLogSettings {
    /// Reads `[experimental.usage_logger]`.
    pub(in crate::config) fn read(section: Section<'_>) -> UsageLogSettings {
        let mut reading = Reading {
            section,
            notices: Vec::new(),
        };
        let enabled = reading.section.boolean("enabled").unwrap_or(false);
        let writers = writers(&mut reading);
        let logrotate = logrotate(&mut reading);
        let is_wanted = enabled && writers.contains(&super::WriterKind::SnowplowBilling);
        let snowplow_billing = snowplow_billing(&mut reading, is_wanted);
        let origin = reading.section.origin().clone();
        let mut settings = UsageLogSettings {
            enabled,
            writers,
            logrotate,
            snowplow_billing,
            notices: Vec::new(),
        };
        if enabled && settings.chosen().is_empty() {
            reading.notice(&origin, NoticeKind::NoWriter);
        }
        reading.section.finish();
        settings.notices = reading.notices;
        settings
    }
}

/// The table of files; where it lacks a key, the flat one of earlier versions stands in.
fn logrotate(reading: &mut Reading<'_>) -> LogrotateSettings {
    let reader = reading.section.reader;
    let mut table = reading.section.section("logrotate");
    let log_dir = either(
        reading,
        &mut table,
        "log_dir",
        "say it in [experimental.usage_logger.logrotate]",
    );
    let text = log_dir.and_then(|(_, node)| reader.text("log_dir", &node, "a path"));
    let log_dir = text.filter(|text| !text.is_empty());
    let files = either(
        reading,
        &mut table,
        "max_backup_files",
        "say it in [experimental.usage_logger.logrotate]",
    );
    let files = files.and_then(|found| files_of(reading, found));
    let age = either(
        reading,
        &mut table,
        "max_rotation_age",
        "say it in [experimental.usage_logger.logrotate]",
    );
    let age = age.and_then(|found| age_of(reading, found));
    let labels = either(
        reading,
        &mut table,
        "labels",
        "say it in [experimental.usage_logger.logrotate]",
    );
    let labels = labels.map(|(origin, node)| labels_of(&reading.section, &origin, node));
    let settings = LogrotateSettings {
        log_dir: reader.path(log_dir.as_deref().unwrap_or("usage-log")),
        max_backup_files: files.unwrap_or(FILES),
        max_rotation_age: age.unwrap_or(AGE),
        max_file_mib: table.integer("max_file_mib", 1..=1_048_576),
        fsync: table.boolean("fsync").unwrap_or(false),
        gzip: table.boolean("gzip").unwrap_or(false),
        labels: labels.unwrap_or_default(),
    };
    table.finish();
    settings
}

/// What the table has at `key`, or else the flat key of the same name, which is said to be deprecated.
fn either(reading: &mut Reading<'_>, table: &mut Section<'_>, key: &'static str, instead: &'static str) -> Found {
    let is_empty = |node: &Node| matches!(&node.value, Value::String(text) if text.is_empty());
    let (here, flat) = (table.take(key), reading.section.take(key));
    let here = here.filter(|(_, node)| !is_empty(node));
    let flat = flat.filter(|(_, node)| !is_empty(node));
    if let Some((origin, _)) = &flat {
        let kind = match &here {
            Some(_) => NoticeKind::Shadowed { key },
            None => NoticeKind::Deprecated { key, instead },
        };
        reading.notice(origin, kind);
    }
    here.or(flat)
}

/// How many files; 0 and less are as if nothing were said.
fn files_of(reading: &mut Reading<'_>, (origin, node): (Origin, Node)) -> Option<usize> {
    const KEY: &str = "max_backup_files";
    let number = match &node.value {
        Value::Integer(number) => Some(*number),
        Value::Untyped(text) => text.trim().parse().ok(),
        _ => None,
    };
    let Some(number) = number else {
        let reader = reading.section.reader;
        reader.wrong_type(KEY, &node.origin, "a whole number", &node.value);
        return None;
    };
    above(reading, &origin, KEY, number).and_then(|number| usize::try_from(number).ok())
}

/// How old a file grows, as Go writes it or in nanoseconds; 0 and less are as if nothing were said.
fn age_of(reading: &mut Reading<'_>, (origin, node): (Origin, Node)) -> Option<Duration> {
    const KEY: &str = "max_rotation_age";
    const EXPECTED: &str = "a duration such as \"24h\" or \"1h30m\", or a whole number of nanoseconds";
    let reader = reading.section.reader;
    let nanoseconds = match &node.value {
        Value::Integer(number) => Some(*number),
        Value::String(_) | Value::Untyped(_) => {
            let text = reader.text(KEY, &node, EXPECTED)?;
            let text = text.trim();
            text.parse().ok().or_else(|| go_duration::parse(text))
        }
        other => {
            reader.wrong_type(KEY, &node.origin, EXPECTED, other);
            return None;
        }
    };
    if nanoseconds.is_none() {
        reading.section.out_of_range(KEY, &node.origin, EXPECTED);
    }
    above(reading, &origin, KEY, nanoseconds?).map(Duration::from_nanos)
}

fn above(reading: &mut Reading<'_>, origin: &Origin, key: &'static str, number: i64) -> Option<u64> {
    let above = u64::try_from(number).ok().filter(|number| *number > 0);
    if above.is_none() {
        reading.notice(origin, NoticeKind::NotAbove { key });
    }
    above
}

fn labels_of(section: &Section<'_>, origin: &Origin, node: Node) -> BTreeMap<String, String> {
    let Some(table) = section.nested("labels", origin.clone(), node) else {
        return BTreeMap::new();
    };
    let reader = table.reader;
    let labels = table.entries().filter_map(|(name, node)| {
        let text = reader.text(&name, &node, "a string")?;
        Some((name, text))
    });
    labels.collect()
}

/// The table of billing events, under its own name or that of the draft.
fn snowplow_billing(reading: &mut Reading<'_>, is_wanted: bool) -> Option<SnowplowBillingSettings> {
    const NAME: &str = "snowplow_billing";
    let (table, draft) = (reading.section.take(NAME), reading.section.take("snowplow"));
    if let (Some(_), Some((origin, _))) = (&table, &draft) {
        let (key, other) = ("snowplow".to_owned(), NAME.to_owned());
        let kind = ProblemKind::Exclusive { key, other };
        reading.section.reader.report(origin, kind);
    } else if let Some((origin, _)) = &draft {
        let (key, instead) = (
            "snowplow",
            "name the table [experimental.usage_logger.snowplow_billing]",
        );
        reading.notice(origin, NoticeKind::Deprecated { key, instead });
    }
    let origin = reading.section.origin().clone();
    let Some((origin, node)) = table.or(draft) else {
        if is_wanted {
            reading.notice(&origin, NoticeKind::NoCollector);
        }
        return None;
    };
    let table = reading.section.nested(NAME, origin.clone(), node)?;
    let before = table.reader.problems.borrow().len();
    let settings = super::billing::read(reading, table);
    let is_sound = reading.section.reader.problems.borrow().len() == before;
    if settings.is_none() && is_wanted && is_sound {
        reading.notice(&origin, NoticeKind::NoCollector);
    }
    settings
}
