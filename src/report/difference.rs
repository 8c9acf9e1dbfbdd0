//! What changed between two runs, metric by metric.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::measure::Reason;
use crate::state::OutcomeRecord;

/// What changed from one run to another; each list by key path.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Difference {
    /// Metrics that only the later run has.
    pub new: Vec<OutcomeRecord>,
    /// Metrics that only the earlier run has.
    pub gone: Vec<OutcomeRecord>,
    /// Metrics that had a value of their own, and have none now.
    pub failing: Vec<(OutcomeRecord, OutcomeRecord)>,
    /// Metrics that have a value of their own again.
    pub recovered: Vec<(OutcomeRecord, OutcomeRecord)>,
    /// Values that changed by more than the factor, those that changed most first.
    pub changed: Vec<Change>,
    /// Metrics that have no value of their own in either.
    pub still_failing: usize,
    /// Metrics that both runs have, with values closer than the factor.
    pub alike: usize,
}

/// A value of one metric that changed by more than was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub key_path: String,
    /// The group or the place within the value; empty where the value is one number.
    pub within: String,
    pub before: Value,
    pub after: Value,
    /// How many times the smaller goes into the larger: 1 or more, infinite from or to 0, and where a value is no number.
    pub factor: f64,
}

/// Whether the value stands for none: it has a reason, and that does not let it stand.
pub fn has_fallen_back(outcome: &OutcomeRecord) -> bool {
    let lets_it_stand = [Reason::Unreliable.code(), Reason::Binned.code()];
    outcome
        .reason
        .as_deref()
        .is_some_and(|code| !lets_it_stand.contains(&code))
}

/// Compares two runs. Numbers, also those inside of groups, count as changed where one is more than `factor` times the
/// other; anything else where it is not equal.
pub fn difference(before: &[OutcomeRecord], after: &[OutcomeRecord], factor: f64) -> Difference {
    let earlier: BTreeMap<&str, &OutcomeRecord> = before.iter().map(|one| (one.key_path.as_str(), one)).collect();
    let later: BTreeMap<&str, &OutcomeRecord> = after.iter().map(|one| (one.key_path.as_str(), one)).collect();
    let mut difference = Difference {
        gone: earlier
            .iter()
            .filter(|(key_path, _)| !later.contains_key(*key_path))
            .map(|(_, outcome)| (*outcome).clone())
            .collect(),
        ..Difference::default()
    };
    for (key_path, now) in later {
        match earlier.get(key_path) {
            None => difference.new.push(now.clone()),
            Some(then) => difference.place(then, now, factor),
        }
    }
    // A sort that keeps the order of equals: by key path.
    difference
        .changed
        .sort_by(|one, other| other.factor.total_cmp(&one.factor));
    difference
}

impl Difference {
    fn place(&mut self, then: &OutcomeRecord, now: &OutcomeRecord, factor: f64) {
        match (has_fallen_back(then), has_fallen_back(now)) {
            (true, true) => self.still_failing += 1,
            (false, true) => self.failing.push((then.clone(), now.clone())),
            (true, false) => self.recovered.push((then.clone(), now.clone())),
            (false, false) => {
                let mut changes = Vec::new();
                compare(&now.key_path, "", &then.value, &now.value, factor, &mut changes);
                if changes.is_empty() {
                    self.alike += 1;
                }
                self.changed.append(&mut changes);
            }
        }
    }

    /// Whether nothing that a person is told of has changed.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty()
            && self.gone.is_empty()
            && self.failing.is_empty()
            && self.recovered.is_empty()
            && self.changed.is_empty()
    }
}

fn compare(key_path: &str, within: &str, then: &Value, now: &Value, factor: f64, changes: &mut Vec<Change>) {
    if let (Value::Object(then), Value::Object(now)) = (then, now) {
        let missing = Value::from(0);
        let keys: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        for key in keys {
            let inner = match within {
                "" => key.clone(),
                within => format!("{within}.{key}"),
            };
            // A group without rows is no group.
            let then = then.get(key).unwrap_or(&missing);
            let now = now.get(key).unwrap_or(&missing);
            compare(key_path, &inner, then, now, factor, changes);
        }
        return;
    }
    let by = factor_between(then, now);
    if by > factor {
        changes.push(Change {
            key_path: key_path.to_owned(),
            within: within.to_owned(),
            before: then.clone(),
            after: now.clone(),
            factor: by,
        });
    }
}

/// 1 for equal values, however large.
fn factor_between(then: &Value, now: &Value) -> f64 {
    if then == now {
        return 1.0;
    }
    let (Some(then), Some(now)) = (then.as_f64(), now.as_f64()) else {
        return f64::INFINITY;
    };
    let (small, large) = (then.abs().min(now.abs()), then.abs().max(now.abs()));
    let of_one_sign = then.signum() == now.signum();
    match large == small {
        true if of_one_sign => 1.0,
        _ if small == 0.0 || !of_one_sign => f64::INFINITY,
        _ => large / small,
    }
}
