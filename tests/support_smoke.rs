//! The harness itself, against real servers.

mod support;

#[path = "support_smoke/cli.rs"]
mod cli;
#[path = "support_smoke/golden.rs"]
mod golden;
#[path = "support_smoke/postgres.rs"]
mod postgres;
#[path = "support_smoke/replica.rs"]
mod replica;
#[path = "support_smoke/schema.rs"]
mod schema;
