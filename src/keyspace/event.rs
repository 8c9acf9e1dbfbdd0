//! One event, as its keys need to know it.

use std::time::Duration;

use super::form::{Form, slotted};
use super::rules::KeyRules;
use crate::definition::{Aggregation, KeyFormat, KnownEvent};

const DAY: u64 = 24 * 60 * 60;
/// The life of a daily key and of a weekly one where the event says nothing else.
const DAILY: Duration = Duration::from_secs(29 * DAY);
pub(super) const WEEKLY: Duration = Duration::from_secs(6 * 7 * DAY);

/// An event whose unique values are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub name: String,
    pub category: Option<String>,
    /// `None` where the whole name is its slot.
    pub slot: Option<String>,
    pub aggregation: Aggregation,
    pub feature_flag: Option<String>,
    /// How long its keys live after the last write.
    pub life: Duration,
    /// Whether a list of known events names it, rather than a definition of today.
    pub is_known: bool,
    pub(super) form: Form,
    /// Whether its name and slot make keys that a sketch may be written under.
    pub(super) has_keys: bool,
}

impl Event {
    pub(super) fn known(event: &KnownEvent, rules: &KeyRules) -> Event {
        let own = event.expiry.map(|days| Duration::from_secs(u64::from(days) * DAY));
        let (aggregation, form) = match rules.format {
            KeyFormat::Slots => (
                event.aggregation,
                Form::Slots(slotted(&event.name, event.redis_slot.as_deref())),
            ),
            // Of daily events GitLab kept weekly keys from then on.
            KeyFormat::HllCounters => (Aggregation::Weekly, Form::HllCounters),
        };
        let usual = match aggregation {
            Aggregation::Daily => DAILY,
            Aggregation::Weekly => WEEKLY,
        };
        Event {
            name: event.name.clone(),
            category: event.category.clone(),
            slot: event.redis_slot.clone(),
            aggregation,
            feature_flag: event.feature_flag.clone(),
            life: own.unwrap_or(usual),
            is_known: true,
            form,
            has_keys: true,
        }
    }

    /// An event that a definition of today names: no slot, no category, weekly.
    pub(super) fn of_today(name: &str) -> Event {
        Event {
            name: name.to_owned(),
            category: None,
            slot: None,
            aggregation: Aggregation::Weekly,
            feature_flag: None,
            life: WEEKLY,
            is_known: false,
            form: Form::HllCounters,
            has_keys: true,
        }
    }

    /// `daily` or `weekly`, a slot and so on, as `service-ping events list` shows them.
    pub fn has_slots(&self) -> bool {
        matches!(self.form, Form::Slots(_))
    }
}
