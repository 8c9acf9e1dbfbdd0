//! Which keys an event has in the store, and which of them a time frame covers. Pure.

mod write;

pub use write::{Change, Life, Write};
