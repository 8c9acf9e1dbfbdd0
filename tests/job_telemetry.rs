//! Jobs under telemetry: a command as it would be without us, and its span as collectors get it.

mod support;

#[path = "job_telemetry/agreed.rs"]
mod agreed;
#[path = "job_telemetry/doctor.rs"]
mod doctor;
#[path = "job_telemetry/exec.rs"]
mod exec;
#[path = "job_telemetry/fuzzed.rs"]
mod fuzzed;
#[path = "job_telemetry/grpc.rs"]
mod grpc;
#[path = "job_telemetry/jobs.rs"]
mod jobs;
#[path = "job_telemetry/peers.rs"]
mod peers;
#[path = "job_telemetry/retries.rs"]
mod retries;
#[path = "job_telemetry/strings.rs"]
mod strings;
#[path = "job_telemetry/terminal.rs"]
mod terminal;
#[path = "job_telemetry/throttling.rs"]
mod throttling;
#[path = "job_telemetry/tokens.rs"]
mod tokens;
