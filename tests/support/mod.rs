//! What the tests stand on: real servers, the built binary, real input data.
//!
//! A test crate takes it in with `mod support;` and uses the parts it needs by their paths, as in
//! `support::postgres::Postgres`.
#![expect(dead_code, reason = "every test crate uses its own part of this module")]

pub mod cli;
pub mod data;
pub mod event_store;
pub mod gitlab_schema;
pub mod golden;
pub mod otlp_collector;
pub mod postgres;
pub mod processors;
pub mod prometheus;
pub mod redis;
pub mod scrub;
pub mod wait;
pub mod wire;

/// Keeps the expectation above true in a crate that uses all the rest.
const NEVER_USED: () = ();
