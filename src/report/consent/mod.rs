//! Consent: what each metric says and measures, what of it was accepted, and what stays here until it is.

mod allowed;
mod standing;
mod terms;

pub use allowed::reporting_allowed;
pub use standing::{Stand, Standing, Subject};
pub use terms::{Terms, set_digest};
