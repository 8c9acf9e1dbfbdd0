//! A measure as a part of a scan: what it asks of each range, and what its ranges add up to.

use std::sync::Arc;

use super::added::Added;
use super::bitmap::{Bitmap, BitmapBudget};
use super::keys::{ByKeys, KeySets};
use super::tally::{Merge, Tally};
use super::why::Obstacle;
use crate::measure::{DatabaseMeasure, Failure, Number, Reading, Reason};
use crate::relation::{Aggregate, Column, Dialect, IntegerWidth, Operation, Places, Relation};
use crate::sketch::HyperLogLog;
use crate::source::database::{Cells, unpacked};

/// What the measures of a run may take.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) bitmaps: BitmapBudget,
    pub(super) keys: KeySets,
    /// Groups of one measure.
    pub(super) max_groups: usize,
}

/// A measure that a scan reads.
#[derive(Debug, Clone)]
pub(super) struct Member<'a> {
    /// Its place among the measures of the run.
    pub(super) index: usize,
    pub(super) measure: &'a DatabaseMeasure,
    pub(super) asked: Asked,
    /// How its rows are picked in a scan with others, where that needs no join.
    pub(super) keys: Option<Arc<ByKeys>>,
}

/// What a measure asks of each range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// Numbers that add up.
    Numbers(Merge, Vec<Aggregate>),
    /// All integers of a column, to be told apart here.
    Distinct(Column, IntegerWidth),
    /// All integers of a column, for a sketch.
    Sketch(Column, IntegerWidth),
    /// All values of a column, a row each, for a sketch.
    Values(Column),
    /// How many groups have how many rows, of the whole relation.
    Histogram { from: i64, to: i64, size: i64 },
}

impl Member<'_> {
    /// Its rows, as a scan with others asks for them.
    pub(super) fn relation(&self) -> &Relation {
        match &self.keys {
            Some(keys) => &keys.relation,
            None => &self.measure.relation,
        }
    }

    /// The same measure, by its own joins.
    pub(super) fn joined(&self) -> Self {
        Member {
            keys: None,
            ..self.clone()
        }
    }

    /// What is asked of a range in the select list.
    pub(super) fn aggregates(&self) -> Vec<Aggregate> {
        match &self.asked {
            Asked::Numbers(_, aggregates) => aggregates.clone(),
            Asked::Distinct(column, width) | Asked::Sketch(column, width) => {
                vec![Aggregate::PackedIntegers(column.clone(), *width)]
            }
            Asked::Values(column) => vec![Aggregate::Values(column.clone())],
            Asked::Histogram { .. } => Vec::new(),
        }
    }

    /// What keeps it from standing in a statement beside others, if anything does.
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        // Ends that a definition gives are those of its own ranges.
        if self.measure.start.is_some() || self.measure.finish.is_some() {
            return Some(Obstacle::Bounded);
        }
        match &self.asked {
            Asked::Numbers(_, aggregates) => aggregates
                .iter()
                .any(|aggregate| matches!(aggregate, Aggregate::CountDistinct(_)))
                .then_some(Obstacle::DistinctValues),
            Asked::Distinct(..) | Asked::Sketch(..) => None,
            Asked::Values(_) => Some(Obstacle::Values),
            Asked::Histogram { .. } => Some(Obstacle::Histogram),
        }
    }

    /// Whether it fetches values in packed form.
    pub(super) fn is_packed(&self) -> bool {
        matches!(self.asked, Asked::Distinct(..) | Asked::Sketch(..))
    }

    /// The same measure, its distinct integers counted by ranges of themselves.
    pub(super) fn by_values(&self) -> Self {
        let asked = match (&self.asked, self.measure.operation) {
            (Asked::Distinct(column, _), Operation::DistinctCount) => {
                Asked::Numbers(Merge::Count, vec![Aggregate::CountDistinct(column.clone())])
            }
            (asked, _) => asked.clone(),
        };
        Member { asked, ..self.clone() }
    }

    /// The same measure, the integers of its sketch a row each.
    pub(super) fn unpacked(&self) -> Self {
        let asked = match &self.asked {
            Asked::Sketch(column, _) => Asked::Values(column.clone()),
            asked => asked.clone(),
        };
        Member { asked, ..self.clone() }
    }

    pub(super) fn running(&self, limits: &Limits) -> Running {
        match &self.asked {
            Asked::Numbers(merge, _) => Running::Numbers(Tally::new(
                *merge,
                self.measure.relation.is_grouped(),
                limits.max_groups,
            )),
            Asked::Histogram { .. } => Running::Numbers(Tally::new(Merge::Count, true, limits.max_groups)),
            Asked::Distinct(_, width) => Running::Distinct(Bitmap::new(&limits.bitmaps), *width),
            Asked::Sketch(_, width) => Running::Sketch(Box::default(), *width),
            Asked::Values(_) => Running::Sketch(Box::default(), IntegerWidth::Eight),
        }
    }
}

/// What a measure's ranges add up to so far.
#[derive(Debug)]
pub(super) enum Running {
    Numbers(Tally),
    Distinct(Bitmap, IntegerWidth),
    Sketch(Box<HyperLogLog>, IntegerWidth),
}

