//! Relations: what is accepted, how it is rendered, what it computes.

mod bind;
mod conditions;
#[path = "../support/data.rs"]
mod data;
mod execution;
mod golden;
mod limits;
#[path = "../support/postgres/mod.rs"]
#[expect(dead_code, reason = "one database is all that is needed of it")]
mod postgres;
mod properties;
mod ranges;
mod refusals;
mod shared;
mod support;
#[path = "../support/wait.rs"]
mod wait;
mod warehouse;
