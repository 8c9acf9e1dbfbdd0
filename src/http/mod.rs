//! The connections of our servers: how many, how long, and how they end. Also when our clients try again.
//!
//! A server that answers before it has read a body and then closes loses its answer: what still comes is met by a reset, and
//! the reset overtakes the answer. So such an answer says `Connection: close`, and the connection takes in what still comes
//! until the client has closed its end, for [`LINGER`] at most (RFC 9112, 9.6).

mod body;
mod connections;
mod lingering;
mod retry;

pub use connections::{Bounds, Peer, serve};
pub use lingering::LINGER;
pub use retry::{ceiling, full_jitter, parse_retry_after, random_fraction};
