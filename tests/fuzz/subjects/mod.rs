//! What is fed with arbitrary bytes, and what must hold whatever they are. Used by libFuzzer's targets, and for a short
//! while by the tests.

#![allow(unused_imports, dead_code, reason = "each target takes one of them")]

mod config;
mod definitions;
mod expressions;
mod folder;
mod relations;

pub use config::config;
pub use definitions::definitions;
pub use expressions::expressions;
pub use relations::relations;
