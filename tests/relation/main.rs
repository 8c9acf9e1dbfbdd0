//! Relations: what is accepted, how it is rendered, what it computes.

mod bind;
mod conditions;
mod execution;
mod golden;
mod limits;
mod properties;
mod ranges;
mod refusals;
mod support;
