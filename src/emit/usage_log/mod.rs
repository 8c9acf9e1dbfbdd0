//! The usage log: a record of each finished job, handed to every writer that is configured.
//!
//! A record does not change once it is built. Each writer has a queue and a thread of its own, so that one which is slow or
//! fails holds up neither the others nor the job.

mod billing;
mod build;
mod counters;
mod error;
mod hangup;
mod lane;
mod log;
mod logrotate;
mod outcome;
mod record;
mod work;
mod writer;

pub use counters::Counts;
pub use error::{UsageLogError, WriteError};
pub use hangup::follow_hangups;
pub use log::UsageLog;
pub use outcome::{Outcome, SkipReason, WriterOutcome};
pub use record::{InstanceIds, JobInfo, JobStatus, Project, Record, RecordBuilder, RunnerInfo, short_token};

pub use crate::config::UsageLogSettings;
