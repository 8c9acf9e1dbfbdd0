//! The spans of a job (spec 5.2).

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message;
use url::Url;

use super::exporter::protobuf;
use super::job::{Bounds, JobFacts, JobResult, JobStatus};
use super::json;
use super::negotiation::Negotiated;
use crate::emit::otlp::{Attribute, Resource, Scope, Span, SpanId, SpanKind, SpanStatus, Value, resource_spans};

/// The service that traces of GitLab's jobs are looked up by.
const SERVICE: &str = "gitlab-ci-runner";
const SCOPE: Scope = Scope {
    name: SERVICE,
    version: env!("CARGO_PKG_VERSION"),
    // Of the names that begin with `cicd.` and `vcs.`.
    schema_url: "https://opentelemetry.io/schemas/1.37.0",
};
/// What one attribute may hold, so that a span stays below 4 KiB (spec 5.2): a payload's texts are of any length.
const LONGEST: usize = 255;

/// A job that is over, ready to be told of.
#[derive(Debug, Clone)]
pub struct JobSpans {
    pub(super) resource_spans: ResourceSpans,
    pub(super) spans: usize,
}

impl JobSpans {
    /// The span `job_execution`, and one of the command below it where the payload lists its step. `semconv` adds what
    /// OpenTelemetry's conventions call the same things.
    pub fn of(
        negotiated: &Negotiated,
        facts: &JobFacts,
        result: &JobResult,
        bounds: Bounds,
        semconv: bool,
    ) -> JobSpans {
        let (attributes, mut of_resource) = (attributes(facts, result, semconv), resource(facts, semconv));
        // Views of traces look for the ids in either place.
        of_resource.extend(ids(facts));
        let status = status(result);
        let job = Span {
            trace: negotiated.trace,
            id: SpanId::random(),
            parent: negotiated.parent,
            has_remote_parent: negotiated.parent.is_some(),
            name: "job_execution",
            kind: SpanKind::Internal,
            start: bounds.start,
            end: bounds.end,
            attributes,
            links: Vec::new(),
            status: status.clone(),
        };
        let step = facts.has_script.then(|| step(&job, status));
        let spans: Vec<Span> = std::iter::once(job).chain(step).collect();
        let resource = Resource {
            attributes: of_resource,
        };
        JobSpans {
            resource_spans: resource_spans(&resource, SCOPE, &spans),
            spans: spans.len(),
        }
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` where it is something else.
    pub fn decode(bytes: &[u8]) -> Option<JobSpans> {
        let request = ExportTraceServiceRequest::decode(bytes).ok()?;
        let [resource_spans] = <[ResourceSpans; 1]>::try_from(request.resource_spans).ok()?;
        let spans = resource_spans.scope_spans.iter().map(|scope| scope.spans.len()).sum();
        Some(JobSpans { resource_spans, spans })
    }

    /// A request of OTLP with these spans alone, as protobuf.
    pub fn encode(&self) -> Vec<u8> {
        protobuf(vec![self.resource_spans.clone()])
    }

    /// The same as JSON, on one line.
    pub fn json(&self) -> String {
        json::request([&self.resource_spans]).to_string()
    }

    /// How many spans these are.
    pub fn spans(&self) -> usize {
        self.spans
    }
}

/// The command of a job is its script: there is no more of it to see.
fn step(job: &Span, status: SpanStatus) -> Span {
    Span {
        id: SpanId::random(),
        parent: Some(job.id),
        has_remote_parent: false,
        name: "step_script",
        attributes: Vec::new(),
        status,
        ..job.clone()
    }
}

fn status(result: &JobResult) -> SpanStatus {
    match result.status {
        JobStatus::Success => SpanStatus::Ok,
        JobStatus::Canceled | JobStatus::Skipped => SpanStatus::Unset,
        JobStatus::Failed | JobStatus::Terminated | JobStatus::TimedOut => {
            SpanStatus::Error(result.failure_reason.clone())
        }
    }
}

fn ids(facts: &JobFacts) -> Vec<Attribute> {
    let ids = [
        number("ci.job.id", facts.id),
        number("ci.pipeline.id", facts.pipeline_id),
        number("ci.project.id", facts.project_id),
        number("ci.runner.id", facts.runner_id),
    ];
    ids.into_iter().flatten().collect()
}

fn attributes(facts: &JobFacts, result: &JobResult, semconv: bool) -> Vec<Attribute> {
    let mut attributes = ids(facts);
    attributes.push(("ci.runner.executor", cut(&facts.executor)));
    attributes.push(("ci.job.status", result.status.name().into()));
    attributes.extend(text("ci.pipeline.source", facts.pipeline_source.as_deref()));
    attributes.extend(text("ci.runner_manager.system_xid", facts.system_id.as_deref()));
    if matches!(status(result), SpanStatus::Error(_)) {
        attributes.push(("error.type", cut(&result.failure_reason)));
    }
    if semconv {
        attributes.push(("cicd.pipeline.task.run.result", result.cicd().into()));
        let run = facts.id.map(|id| id.to_string());
        let further = [
            text("cicd.pipeline.task.name", facts.name.as_deref()),
            text("cicd.pipeline.task.run.id", run.as_deref()),
            text(
                "cicd.pipeline.task.run.url.full",
                public(facts.url.as_deref()).as_deref(),
            ),
            text("cicd.pipeline.task.type", kind(facts.stage.as_deref())),
        ];
        attributes.extend(further.into_iter().flatten());
    }
    attributes
}

fn resource(facts: &JobFacts, semconv: bool) -> Vec<Attribute> {
    let mut attributes: Vec<Attribute> = vec![
        ("service.name", SERVICE.into()),
        ("service.version", env!("CARGO_PKG_VERSION").into()),
    ];
    if semconv {
        let (run, worker) = (
            facts.pipeline_id.map(|id| id.to_string()),
            facts.runner_id.map(|id| id.to_string()),
        );
        let further = [
            text("cicd.pipeline.run.id", run.as_deref()),
            text("cicd.pipeline.name", facts.pipeline_name.as_deref()),
            text("cicd.worker.id", worker.as_deref()),
            text("cicd.worker.name", facts.runner_name.as_deref()),
            text(
                "vcs.repository.url.full",
                public(facts.repository_url.as_deref()).as_deref(),
            ),
            text("vcs.ref.head.name", facts.reference.as_deref()),
            text("vcs.ref.head.revision", facts.revision.as_deref()),
        ];
        attributes.extend(further.into_iter().flatten());
    }
    attributes
}

/// The conventions know these kinds of task; stages are named by whoever writes a pipeline.
fn kind(stage: Option<&str>) -> Option<&str> {
    stage.filter(|stage| ["build", "test", "deploy"].contains(stage))
}

/// An address without name and password.
fn public(address: Option<&str>) -> Option<String> {
    let mut url = Url::parse(address?).ok()?;
    let is_clean = url.set_username("").is_ok() && url.set_password(None).is_ok();
    is_clean.then(|| url.to_string())
}

fn number(name: &'static str, number: Option<i64>) -> Option<Attribute> {
    number.map(|number| (name, Value::Integer(number)))
}

fn text(name: &'static str, text: Option<&str>) -> Option<Attribute> {
    text.map(|text| (name, cut(text)))
}

fn cut(text: &str) -> Value {
    Value::Text(text.chars().take(LONGEST).collect())
}
