//! Who looks on while measures are read.

use std::time::Instant;

use super::split::SplitKind;
use crate::measure::Reason;

/// Is told what the lanes of a database have done, as soon as it is done: where, how long and for which measures, never what
/// came of it.
pub trait Observer: Sync {
    /// Whether anybody looks on; if not, nothing is told.
    fn looks_on(&self) -> bool;

    /// The measures of a table were planned.
    fn planned(&self, planned: TablePlanned<'_>);

    /// A range of a scan was read, or was not.
    fn range(&self, range: RangeRead<'_>);

    /// A statement of one measure alone was answered, or was not.
    fn statement(&self, statement: StatementSent<'_>);
}

/// Measures that were planned together.
#[derive(Debug, Clone)]
pub struct TablePlanned<'a> {
    pub database: &'a str,
    /// The table's name, or what the relation calls it.
    pub table: &'a str,
    /// How many measures.
    pub measures: usize,
    pub statements: u64,
    pub began: Instant,
    pub ended: Instant,
}

/// A range that was read.
#[derive(Debug, Clone)]
pub struct RangeRead<'a> {
    pub scan: ScanSeen<'a>,
    /// Its number among the ranges of its scan, from 1.
    pub number: u64,
    /// How many measures it was read for.
    pub measures: usize,
    /// The server, 0 for the first one.
    pub server: usize,
    pub began: Instant,
    pub ended: Instant,
    /// Why it was not read.
    pub failure: Option<Reason>,
}

/// The scan that a range is a part of.
#[derive(Debug, Clone)]
pub struct ScanSeen<'a> {
    /// Another one for each scan.
    pub id: &'a str,
    pub database: &'a str,
    /// The table's name, or what the relation calls it.
    pub table: &'a str,
    /// What its ranges are made of.
    pub kind: SplitKind,
    /// Why its measures are read together, as [`Why::code`](super::Why::code) has it.
    pub why: &'static str,
    /// The numbers of all its measures.
    pub measures: Vec<usize>,
}

/// A statement of one measure alone.
#[derive(Debug, Clone)]
pub struct StatementSent<'a> {
    pub database: &'a str,
    /// The number of its measure.
    pub measure: usize,
    pub began: Instant,
    pub ended: Instant,
    /// Why there is no answer.
    pub failure: Option<Reason>,
}

/// Nobody.
pub struct NoObserver;

impl Observer for NoObserver {
    fn looks_on(&self) -> bool {
        false
    }

    fn planned(&self, _: TablePlanned<'_>) {}

    fn range(&self, _: RangeRead<'_>) {}

    fn statement(&self, _: StatementSent<'_>) {}
}