/// Why a range's answer was not added.
#[derive(Debug)]
pub(super) enum NotAdded {
    Failure(Failure),
    /// More distinct integers than there is memory for.
    Outgrown,
}

impl Running {
    /// Adds what a range gave; where it is `noted`, says what that was.
    pub(super) fn add(
        &mut self,
        rows: &[Cells],
        places: &Places,
        dialect: Dialect,
        noted: bool,
    ) -> Result<Option<Added>, NotAdded> {
        match self {
            Running::Numbers(tally) if noted => {
                let mut part = tally.of_one_range();
                part.add(rows, places).map_err(NotAdded::Failure)?;
                tally.absorb(&part).map_err(NotAdded::Failure)?;
                Ok(Some(Added::Numbers(part)))
            }
            Running::Numbers(tally) => tally.add(rows, places).map(|()| None).map_err(NotAdded::Failure),
            Running::Sketch(sketch, width) => {
                let mut part = noted.then(Box::<HyperLogLog>::default);
                let into = part.as_mut().unwrap_or(sketch);
                for packed in packed(rows, places) {
                    unpacked(dialect, *width, packed, |integer| {
                        into.add_integer(integer);
                    });
                }
                if let Some(part) = &part {
                    sketch.merge(part);
                }
                Ok(part.map(Added::Sketch))
            }
            Running::Distinct(bitmap, width) => {
                let mut new = Vec::new();
                for packed in packed(rows, places) {
                    unpacked(dialect, *width, packed, |integer| {
                        if bitmap.insert(integer) && noted {
                            new.push(integer);
                        }
                    });
                }
                bitmap.fits().then_some(()).ok_or(NotAdded::Outgrown)?;
                Ok(noted.then_some(Added::Integers(new)))
            }
        }
    }

    /// Adds to a distinct count what a range gave, and to a sketch of the same values those that were new. Both read every
    /// range once, so what is new to neither is in both. What is noted of the one holds for the other.
    pub(super) fn add_with(
        &mut self,
        sketch: &mut Running,
        rows: &[Cells],
        places: &Places,
        dialect: Dialect,
        noted: bool,
    ) -> Result<Option<Added>, NotAdded> {
        match (self, sketch) {
            (Running::Distinct(bitmap, width), Running::Sketch(sketch, _)) => {
                let mut new = Vec::new();
                for packed in packed(rows, places) {
                    unpacked(dialect, *width, packed, |integer| {
                        if bitmap.insert(integer) {
                            sketch.add_integer(integer);
                            if noted {
                                new.push(integer);
                            }
                        }
                    });
                }
                bitmap.fits().then_some(()).ok_or(NotAdded::Outgrown)?;
                Ok(noted.then_some(Added::Integers(new)))
            }
            (one, other) => {
                other.add(rows, places, dialect, false)?;
                one.add(rows, places, dialect, noted)
            }
        }
    }

    /// Adds the values that were streamed.
    pub(super) fn add_sketch(&mut self, values: &HyperLogLog, noted: bool) -> Result<Option<Added>, NotAdded> {
        match self {
            Running::Sketch(sketch, _) => {
                sketch.merge(values);
                Ok(noted.then(|| Added::Sketch(Box::new(values.clone()))))
            }
            _ => Err(NotAdded::Failure(Failure::new(
                Reason::WrongType,
                "the measure makes no sketch",
            ))),
        }
    }

    /// Adds what a range gave to another process; false where it is of another kind, or has no place here.
    pub(super) fn absorb(&mut self, added: &Added) -> bool {
        match (self, added) {
            (Running::Numbers(tally), Added::Numbers(part)) => tally.absorb(part).is_ok(),
            (Running::Sketch(sketch, _), Added::Sketch(part)) => {
                sketch.merge(part);
                true
            }
            (Running::Sketch(sketch, _), Added::Integers(integers)) => {
                integers.iter().for_each(|integer| {
                    sketch.add_integer(*integer);
                });
                true
            }
            (Running::Distinct(bitmap, _), Added::Integers(integers)) => {
                integers.iter().for_each(|integer| {
                    bitmap.insert(*integer);
                });
                bitmap.fits()
            }
            _ => false,
        }
    }

    /// # Errors
    /// `overflow` where a number has no place in 64 bits.
    pub(super) fn reading(self) -> Result<Reading, Failure> {
        match self {
            Running::Numbers(tally) => tally.reading(),
            Running::Sketch(sketch, _) => Ok(Reading::Sketch(sketch)),
            Running::Distinct(bitmap, _) => Ok(Reading::Number(Number::Integer(
                i64::try_from(bitmap.len()).unwrap_or(i64::MAX),
            ))),
        }
    }
}

/// The packed values of a member; those of no row are NULL.
fn packed<'a>(rows: &'a [Cells], places: &'a Places) -> impl Iterator<Item = &'a [u8]> {
    let of_row = |row: &'a Cells| places.values.iter().filter_map(|place| row.get(*place)?.as_deref());
    rows.iter().flat_map(of_row)
}
