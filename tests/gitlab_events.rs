//! GitLab's own event metrics, computed on a Redis that is filled here and counted a second time by redis-cli, from keys
//! that are spelt here as spec 16 and 6.2 say, without any of our own code.

mod support;

#[path = "gitlab_events/newer.rs"]
mod newer;
#[path = "gitlab_events/older.rs"]
mod older;
#[path = "gitlab_events/oracle.rs"]
mod oracle;
