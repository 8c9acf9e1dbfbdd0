//! The sketch, through its public surface.

mod accuracy;
mod counting;
mod gitlab_buckets;
mod intersection;
mod properties;
mod random;
mod redis_bytes;
