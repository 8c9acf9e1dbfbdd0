//! Jobs to tell of, and exporters to tell of them with.

use std::sync::Arc;
use std::time::Duration;

use service_ping::emit::job_telemetry::{
    AllowedHosts, Bounds, Counts, Destination, Endpoint, Exporter, ExporterOptions, JobFacts, JobPayload, JobResult,
    JobSpans, Negotiated, Negotiation,
};

pub const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub const PARENT: &str = "00f067aa0ba902b7";

/// A payload of the newer contract, whose endpoints are these.
pub fn payload(endpoints: &str) -> String {
    format!(
        r#"{{"id": 67890, "token": "canary-job-token", "job_info": {{"name": "rspec", "stage": "test", "project_id": 42}},
        "git_info": {{"repo_url": "https://ci:canary-git@git.example.com/a/b.git", "ref": "main", "sha": "c0ffee"}},
        "variables": [{{"key": "CI_PIPELINE_ID", "value": "1975306"}}, {{"key": "CI_RUNNER_ID", "value": "7"}},
            {{"key": "CI_PIPELINE_SOURCE", "value": "push"}}, {{"key": "SECRET", "value": "canary-variable"}},
            {{"key": "CI_JOB_URL", "value": "https://git.example.com/a/b/-/jobs/67890"}}],
        "features": {{"tracing": {{"trace_id": "{TRACE}", "span_parent_id": "{PARENT}", "otel_endpoints": {endpoints}}}}}}}"#
    )
}

pub fn negotiated() -> Negotiated {
    let payload = JobPayload::read(payload("[]").as_bytes()).expect("JSON");
    match Negotiation::of(&payload, true, &AllowedHosts::default()) {
        Negotiation::On(negotiated) => negotiated,
        Negotiation::Off(reason) => panic!("{reason:?}"),
    }
}

pub fn job() -> Arc<JobSpans> {
    let facts = JobFacts::of(&JobPayload::default(), "shell");
    let bounds = Bounds { start: 1, end: 2 };
    Arc::new(JobSpans::of(&negotiated(), &facts, &JobResult::success(), bounds, true))
}

/// As by default, but for a test, which waits for nothing.
pub fn quick() -> ExporterOptions {
    ExporterOptions {
        linger: Duration::ZERO,
        backoff: Duration::from_millis(1),
        longest_backoff: Duration::from_millis(4),
        ..ExporterOptions::default()
    }
}

pub fn destination(url: &str) -> Destination {
    Destination::at(Endpoint::parse(url, None).expect("an endpoint"))
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Tells one job to a destination until it is told or given up.
pub fn told(destination: &Destination, options: ExporterOptions) -> Counts {
    runtime().block_on(async {
        let exporter = Exporter::new(options, tokio::runtime::Handle::current());
        exporter.add(destination, &job()).expect("a destination");
        let mut left = exporter.shutdown(crate::support::wait::PATIENCE).await;
        let lane = left.pop().expect("one destination");
        assert_eq!(lane.counts.pending, 0, "{lane:?}");
        lane.counts
    })
}
