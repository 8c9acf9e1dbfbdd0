//! Each metric against what was accepted of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::terms::{Terms, set_digest};
use crate::definition::{DataCategory, Loaded, MetricDefinition};
use crate::instrumentation::Context;
use crate::report::{PlannedMetric, Selection};
use crate::state::{Acceptance, AcceptedDefinition};

/// How a metric stands to what was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stand {
    /// As it reads now it was accepted.
    Accepted,
    /// Nothing was accepted under its key path.
    New,
    /// Something else was accepted under its key path.
    Changed,
    /// It was accepted, and no definition that may leave has its key path any more.
    Gone,
}

impl Stand {
    /// As people and scripts read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stand::Accepted => "accepted",
            Stand::New => "new",
            Stand::Changed => "changed",
            Stand::Gone => "gone",
        }
    }
}

/// One key path with what it says now and what it said when it was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    pub key_path: String,
    /// Of a metric that is gone, the one it was accepted in.
    pub category: String,
    pub description: String,
    pub stand: Stand,
    /// `None` where it is gone.
    pub now: Option<Terms>,
    /// `None` where it is new.
    pub accepted: Option<Acceptance>,
}

impl Subject {
    /// The fields of the terms that differ, with what they were and what they are.
    pub fn changes(&self) -> Vec<(String, Value, Value)> {
        let fields = |text: &str| match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (Some(now), Some(accepted)) = (&self.now, &self.accepted) else {
            return Vec::new();
        };
        let (now, before) = (fields(&now.text), fields(&accepted.terms));
        let names: BTreeSet<&String> = now.keys().chain(before.keys()).collect();
        let of = |fields: &serde_json::Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
        names
            .into_iter()
            .map(|name| (name.clone(), of(&before, name), of(&now, name)))
            .filter(|(_, before, now)| before != now)
            .collect()
    }
}

/// All that may leave by the configuration, against what was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// By key path.
    pub subjects: Vec<Subject>,
    /// Of all that is defined now, whether it was accepted or not.
    pub digest: String,
}

impl Standing {
    /// Holds the definitions that the selection takes against what was accepted. What the operator has switched off is
    /// not asked about: switched on again, it is new unless it was accepted before.
    pub fn of(loaded: &Loaded, context: &Context<'_>, selection: &Selection, accepted: Vec<Acceptance>) -> Standing {
        let mut accepted: BTreeMap<String, Acceptance> = accepted
            .into_iter()
            .map(|acceptance| (acceptance.key_path.clone(), acceptance))
            .collect();
        let definitions = loaded.catalog.metrics.iter();
        let asked = definitions.filter(|definition| !definition.is_removed() && selection.takes(definition));
        let mut subjects: Vec<Subject> = asked
            .map(|definition| {
                let before = accepted.remove(definition.key_path.as_str());
                subject(definition, Terms::of(definition, context), before)
            })
            .collect();
        let digest = set_digest(subjects.iter().filter_map(|subject| {
            let now = subject.now.as_ref()?;
            Some((subject.key_path.as_str(), now.digest.as_str()))
        }));
        subjects.extend(accepted.into_values().map(gone));
        subjects.sort_by(|left, right| left.key_path.cmp(&right.key_path));
        Standing { subjects, digest }
    }

    /// The subjects that stand so.
    pub fn standing(&self, stand: Stand) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(move |subject| subject.stand == stand)
    }

    /// What stays here: new and changed metrics.
    pub fn held_back(&self) -> Vec<&Subject> {
        let is_held = |subject: &&Subject| matches!(subject.stand, Stand::New | Stand::Changed);
        self.subjects.iter().filter(is_held).collect()
    }

    /// What a planned metric must be in to leave. A definition that was left out because of its errors is in none: as it
    /// stands it was never accepted.
    pub fn takes(&self) -> impl Fn(&PlannedMetric<'_>) -> bool {
        let accepted: HashSet<String> = self
            .standing(Stand::Accepted)
            .map(|subject| subject.key_path.clone())
            .collect();
        move |metric| metric.definition.is_some() && accepted.contains(metric.key_path.as_str())
    }

    /// The subjects as they are accepted now.
    pub fn to_accept<'a>(subjects: impl IntoIterator<Item = &'a Subject>) -> Vec<AcceptedDefinition> {
        let accepted = subjects.into_iter().filter_map(|subject| {
            let now = subject.now.as_ref()?;
            Some(AcceptedDefinition {
                key_path: subject.key_path.clone(),
                digest: now.digest.clone(),
                terms: now.text.clone(),
            })
        });
        accepted.collect()
    }
}

fn subject(definition: &MetricDefinition, now: Terms, accepted: Option<Acceptance>) -> Subject {
    let stand = match &accepted {
        None => Stand::New,
        Some(accepted) if accepted.digest == now.digest => Stand::Accepted,
        Some(_) => Stand::Changed,
    };
    Subject {
        key_path: definition.key_path.to_string(),
        category: definition.data_category.as_str().to_owned(),
        description: definition.description.trim().to_owned(),
        stand,
        now: Some(now),
        accepted,
    }
}

fn gone(accepted: Acceptance) -> Subject {
    let terms: Value = serde_json::from_str(&accepted.terms).unwrap_or_default();
    let text = |name: &str| terms.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let category = text("data_category");
    Subject {
        key_path: accepted.key_path.clone(),
        category: match category.as_str() {
            "" => DataCategory::Optional.as_str().to_owned(),
            _ => category,
        },
        description: text("description"),
        stand: Stand::Gone,
        now: None,
        accepted: Some(accepted),
    }
}
