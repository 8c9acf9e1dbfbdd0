//! What is seen of a run from outside: its trace, as a collector gets it, and its log.

mod support;

#[path = "telemetry/failing.rs"]
mod failing;
#[path = "telemetry/instance.rs"]
mod instance;
#[path = "telemetry/logs.rs"]
mod logs;
#[path = "telemetry/open_metrics.rs"]
mod open_metrics;
#[path = "telemetry/trace.rs"]
mod trace;
#[path = "telemetry/traces.rs"]
mod traces;
#[path = "telemetry/wire.rs"]
mod wire;
