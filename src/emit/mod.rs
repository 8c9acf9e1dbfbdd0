//! What others than the maker are told: traces and commands, by the operator's own means, the spans of jobs, by collectors,
//! single events, by a Snowplow collector, and finished jobs, by the usage log.

mod command;
pub mod job_telemetry;
pub mod otlp;
pub mod snowplow;
mod tls;
pub mod usage_log;

pub(crate) use command::run_command;
pub use tls::install_tls;
