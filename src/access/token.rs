//! Tokens that programs show. Only their digest is kept anywhere.

use std::fmt;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::mac::hex;

/// How a token begins, so that scanners for secrets know one.
const PREFIX: &str = "spt-";

/// A token, as it is told once to whoever asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one, of 244 random bits.
    pub fn generate() -> Token {
        Token(format!(
            "{PREFIX}{}{}",
            Uuid::new_v4().simple(),
            Uuid::new_v4().simple()
        ))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// The SHA-256 of a token. A token is random and long, so that nothing slower is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    pub fn of(token: &str) -> Digest {
        Digest(Sha256::digest(token.as_bytes()).into())
    }

    /// Hexadecimal digits.
    pub fn to_text(self) -> String {
        hex(&self.0)
    }
}
