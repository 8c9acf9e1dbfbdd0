//! The spans of a run's delivery, and of the run.

use std::time::Instant;

use uuid::Uuid;

use super::{Part, RunTrace};
use crate::emit::otlp::{SpanKind, SpanStatus};
use crate::report::collect::Collection;
use crate::report::weekly::{Delivered, Job, RunReport};
use crate::source::facts::iso8601;
use crate::state::StateError;
use crate::versions::{DeliveryOutcome, DeliveryReport};

impl RunTrace {
    /// The payload went its way, or was kept. Payloads that waited before it are a part of it.
    pub(in crate::report) fn delivered(&self, began: Instant, delivered: &Result<Delivered, StateError>) {
        let tried = match delivered {
            Ok(Delivered::Tried(report)) => Some(report),
            _ => None,
        };
        let (state, attempts) = match (delivered, tried) {
            (_, Some(report)) => of_run(report, self.run_id),
            (Ok(_), None) => ("kept", 0),
            (Err(_), None) => ("failed", 0),
        };
        let mut attributes = vec![
            ("service_ping.delivery", state.into()),
            ("service_ping.attempts", attempts.into()),
        ];
        if let Some(report) = tried {
            attributes.push(("service_ping.payloads", report.reports.len().into()));
        }
        let part = Part {
            name: "service_ping.delivery",
            kind: if tried.is_some() {
                SpanKind::Client
            } else {
                SpanKind::Internal
            },
            began,
            ended: Instant::now(),
            attributes,
            links: Vec::new(),
            failure: None,
        };
        let mut span = self.under_the_run(part);
        if !["sent", "kept"].contains(&state) {
            span.attributes.push(("error.type", state.into()));
            span.status = SpanStatus::Error(state.to_owned());
        }
        self.seen().spans.push(span);
    }

    /// The run is over, well or not.
    pub(in crate::report) fn ended(&self, job: &Job<'_>, ended: &Result<RunReport, StateError>) {
        let mut seen = self.seen();
        let mut attributes = vec![
            ("service_ping.run_id", self.run_id.to_string().into()),
            (
                "service_ping.recorded_at",
                iso8601(job.sources.facts.recorded_at).into(),
            ),
            ("service_ping.version", env!("CARGO_PKG_VERSION").into()),
            ("service_ping.trigger", job.trigger.as_str().into()),
            ("service_ping.resumed", job.resumes.into()),
            ("service_ping.metrics", job.plan.metrics.len().into()),
            ("service_ping.readings", job.plan.readings.len().into()),
            ("service_ping.dropped_spans", seen.dropped.into()),
        ];
        let state = match ended {
            Ok(report) if report.interrupted => "interrupted",
            Ok(_) => "completed",
            Err(_) => "failed",
        };
        attributes.push(("service_ping.status", state.into()));
        if let Ok(report) = ended {
            let Collection {
                outcomes, statements, ..
            } = &report.collection;
            let fallbacks = outcomes.iter().filter(|outcome| outcome.failure().is_some()).count();
            attributes.push(("service_ping.statements", (*statements).into()));
            attributes.push(("service_ping.fallbacks", fallbacks.into()));
            attributes.push(("service_ping.budget_over", report.budget_over.is_some().into()));
        }
        let part = Part {
            name: "service_ping.run",
            kind: SpanKind::Internal,
            began: self.clock.at(),
            ended: Instant::now(),
            attributes,
            links: Vec::new(),
            failure: None,
        };
        let mut span = self.span(self.root, None, part);
        if state != "completed" {
            span.attributes.push(("error.type", state.into()));
            span.status = SpanStatus::Error(state.to_owned());
        }
        seen.spans.push(span);
    }
}

/// What became of the payload of the run itself, and how many requests it took.
fn of_run(report: &DeliveryReport, run_id: Uuid) -> (&'static str, u32) {
    let Some(summary) = report.of_run(run_id) else {
        return ("waiting", 0);
    };
    let state = match &summary.outcome {
        DeliveryOutcome::Sent { .. } | DeliveryOutcome::SettledElsewhere => "sent",
        DeliveryOutcome::Rejected { .. } => "rejected",
        DeliveryOutcome::Unacknowledged { .. } => "unacknowledged",
        DeliveryOutcome::NotTried { .. } => "not_tried",
        DeliveryOutcome::Waiting { .. } | DeliveryOutcome::HeldElsewhere => "waiting",
    };
    (state, summary.attempts)
}
