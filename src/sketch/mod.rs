//! HyperLogLog: registers, Redis' byte format, estimators. Pure.
//!
//! One sketch serves every source: what SQL gives, what the embedded event store keeps and what Redis holds are the same
//! 2^14 registers under the same hash, so a sketch made here and one made by PFADD merge, compare and count alike.
//!
//! - [`HyperLogLog`]: adding, merging, counting, and Redis' bytes both ways;
//! - [`UnionBuilder`]: unions of many sketches, straight from Redis' bytes;
//! - [`union()`] and [`intersection()`]: sizes across sketches, each an [`Estimate`] with its error bound;
//! - [`joint()`]: the sizes of `A\B`, `B\A` and `A∩B` by joint maximum likelihood;
//! - [`GitlabBuckets`]: the 512-bucket form that GitLab persisted, to be read and merged, never made.

mod decimal;
mod error;
mod error_bound;
mod estimator;
mod gitlab_buckets;
mod hyll;
mod hyperloglog;
mod intersection;
mod joint;
mod likelihood;
mod matrix;
mod murmur;
mod register;
mod small_set;
mod union;
mod union_builder;

pub use error::SketchError;
pub use error_bound::{ERROR_BOUND, error_bound};
pub use gitlab_buckets::GitlabBuckets;
pub use hyperloglog::HyperLogLog;
pub use intersection::intersection;
pub use joint::{Joint, joint};
pub use murmur::hash;
pub use register::{MAX_REGISTER, REGISTERS};
pub use union::{Estimate, union};
pub use union_builder::UnionBuilder;
