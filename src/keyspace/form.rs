//! The two spellings of a sketch's key, and the check that a key can be one (spec 6.2).

use chrono::NaiveDate;

use super::period::{day_of, push_week};
use crate::definition::Aggregation;

/// What all sketches of today have in common, so that a cluster keeps them on one node.
const SLOT_OF_TODAY: &str = "{hll_counters}_";

/// How an event's keys are spelt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// The name with its slot in braces.
    Slots(String),
    HllCounters,
}

/// Every occurrence of the slot stands in braces; without a slot the whole name does.
pub(super) fn slotted(name: &str, slot: Option<&str>) -> String {
    match slot.filter(|slot| !slot.is_empty()) {
        Some(slot) => name.replace(slot, &format!("{{{slot}}}")),
        None => format!("{{{name}}}"),
    }
}

/// The key of a sketch for the week or day of `day`; `name` is the one that sketches of today stand under.
pub(super) fn sketch_key(form: &Form, name: &str, aggregation: Aggregation, context: &str, day: NaiveDate) -> String {
    let mut key = String::with_capacity(context.len() + name.len() + 32);
    if !context.is_empty() {
        key.push_str(context);
        key.push('_');
    }
    match (form, aggregation) {
        (Form::Slots(name), Aggregation::Weekly) => dated(&mut key, &[name], day),
        (Form::Slots(name), Aggregation::Daily) => {
            key.push_str(&day_of(day));
            key.push('-');
            key.push_str(name);
        }
        (Form::HllCounters, _) => dated(&mut key, &[SLOT_OF_TODAY, name], day),
    }
    key
}

fn dated(key: &mut String, parts: &[&str], day: NaiveDate) {
    parts.iter().for_each(|part| key.push_str(part));
    key.push('-');
    push_week(key, day);
}

/// Whether `key` is one that a sketch may be written under: one pair of braces around word characters, and around it word
/// characters, colons and dashes; after it also brackets and commas, for filters.
pub(super) fn is_sketch_key(key: &str) -> bool {
    let Some((before, rest)) = key.split_once('{') else {
        return false;
    };
    let Some((slot, after)) = rest.split_once('}') else {
        return false;
    };
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_plain = |c: char| is_word(c) || c == ':' || c == '-';
    before.chars().all(is_plain)
        && !slot.is_empty()
        && slot.chars().all(is_word)
        && after.chars().all(|c| is_plain(c) || matches!(c, '[' | ']' | ','))
}
