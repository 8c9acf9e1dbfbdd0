//! The usage log: from a finished job to files and a collector, over reloads and whatever fails.

mod support;

#[path = "usage_log/billing.rs"]
mod billing;
#[path = "usage_log/configs.rs"]
mod configs;
#[path = "usage_log/exec.rs"]
mod exec;
#[path = "usage_log/failing.rs"]
mod failing;
#[path = "usage_log/fuzz.rs"]
mod fuzz;
#[path = "usage_log/jobs.rs"]
mod jobs;
#[path = "usage_log/records.rs"]
mod records;
#[path = "usage_log/reloads.rs"]
mod reloads;
#[path = "usage_log/rotation.rs"]
mod rotation;
#[path = "usage_log/verb.rs"]
mod verb;
