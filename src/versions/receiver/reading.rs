//! What is read off payloads and metadata as they come, in one pass.

use super::dev_ops::{self, Score};
use super::leaves::{Leaf, walk};

/// Numbers of one payload that pages can show; a real one has some thousand.
const MOST_NUMBERS: usize = 20_000;
/// Failures of one payload or metadata that are counted.
const MOST_FAILURES: usize = 5_000;
/// Key paths that are longer are not shown across the fleet.
const LONGEST_PATH: usize = 500;
/// Texts of an instance that are longer are cut off.
const LONGEST_TEXT: usize = 255;

/// Reason codes of metrics that have a value all the same.
const REMARKS: [&str; 2] = ["binned", "unreliable"];

/// A payload, read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PayloadReading {
    pub(super) uuid: Option<String>,
    pub(super) recorded_at: Option<String>,
    pub(super) hostname: Option<String>,
    pub(super) version: Option<String>,
    pub(super) edition: Option<String>,
    pub(super) installation_type: Option<String>,
    pub(super) license_id: Option<String>,
    pub(super) license_md5: Option<String>,
    pub(super) license_sha256: Option<String>,
    /// The numbers below the root's keys, by key path.
    pub(super) numbers: Vec<(String, f64)>,
    pub(super) failures: Vec<MetricFailure>,
    pub(super) score: Score,
}

/// Metadata, read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct MetadataReading {
    pub(super) uuid: Option<String>,
    pub(super) failures: Vec<MetricFailure>,
}

/// A metric without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MetricFailure {
    pub(super) key_path: String,
    /// A reason code, or the fallback value where there is no code.
    pub(super) reason: String,
}

/// Whether a number stands for a failure: the two fallbacks of the payload's contract.
pub(super) fn is_fallback(number: f64) -> bool {
    number == -1.0 || number == -2.0
}

impl PayloadReading {
    /// Reads a payload.
    ///
    /// # Errors
    /// It is not JSON.
    pub(super) fn of(body: &str) -> Result<PayloadReading, serde_json::Error> {
        let mut reading = PayloadReading::default();
        let mut counters = dev_ops::Counters::default();
        walk(body, &mut |path, leaf| {
            counters.note(path, leaf);
            reading.note(path, leaf);
        })?;
        reading.score = counters.score();
        Ok(reading)
    }

    fn note(&mut self, path: &str, leaf: Leaf<'_>) {
        let place = match path {
            "uuid" => return self.uuid = leaf.text().map(str::to_owned),
            "recorded_at" => &mut self.recorded_at,
            "hostname" => &mut self.hostname,
            "version" => &mut self.version,
            "edition" => &mut self.edition,
            "installation_type" => &mut self.installation_type,
            "license_id" => return self.license_id = text_or_number(leaf),
            "license_md5" => &mut self.license_md5,
            "license_sha256" => &mut self.license_sha256,
            _ => return self.note_number(path, leaf),
        };
        *place = leaf.text().map(shown);
    }

    fn note_number(&mut self, path: &str, leaf: Leaf<'_>) {
        let Leaf::Number(number) = leaf else { return };
        if path.len() > LONGEST_PATH || path.contains('\0') {
            return;
        }
        if is_fallback(number) && self.failures.len() < MOST_FAILURES {
            // A histogram that failed is {"-1": -1}.
            let key_path = path.strip_suffix(".-1").unwrap_or(path);
            self.failures.push(MetricFailure {
                key_path: key_path.to_owned(),
                reason: format!("{number}"),
            });
        }
        if self.numbers.len() < MOST_NUMBERS {
            self.numbers.push((path.to_owned(), number));
        }
    }
}

impl MetadataReading {
    /// Reads metadata.
    ///
    /// # Errors
    /// It is not JSON.
    pub(super) fn of(body: &str) -> Result<MetadataReading, serde_json::Error> {
        let mut reading = MetadataReading::default();
        walk_outcomes(body, &mut |item| match item {
            MetadataItem::Uuid(uuid) => reading.uuid = Some(uuid.to_owned()),
            MetadataItem::Outcome(outcome) => reading.note(outcome),
        })?;
        Ok(reading)
    }

    fn note(&mut self, outcome: &Outcome) {
        let (Some(name), Some(error)) = (&outcome.name, &outcome.error) else {
            return;
        };
        let reason = code(error);
        let is_shown = name.len() <= LONGEST_PATH && !name.contains('\0');
        if is_shown && !REMARKS.contains(&reason.as_str()) && self.failures.len() < MOST_FAILURES {
            let key_path = name.clone();
            self.failures.push(MetricFailure { key_path, reason });
        }
    }
}

/// The uuid of an error report.
///
/// # Errors
/// It is not JSON.
pub(super) fn uuid_of_error(body: &str) -> Result<Option<String>, serde_json::Error> {
    let mut uuid = None;
    walk(body, &mut |path, leaf| {
        if path == "error.uuid" {
            uuid = leaf.text().map(str::to_owned);
        }
    })?;
    Ok(uuid)
}

/// One metric's entry in metadata.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Outcome {
    pub(super) name: Option<String>,
    pub(super) time_elapsed: Option<f64>,
    pub(super) error: Option<String>,
    pub(super) error_bound: Option<f64>,
}

/// What metadata holds.
pub(super) enum MetadataItem<'a> {
    Uuid(&'a str),
    Outcome(&'a Outcome),
}

/// Tells `each` the uuid and every metric's entry.
///
/// # Errors
/// It is not JSON.
pub(super) fn walk_outcomes(body: &str, each: &mut dyn FnMut(MetadataItem<'_>)) -> Result<(), serde_json::Error> {
    let mut place = String::new();
    let mut outcome = Outcome::default();
    walk(body, &mut |path, leaf| {
        if path == "metadata.uuid" {
            return leaf.text().into_iter().for_each(|uuid| each(MetadataItem::Uuid(uuid)));
        }
        let entry = path
            .strip_prefix("metadata.metrics.")
            .and_then(|rest| rest.split_once('.'));
        let Some((index, field)) = entry else { return };
        if index != place {
            if outcome.name.is_some() {
                each(MetadataItem::Outcome(&outcome));
            }
            outcome = Outcome::default();
            index.clone_into(&mut place);
        }
        match field {
            "name" => outcome.name = leaf.text().map(str::to_owned),
            "time_elapsed" => outcome.time_elapsed = leaf.number(),
            "error" => outcome.error = leaf.text().map(str::to_owned),
            "error_bound" => outcome.error_bound = leaf.number(),
            _ => {}
        }
    })?;
    if outcome.name.is_some() {
        each(MetadataItem::Outcome(&outcome));
    }
    Ok(())
}

/// The reason code that an error begins with; other texts are no codes, and too many to be counted apart.
fn code(error: &str) -> String {
    let code = error
        .split(|letter: char| !letter.is_ascii_lowercase() && letter != '_')
        .next();
    let code = code.filter(|code| code.len() >= 3 && code.len() <= 40);
    code.unwrap_or("other").to_owned()
}

/// A text as the store's columns have it: without NUL, and no longer than it needs.
fn shown(text: &str) -> String {
    let cut = text.char_indices().nth(LONGEST_TEXT).map_or(text.len(), |(at, _)| at);
    text.get(..cut).unwrap_or_default().replace('\0', "\u{fffd}")
}

fn text_or_number(leaf: Leaf<'_>) -> Option<String> {
    match leaf {
        Leaf::Text(text) => Some(shown(text)),
        Leaf::Number(number) => Some(number.to_string()),
        Leaf::Null | Leaf::Boolean(_) => None,
    }
}
