//! Tokens for a collector that asks for one: where they come from, how long they are good for, and who fetches them.

mod cache;
mod fetch;
mod file;
mod gcp;
mod jwt;
mod oidc;

use std::fmt;
use std::time::Duration;

pub use cache::Cached;
pub use file::FileToken;
pub use gcp::{GcpIam, GcpIdentity};
pub use oidc::{ClientCredentials, OidcOptions};

use super::clock::Boxed;

/// A token, which neither `Debug` nor any message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    /// How long it is good for from now; `None` where nobody says.
    pub(super) life: Option<Duration>,
}

impl Token {
    /// A token that is good for as long as is said.
    pub fn new(text: impl Into<String>, life: Option<Duration>) -> Token {
        Token {
            text: text.into(),
            life,
        }
    }

    /// The token itself: for a request's header, never for a log or an error.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Why there is no token, in words that quote nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("{from} cannot be reached or broke off; see whether it runs")]
    Unreachable { from: &'static str },
    #[error("{from} answered {status}; see what it allows this instance")]
    Refused { from: &'static str, status: u16 },
    #[error("{from} answered with no token")]
    NoToken { from: &'static str },
    #[error("the address of {from} cannot be used: {reason}")]
    Address { from: &'static str, reason: String },
    #[error("the token's file cannot be read: {0}")]
    File(String),
}

/// Where tokens come from.
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// A token for the collector of this audience. `anew`: the last one was refused.
    fn token<'a>(&'a self, audience: &'a str, anew: bool) -> Boxed<'a, Result<Token, TokenError>>;
}

/// Always the same token.
#[derive(Debug, Clone)]
pub struct StaticToken(pub Token);

impl TokenSource for StaticToken {
    fn token<'a>(&'a self, _audience: &'a str, _anew: bool) -> Boxed<'a, Result<Token, TokenError>> {
        let token = self.0.clone();
        Box::pin(async { Ok(token) })
    }
}
