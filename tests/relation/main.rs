//! Relations: what is accepted, how it is rendered, what it computes.

mod bind;
mod conditions;
#[path = "../support/data.rs"]
mod data;
mod execution;
mod golden;
mod limits;
mod properties;
mod ranges;
mod refusals;
mod support;
mod warehouse;
