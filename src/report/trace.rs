//! A run as a trace: what took how long, for whoever has a collector. It holds times, names and reasons, and no value.
//!
//! The run is the root. Below it stand the planning of tables, the scans with a span for each of their ranges, statements
//! of single metrics, the reading of the event store, each metric, and the delivery. A metric is linked to the scans that it
//! was read in, because a scan is of several.

mod metrics;
mod run;
mod seen;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use uuid::Uuid;

use crate::batch::{Observer, RangeRead, StatementSent, TablePlanned, Taken};
use crate::emit::otlp::{Attribute, Clock, Span, SpanId, SpanKind, SpanStatus, TraceId};
use crate::measure::Reason;
use seen::Seen;

/// Gathers one run. Its trace bears the id of the run.
pub struct RunTrace {
    run_id: Uuid,
    root: SpanId,
    clock: Clock,
    seen: Mutex<Seen>,
}

/// A span that is still without its place in time and trace.
struct Part {
    name: &'static str,
    kind: SpanKind,
    began: Instant,
    ended: Instant,
    attributes: Vec<Attribute>,
    links: Vec<SpanId>,
    failure: Option<Reason>,
}

impl RunTrace {
    /// The trace of a run that begins now.
    pub fn new(run_id: Uuid) -> RunTrace {
        RunTrace {
            run_id,
            root: SpanId::random(),
            clock: Clock::now(),
            seen: Mutex::default(),
        }
    }

    /// All spans so far, the scans' and the run's last; they are given once.
    pub fn take(&self) -> Vec<Span> {
        let seen = std::mem::take(&mut *self.seen());
        let scans: Vec<Span> = seen.scans.iter().map(|scan| self.scan_span(scan)).collect();
        let mut spans = seen.spans;
        let last = spans.pop();
        spans.extend(scans);
        spans.extend(last);
        spans
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn span(&self, id: SpanId, parent: Option<SpanId>, part: Part) -> Span {
        let mut attributes = part.attributes;
        let status = match part.failure {
            None => SpanStatus::Ok,
            Some(reason) => {
                attributes.push(("error.type", reason.code().into()));
                SpanStatus::Error(reason.code().to_owned())
            }
        };
        Span {
            trace: TraceId::from(self.run_id),
            id,
            parent,
            has_remote_parent: false,
            name: part.name,
            kind: part.kind,
            start: self.clock.unix_nanoseconds(part.began),
            end: self.clock.unix_nanoseconds(part.ended),
            attributes,
            links: part.links,
            status,
        }
    }

    fn under_the_run(&self, part: Part) -> Span {
        self.span(SpanId::random(), Some(self.root), part)
    }

    /// A reading was taken.
    pub(super) fn reading(&self, index: usize, taken: &Taken) {
        self.seen().reading(index, taken.elapsed);
    }

    /// Events were read for these readings, all of them together.
    pub(super) fn events(&self, readings: &[usize], began: Instant, failure: Option<Reason>) {
        let id = SpanId::random();
        let part = Part {
            name: "service_ping.event_store",
            kind: SpanKind::Client,
            began,
            ended: Instant::now(),
            attributes: vec![("service_ping.measures", readings.len().into())],
            links: Vec::new(),
            failure,
        };
        let span = self.span(id, Some(self.root), part);
        let mut seen = self.seen();
        for index in readings {
            seen.link(*index, id, began);
        }
        seen.keep(span);
    }
}

impl Observer for RunTrace {
    fn looks_on(&self) -> bool {
        true
    }

    fn planned(&self, planned: TablePlanned<'_>) {
        let part = Part {
            name: "service_ping.plan",
            kind: SpanKind::Client,
            began: planned.began,
            ended: planned.ended,
            attributes: vec![
                ("service_ping.database", planned.database.into()),
                ("db.collection.name", planned.table.into()),
                ("service_ping.measures", planned.measures.into()),
                ("service_ping.statements", planned.statements.into()),
            ],
            links: Vec::new(),
            failure: None,
        };
        let span = self.under_the_run(part);
        self.seen().keep(span);
    }

    fn range(&self, range: RangeRead<'_>) {
        let mut seen = self.seen();
        let Some(scan) = seen.scan_of(&range) else { return };
        let part = Part {
            name: "service_ping.range",
            kind: SpanKind::Client,
            began: range.began,
            ended: range.ended,
            attributes: vec![
                ("service_ping.database", range.scan.database.into()),
                ("db.collection.name", range.scan.table.into()),
                ("service_ping.range.kind", range.scan.kind.code().into()),
                ("service_ping.range.number", range.number.into()),
                ("service_ping.measures", range.measures.into()),
                ("service_ping.server", range.server.into()),
            ],
            links: Vec::new(),
            failure: range.failure,
        };
        let span = self.span(SpanId::random(), Some(scan), part);
        seen.keep(span);
    }

    fn statement(&self, statement: StatementSent<'_>) {
        let id = SpanId::random();
        let part = Part {
            name: "service_ping.statement",
            kind: SpanKind::Client,
            began: statement.began,
            ended: statement.ended,
            attributes: vec![("service_ping.database", statement.database.into())],
            links: Vec::new(),
            failure: statement.failure,
        };
        let span = self.span(id, Some(self.root), part);
        let mut seen = self.seen();
        seen.link(statement.measure, id, statement.began);
        seen.keep(span);
    }
}
