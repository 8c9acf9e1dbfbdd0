//! HMAC-SHA256 (RFC 2104) over texts.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The code of a text under a key, in hexadecimal digits.
pub(super) fn code(key: &[u8], text: &str) -> String {
    mac(key, text).map_or_else(String::new, |mac| hex(&mac.finalize().into_bytes()))
}

/// Compares in a time that does not depend on where they differ.
pub(super) fn is_code(key: &[u8], text: &str, code: &str) -> bool {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = code.as_bytes().chunks(2).map(byte).collect();
    match (mac(key, text), bytes) {
        (Some(mac), Some(bytes)) => mac.verify_slice(&bytes).is_ok(),
        _ => false,
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A key of any length will do: there is always one.
fn mac(key: &[u8], text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}
