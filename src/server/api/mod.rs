//! The usage-data API (spec 13): tracking, and what operators and data teams read. Every operation is described once, in
//! `operation`, of which both the router and the OpenAPI document are made.

mod body;
mod definitions;
mod document;
mod increment;
mod media;
mod openapi;
mod operation;
mod outcome;
mod payload;
mod read;
mod track;

pub(super) use body::said;
pub use openapi::openapi;
pub(super) use operation::router;
