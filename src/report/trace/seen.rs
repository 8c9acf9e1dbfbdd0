//! What was seen of a run so far, in bounded memory.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{Part, RunTrace};
use crate::batch::RangeRead;
use crate::emit::otlp::{Attribute, Span, SpanId, SpanKind};

/// Spans of ranges, plans and statements that are kept: some 5 MiB. Those that come after them are counted.
const MOST: usize = 10_000;

#[derive(Default)]
pub(super) struct Seen {
    pub(super) spans: Vec<Span>,
    pub(super) scans: Vec<Scan>,
    places: HashMap<String, usize>,
    /// By the numbers of the plan's readings.
    pub(super) readings: HashMap<usize, Reading>,
    pub(super) dropped: u64,
}

/// A scan whose ranges were seen.
pub(super) struct Scan {
    id: SpanId,
    attributes: Vec<Attribute>,
    ranges: u64,
    failed: u64,
    began: Instant,
    ended: Instant,
}

/// When a measure was read, and in what.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) began: Option<Instant>,
    pub(super) ended: Option<Instant>,
    pub(super) links: Vec<SpanId>,
}

impl Seen {
    pub(super) fn keep(&mut self, span: Span) {
        match self.spans.len() < MOST {
            true => self.spans.push(span),
            false => self.dropped += 1,
        }
    }

    /// A reading was taken; where nothing was seen of it, it began as long ago as it took.
    pub(super) fn reading(&mut self, index: usize, elapsed: Duration) {
        let now = Instant::now();
        let reading = self.readings.entry(index).or_default();
        reading.ended = Some(now);
        reading.began = reading.began.or_else(|| now.checked_sub(elapsed));
    }

    /// A part of the trace, which began then, is for a reading.
    pub(super) fn link(&mut self, index: usize, part: SpanId, began: Instant) {
        let reading = self.readings.entry(index).or_default();
        reading.links.push(part);
        reading.began = Some(reading.began.map_or(began, |known| known.min(began)));
    }

    /// The scan of a range, which takes the range in.
    pub(super) fn scan_of(&mut self, range: &RangeRead<'_>) -> Option<SpanId> {
        let place = match self.places.get(range.scan.id) {
            Some(place) => *place,
            None => self.begin(range),
        };
        let scan = self.scans.get_mut(place)?;
        scan.ranges += 1;
        scan.failed += u64::from(range.failure.is_some());
        // Several lanes read ranges of it at once: who ends first need not have begun first.
        scan.began = scan.began.min(range.began);
        scan.ended = scan.ended.max(range.ended);
        let (id, began) = (scan.id, scan.began);
        for index in &range.scan.measures {
            if let Some(known) = self.readings.get_mut(index).and_then(|reading| reading.began.as_mut()) {
                *known = began.min(*known);
            }
        }
        Some(id)
    }

    fn begin(&mut self, range: &RangeRead<'_>) -> usize {
        let (scan, id) = (&range.scan, SpanId::random());
        let place = self.scans.len();
        self.places.insert(scan.id.to_owned(), place);
        self.scans.push(Scan {
            id,
            attributes: vec![
                ("service_ping.database", scan.database.into()),
                ("db.collection.name", scan.table.into()),
                ("service_ping.range.kind", scan.kind.code().into()),
                ("service_ping.measures", scan.measures.len().into()),
                ("service_ping.why", scan.why.into()),
            ],
            ranges: 0,
            failed: 0,
            began: range.began,
            ended: range.ended,
        });
        for index in &scan.measures {
            self.link(*index, id, range.began);
        }
        place
    }
}

impl RunTrace {
    pub(super) fn scan_span(&self, scan: &Scan) -> Span {
        let mut attributes = scan.attributes.clone();
        attributes.push(("service_ping.ranges", scan.ranges.into()));
        attributes.push(("service_ping.ranges.failed", scan.failed.into()));
        let part = Part {
            name: "service_ping.scan",
            kind: SpanKind::Internal,
            began: scan.began,
            ended: scan.ended,
            attributes,
            links: Vec::new(),
            failure: None,
        };
        self.span(scan.id, Some(self.root), part)
    }
}
