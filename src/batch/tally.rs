//! What the ranges of one measure add up to.

use std::collections::BTreeMap;

use super::number::ExactSum;
use crate::measure::{Failure, Number, Reading, Reason};
use crate::relation::{Aggregate, Column, Operation};
use crate::source::database::Row;

/// How an operation is asked of one range, and how its ranges are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    /// Counts add up.
    Count,
    /// Sums add up; no rows at all make 0.
    Sum,
    /// Sums and counts add up, and are divided at the end: the average is weighted by construction.
    Average,
}

/// The running result of a measure.
#[derive(Debug)]
pub(super) struct Tally {
    merge: Merge,
    /// How many group keys stand before the aggregates of a row.
    keys: usize,
    /// More groups than this belong in a warehouse, not in a payload.
    max_groups: usize,
    groups: BTreeMap<String, Part>,
}

#[derive(Debug, Default)]
struct Part {
    sum: ExactSum,
    rows: i64,
}

impl Tally {
    pub(super) fn new(merge: Merge, keys: usize, max_groups: usize) -> Tally {
        Tally {
            merge,
            keys,
            max_groups,
            groups: BTreeMap::new(),
        }
    }

    /// # Errors
    /// A number that cannot be read or held, or too many groups.
    pub(super) fn add(&mut self, rows: &[Row]) -> Result<(), Failure> {
        for row in rows {
            let Some((keys, values)) = row.split_at_checked(self.keys) else {
                return Err(short_row());
            };
            let key = group_key(keys);
            if self.groups.len() >= self.max_groups && !self.groups.contains_key(&key) {
                let message = format!("the result has more than {} groups", self.max_groups);
                return Err(Failure::new(Reason::TooManyGroups, message));
            }
            self.groups.entry(key).or_default().add(self.merge, values)?;
        }
        Ok(())
    }

    /// # Errors
    /// `overflow` where a sum has no place in 64 bits.
    pub(super) fn reading(self) -> Result<Reading, Failure> {
        if self.keys == 0 {
            let part = self.groups.into_values().next().unwrap_or_default();
            return Ok(part.number(self.merge)?.map_or(Reading::Empty, Reading::Number));
        }
        let merge = self.merge;
        let groups = self
            .groups
            .into_iter()
            .map(|(key, part)| Ok((key, part.number(merge)?)));
        Ok(Reading::Groups(groups.collect::<Result<_, Failure>>()?))
    }
}

impl Part {
    fn add(&mut self, merge: Merge, values: &[Option<String>]) -> Result<(), Failure> {
        let value = |index: usize| values.get(index).ok_or_else(short_row).map(Option::as_deref);
        match merge {
            Merge::Count => self.rows = self.rows.checked_add(count(value(0)?)?).ok_or_else(overflow)?,
            Merge::Sum => self.add_sum(value(0)?)?,
            Merge::Average => {
                self.add_sum(value(0)?)?;
                self.rows = self.rows.checked_add(count(value(1)?)?).ok_or_else(overflow)?;
            }
        }
        Ok(())
    }

    fn add_sum(&mut self, text: Option<&str>) -> Result<(), Failure> {
        text.map_or(Ok(()), |text| self.sum.add(text))
    }

    fn number(&self, merge: Merge) -> Result<Option<Number>, Failure> {
        match merge {
            Merge::Count => Ok(Some(Number::Integer(self.rows))),
            Merge::Sum => self.sum.total().map(Some),
            Merge::Average if self.rows == 0 => Ok(None),
            Merge::Average => self.sum.over(self.rows).map(Some),
        }
    }
}

/// What one range is asked for.
pub(super) fn aggregates(operation: Operation, column: Option<&Column>) -> Option<(Merge, Vec<Aggregate>)> {
    let plan = match (operation, column.cloned()) {
        (Operation::Count, None) => (Merge::Count, vec![Aggregate::CountRows]),
        (Operation::Count, Some(column)) => (Merge::Count, vec![Aggregate::Count(column)]),
        (Operation::DistinctCount, Some(column)) => (Merge::Count, vec![Aggregate::CountDistinct(column)]),
        (Operation::Sum, Some(column)) => (Merge::Sum, vec![Aggregate::Sum(column)]),
        (Operation::Average, Some(column)) => (
            Merge::Average,
            vec![Aggregate::Sum(column.clone()), Aggregate::Count(column)],
        ),
        _ => return None,
    };
    Some(plan)
}

/// NULL is `""`; several keys are the text of a JSON array, as Ruby prints them.
pub(super) fn group_key(keys: &[Option<String>]) -> String {
    match keys {
        [] => String::new(),
        [key] => key.clone().unwrap_or_default(),
        keys => {
            let shown: Vec<String> = keys.iter().map(|key| shown_key(key.as_deref())).collect();
            format!("[{}]", shown.join(", "))
        }
    }
}

fn shown_key(key: Option<&str>) -> String {
    match key {
        None => "null".to_owned(),
        Some(key) if key.parse::<i64>().is_ok() => key.to_owned(),
        Some(key) => serde_json::Value::from(key).to_string(),
    }
}

fn count(text: Option<&str>) -> Result<i64, Failure> {
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| Failure::new(Reason::WrongType, "the result is not a count"))
}

fn short_row() -> Failure {
    Failure::new(Reason::WrongType, "the result has fewer columns than were asked for")
}

fn overflow() -> Failure {
    Failure::new(Reason::Overflow, "the count does not fit into 64 bits")
}
