//! Job telemetry: whether a job is told of, its spans, and the collectors that they are sent to.
//!
//! The way of a job: `payload -> negotiation -> spans -> a queue for each destination -> exported`, or rejected, or dropped
//! with a reason. Telemetry never decides anything about a job.

mod endpoint;
mod exporter;
mod hosts;
mod job;
mod job_span;
mod json;
mod negotiation;
mod payload;
mod tracing_string;

pub use endpoint::{Endpoint, EndpointError, Protocol};
pub use exporter::{
    Auth, Counts, Destination, DestinationError, DropReason, ErrorClass, Exporter, ExporterOptions, Header, Left,
};
pub use hosts::AllowedHosts;
pub use job::{Bounds, JobFacts, JobResult, JobStatus};
pub use job_span::JobSpans;
pub use negotiation::{Negotiated, Negotiation, OffReason, PayloadAuth, PayloadEndpoint, SkippedEndpoint};
pub use payload::JobPayload;
pub use tracing_string::{TracingError, TracingString, TracingTarget};
