//! The repository that the definitions stand in, where they stand in one: asked by `git`, never changed.

mod log;

pub use log::{Change, Unasked, changes};
