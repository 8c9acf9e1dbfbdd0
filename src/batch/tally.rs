//! What the ranges of one measure add up to.

use std::collections::BTreeMap;

use super::number::ExactSum;
use crate::measure::{Failure, Number, Reading, Reason};
use crate::relation::{Aggregate, Column, Operation, Places};
use crate::source::database::Cells;

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

/// The running numbers of a measure, one for each group.
#[derive(Debug)]
pub(super) struct Tally {
    merge: Merge,
    is_grouped: bool,
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
    pub(super) fn new(merge: Merge, is_grouped: bool, max_groups: usize) -> Tally {
        Tally {
            merge,
            is_grouped,
            max_groups,
            groups: BTreeMap::new(),
        }
    }

    /// Adds what a range gave. Where a row fails the whole measure has failed, and what was added is of no use.
    ///
    /// # Errors
    /// A number that cannot be read or held, or too many groups.
    pub(super) fn add(&mut self, rows: &[Cells], places: &Places) -> Result<(), Failure> {
        for row in rows {
            if !is_of_member(row, places)? {
                continue;
            }
            let key = key_of(row, places)?;
            if self.groups.len() >= self.max_groups && !self.groups.contains_key(&key) {
                return Err(self.too_many_groups());
            }
            self.groups
                .entry(key)
                .or_default()
                .add(self.merge, row, &places.values)?;
        }
        Ok(())
    }

    /// Nothing yet, of the same kind.
    pub(super) fn of_one_range(&self) -> Tally {
        Tally::new(self.merge, self.is_grouped, self.max_groups)
    }

    /// Adds what a range gave, from a tally of its own.
    ///
    /// # Errors
    /// A number that cannot be held, or too many groups.
    pub(super) fn absorb(&mut self, part: &Tally) -> Result<(), Failure> {
        for (key, added) in &part.groups {
            if self.groups.len() >= self.max_groups && !self.groups.contains_key(key) {
                return Err(self.too_many_groups());
            }
            let group = self.groups.entry(key.clone()).or_default();
            group.sum.merge(added.sum)?;
            group.rows = group.rows.checked_add(added.rows).ok_or_else(overflow)?;
        }
        Ok(())
    }

    fn too_many_groups(&self) -> Failure {
        let message = format!("the result has more than {} groups", self.max_groups);
        Failure::new(Reason::TooManyGroups, message)
    }

    /// The numbers of each group, as JSON.
    pub(super) fn to_text(&self) -> String {
        let groups = self.groups.iter();
        let groups: serde_json::Map<String, serde_json::Value> = groups
            .map(|(key, part)| (key.clone(), serde_json::json!([part.sum.to_text(), part.rows])))
            .collect();
        serde_json::Value::Object(groups).to_string()
    }

    /// What [`Tally::to_text`] has written: numbers to be [absorbed](Tally::absorb).
    pub(super) fn from_text(text: &str) -> Option<Tally> {
        let read: BTreeMap<String, (String, i64)> = serde_json::from_str(text).ok()?;
        let groups = read.into_iter().map(|(key, (sum, rows))| {
            let sum = ExactSum::from_text(&sum)?;
            Some((key, Part { sum, rows }))
        });
        Some(Tally {
            groups: groups.collect::<Option<_>>()?,
            ..Tally::new(Merge::Count, true, usize::MAX)
        })
    }

    /// # Errors
    /// `overflow` where a sum has no place in 64 bits.
    pub(super) fn reading(self) -> Result<Reading, Failure> {
        if !self.is_grouped {
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
    fn add(&mut self, merge: Merge, row: &Cells, values: &[usize]) -> Result<(), Failure> {
        let value = |index: usize| {
            values
                .get(index)
                .ok_or_else(short_row)
                .and_then(|place| text(row, *place))
        };
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

/// Whether any of the group's rows is one of the member's.
fn is_of_member(row: &Cells, places: &Places) -> Result<bool, Failure> {
    match places.rows {
        None => Ok(true),
        Some(place) => Ok(count(text(row, place)?)? > 0),
    }
}

fn key_of(row: &Cells, places: &Places) -> Result<String, Failure> {
    let keys = places
        .keys
        .iter()
        .map(|place| Ok(text(row, *place)?.map(str::to_owned)));
    Ok(group_key(&keys.collect::<Result<Vec<_>, Failure>>()?))
}

fn text(row: &Cells, place: usize) -> Result<Option<&str>, Failure> {
    let cell = row.get(place).ok_or_else(short_row)?;
    let text = cell.as_deref().map(std::str::from_utf8).transpose();
    text.map_err(|_| Failure::new(Reason::WrongType, "the result is not text"))
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
