//! What a secondary site tells its primary: a week's usage in a signed document. Pure.

mod signature;
mod status;
mod usage;

pub use signature::{Signature, SignatureError};
pub use status::{NodeStatus, StatusError};
pub use usage::{FIELDS, Field, Usage};
