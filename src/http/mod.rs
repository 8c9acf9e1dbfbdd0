//! The connections of our servers: how many, how long, and how they end.
//!
//! A server that answers before it has read a body and then closes loses its answer: what still comes is met by a reset, and
//! the reset overtakes the answer. So such an answer says `Connection: close`, and the connection takes in what still comes
//! until the client has closed its end, for [`LINGER`] at most (RFC 9112, 9.6).

mod body;
mod connections;
mod lingering;

pub use connections::{Bounds, Peer, serve};
pub use lingering::LINGER;
