//! `[experimental.usage_logger]`, as the GitLab Runner's own file has it: where records of finished jobs go. Names of earlier
//! drafts and flat keys give the same writers, each with a notice.

mod billing;
mod experimental;
mod file;
mod go_duration;
mod notice;
mod read;
mod settings;
mod writers;

pub use experimental::Experimental;
pub use notice::{Notice, NoticeKind};
pub use settings::{LogrotateSettings, SnowplowBillingSettings, UsageLogSettings, WriterKind, WriterSettings};
