//! Who asks, and whether they may.

mod gate;
mod principal;
mod rate;
mod token_book;

pub(super) use gate::{Gate, Needs, limited};
pub(super) use principal::Principal;
pub(super) use rate::RateLimit;
pub(super) use token_book::TokenBook;
