//! Whether a job is told of, and telling of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::collectors::{Collector, Collectors};
use super::hand_over::hand_over;
use crate::cli::message::note;
use crate::cli::output::print;
use crate::config::Config;
use crate::emit::job_telemetry::{
    AllowedHosts, Bounds, Exporter, JobFacts, JobPayload, JobResult, JobSpans, Negotiated, Negotiation, OffReason,
    PayloadEndpoint,
};

/// A job that will be told of.
pub(super) struct Telemetry {
    negotiated: Negotiated,
    collectors: Collectors,
}

impl Telemetry {
    /// `None` where nothing will be told, which is said only where somebody meant it otherwise.
    pub(super) fn negotiate(config: &Config, payload: &JobPayload) -> Option<Telemetry> {
        if config.reporting.do_not_track {
            return None;
        }
        let hosts = AllowedHosts::of(config.job_telemetry.allowed_endpoints.iter().cloned());
        let collectors = Collectors::of(config.job_telemetry.clone());
        match Negotiation::of(payload, collectors.is_configured(), &hosts) {
            Negotiation::On(negotiated) => {
                for skipped in &negotiated.skipped {
                    note(&format!(
                        "an endpoint of the job's payload is not told of it: {skipped}"
                    ));
                }
                Some(Telemetry { negotiated, collectors })
            }
            Negotiation::Off(reason) => {
                if reason != OffReason::NotAsked {
                    note(&format!("nothing is told of the job: {}", says(reason)));
                }
                tracing::debug!(reason = reason.label(), "Nothing is told of the job.");
                None
            }
        }
    }

    /// Tells of the job: for so long itself, then through a process of its own.
    pub(super) async fn tell(self, facts: &JobFacts, result: &JobResult, bounds: Bounds, wait: Duration) {
        let semconv = self.collectors.semconv();
        let spans = Arc::new(JobSpans::of(&self.negotiated, facts, result, bounds, semconv));
        let (mut left, mut others) = (Vec::new(), Vec::new());
        for endpoint in &self.negotiated.endpoints {
            match self.collectors.collector(endpoint) {
                Ok(Collector::Console) => drop(print(&format!("{}\n", spans.json()))),
                Ok(Collector::Destination(destination)) => others.push((endpoint, *destination)),
                Err(error) => note(&format!("a collector is not told of the job: {error}")),
            }
        }
        if wait.is_zero() {
            left = others.into_iter().map(|(endpoint, _)| endpoint.clone()).collect();
        } else {
            let exporter = Exporter::new(self.collectors.options(), Handle::current());
            for (_, destination) in &others {
                if let Err(error) = exporter.add(destination, &spans) {
                    note(&format!("a collector is not told of the job: {error}"));
                }
            }
            for lane in exporter.shutdown(wait).await {
                let endpoint = others
                    .iter()
                    .find(|(_, destination)| destination.endpoint == lane.destination.endpoint);
                left.extend(
                    endpoint
                        .filter(|_| !lane.waiting.is_empty())
                        .map(|(endpoint, _)| PayloadEndpoint::clone(endpoint)),
                );
            }
        }
        if !left.is_empty()
            && let Err(error) = hand_over(&spans, &left, wait)
        {
            note(&format!("the job is not told of: {error}"));
        }
    }
}

fn says(reason: OffReason) -> &'static str {
    match reason {
        OffReason::NotAsked => "its payload does not ask for it",
        OffReason::Missing => "its payload asks for it, and does not say in which trace",
        OffReason::Malformed => {
            "the ids of its payload are none (32 hex digits for a trace, 16 for a span, not all zero)"
        }
        OffReason::NoEndpoint => {
            "its payload asks for it, and there is no collector: [job_telemetry] endpoint, or GITLAB_TRACING, names one"
        }
    }
}
