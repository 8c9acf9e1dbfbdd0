//! The spans of metrics.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use super::seen::Reading;
use super::{Part, RunTrace};
use crate::emit::otlp::{Span, SpanKind};
use crate::measure::Measure;
use crate::report::outcome::{Outcome, OutcomeState};
use crate::report::plan::{Plan, PlannedMetric};

impl RunTrace {
    /// All metrics have their outcomes, in the order of the plan.
    pub(in crate::report) fn collected(&self, plan: &Plan<'_>, outcomes: &[Outcome]) {
        let measures = plan
            .readings
            .iter()
            .zip(0..)
            .map(|((measure, _), index)| (measure, index));
        let indexes: HashMap<&Measure, usize> = measures.collect();
        let now = Instant::now();
        let mut seen = self.seen();
        let readings = std::mem::take(&mut seen.readings);
        let metrics = plan.metrics.iter().zip(outcomes);
        let spans = metrics.map(|(metric, outcome)| {
            let leaves = match &metric.measure {
                Ok(Some(measure)) => measure.leaves(),
                _ => Vec::new(),
            };
            let leaves = leaves.into_iter().filter_map(|leaf| readings.get(indexes.get(leaf)?));
            self.metric(metric, outcome, &leaves.collect::<Vec<_>>(), now)
        });
        // Theirs are as many as the definitions are: none is dropped.
        seen.spans.extend(spans);
    }

    /// From the first look at any of its measures to the last reading; a metric that asks for nothing takes no time.
    fn metric(&self, metric: &PlannedMetric<'_>, outcome: &Outcome, readings: &[&Reading], now: Instant) -> Span {
        let began = readings.iter().filter_map(|reading| reading.began).min();
        let ended = readings.iter().filter_map(|reading| reading.ended).max();
        let links: BTreeSet<_> = readings
            .iter()
            .flat_map(|reading| reading.links.iter().copied())
            .collect();
        let state = match &outcome.state {
            OutcomeState::Ok => "ok",
            OutcomeState::Unreliable(_) => "unreliable",
            OutcomeState::Binned(_) => "binned",
            OutcomeState::Deprecated => "deprecated",
            OutcomeState::Fallback(_) => "fallback",
        };
        let mut attributes = vec![
            ("service_ping.key_path", outcome.key_path.as_str().into()),
            ("service_ping.outcome", state.into()),
            ("service_ping.statements", outcome.statements.into()),
            ("service_ping.retries", outcome.retries.into()),
        ];
        if let Some(definition) = metric.definition {
            attributes.push(("service_ping.data_source", definition.data_source.as_str().into()));
        }
        // Its message may say a number, such as that of an intersection that says little.
        if let Some(remark) = outcome.remark() {
            attributes.push(("service_ping.reason", remark.reason.code().into()));
        }
        self.under_the_run(Part {
            name: "service_ping.metric",
            kind: SpanKind::Internal,
            began: began.unwrap_or(now),
            ended: ended.unwrap_or(now),
            attributes,
            links: links.into_iter().collect(),
            failure: outcome.failure().map(|failure| failure.reason),
        })
    }
}
