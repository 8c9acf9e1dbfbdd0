//! service-ping: definitions in, measures planned and read, one honest payload out.
//!
//! `ARCHITECTURE.md` says which room may know which; imports run downward in the order of this list.
#![forbid(unsafe_code)]

pub mod access;
pub mod batch;
pub mod cli;
pub mod config;
pub mod definition;
pub mod dictionary;
pub mod emit;
pub mod event;
pub mod explain;
pub mod expression;
pub mod geo;
pub mod http;
pub mod instrumentation;
pub mod keyspace;
pub mod measure;
pub mod page;
pub mod relation;
pub mod report;
pub mod repository;
pub mod sample;
pub mod schedule;
pub mod server;
pub mod sketch;
pub mod source;
pub mod state;
pub mod trial;
pub mod versions;
