//! Prometheus for tests: the real server and node_exporter, exporters and servers of our own that do as they are told.

pub mod double;
pub mod exporter;
mod process;
pub mod server;

/// The user and password of servers that want them. Tests look for them where they must not be.
pub const USER: &str = "operator";
pub const PASSWORD: &str = "correct-horse-prometheus";
