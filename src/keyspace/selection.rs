//! What a metric of internal events selects, and the keys that it is kept under (spec 16).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::period::push_week;
use super::rules::KeyRules;
use crate::definition::{EventOperator, EventSelection, TimeFrame};

const COUNTERS: &str = "{event_counters}_";
const SUMS: &str = "{event_sums}_";
const SKETCHES: &str = "{hll_counters}_";

/// One way to count an internal event. Metrics that select an event alike share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SelectionRule {
    /// Whether it is kept by weeks, rather than for ever.
    pub time_framed: bool,
    /// What the key says of it, before any override: name, operator, filter, identifier.
    path: String,
    /// The value whose occurrences are told apart: `user`, `label`.
    pub identifier: Option<String>,
    pub filter: BTreeMap<String, String>,
    pub operator: Option<EventOperator>,
}

/// What a rule's keys hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Sum,
    Sketch,
    Fields,
}

impl SelectionRule {
    pub fn new(selection: &EventSelection, time_frame: TimeFrame) -> SelectionRule {
        SelectionRule {
            time_framed: matches!(time_frame, TimeFrame::SevenDays | TimeFrame::TwentyEightDays),
            path: path(selection),
            identifier: selection.identifier().map(str::to_owned),
            filter: selection.filter.clone(),
            operator: selection.operator,
        }
    }

    /// All occurrences of an event: counted whether a metric asks for them or not.
    pub(super) fn occurrences(name: &str, time_framed: bool) -> SelectionRule {
        SelectionRule {
            time_framed,
            path: name.to_owned(),
            identifier: None,
            filter: BTreeMap::new(),
            operator: None,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match (self.operator, &self.identifier) {
            (Some(EventOperator::SumOfValues), _) => Kind::Sum,
            (Some(EventOperator::Total), Some(_)) => Kind::Fields,
            (_, Some(_)) => Kind::Sketch,
            (_, None) => Kind::Counter,
        }
    }

    /// The key for the week of `day`, or the one of all time.
    pub fn key(&self, rules: &KeyRules, day: NaiveDate) -> String {
        let slot = match self.kind() {
            Kind::Counter => COUNTERS,
            Kind::Sum => SUMS,
            Kind::Sketch | Kind::Fields => SKETCHES,
        };
        let mut key = format!("{slot}{}", rules.sketch_name(&self.path));
        if self.time_framed {
            key.push('-');
            push_week(&mut key, day);
        }
        match self.kind() {
            Kind::Counter => rules.counter_key(&key).to_owned(),
            _ => key,
        }
    }
}

/// `name-operator:sum(value)-filter:[label:npm,property:x]-user`, each part where there is one.
fn path(selection: &EventSelection) -> String {
    let mut path = selection.name.clone();
    if let Some(operator) = selection.operator {
        path.push_str("-operator:");
        path.push_str(operator.as_str());
    }
    if !selection.filter.is_empty() {
        let parts: Vec<String> = selection
            .filter
            .iter()
            .map(|(property, value)| format!("{property}:{value}"))
            .collect();
        path.push_str(&format!("-filter:[{}]", parts.join(",")));
    }
    if let Some(identifier) = selection.identifier() {
        path.push('-');
        path.push_str(identifier);
    }
    path
}
