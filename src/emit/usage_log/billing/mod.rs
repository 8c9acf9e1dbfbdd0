//! Records as billing events, by way of a spool to a Snowplow collector.

mod cloud;
mod view;
mod writer;

pub(super) use writer::BillingWriter;
