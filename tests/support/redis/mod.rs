//! Real Redis servers for tests: single ones, a cluster, a primary behind a Sentinel. Each lives in a temporary folder,
//! its log with it, and ends with its value, also when the test fails or is killed.

pub mod certificates;
pub mod cluster;
pub mod proxy;
pub mod sentinel;
pub mod server;

/// The password of servers that want one. Tests look for it where it must not be.
pub const PASSWORD: &str = "correct-horse-redis";
