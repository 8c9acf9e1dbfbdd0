//! Consent: what each metric says and measures, what of it was accepted, and what stays here until it is.

mod allowed;
mod product;
mod standing;
mod terms;

pub use product::ProductWord;
pub use standing::{Stand, Standing, Subject};
pub use terms::{Terms, set_digest};
