//! How a primary knows its secondaries' documents: HMAC-SHA256 (RFC 2104) under the secret that they share, so that the
//! secret itself never travels.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header that bears it.
const SCHEME: &str = "sha256=";

/// The signature of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

/// A signature that is none, or another document's, or made with another secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not that of this document under the shared secret")]
pub struct SignatureError;

impl Signature {
    /// The header of a request that bears the signature of its body.
    pub const HEADER: &str = "x-service-ping-signature";

    pub fn of(document: &[u8], secret: &str) -> Signature {
        Signature(mac(document, secret).map_or_else(Vec::new, |mac| mac.finalize().into_bytes().to_vec()))
    }

    /// `sha256=` and hexadecimal digits.
    pub fn to_text(&self) -> String {
        self.0
            .iter()
            .fold(SCHEME.to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// Compares in a time that does not depend on where they differ.
    ///
    /// # Errors
    /// The text is not the document's signature.
    pub fn verify(text: &str, document: &[u8], secret: &str) -> Result<(), SignatureError> {
        let digits = text.strip_prefix(SCHEME).ok_or(SignatureError)?.as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        let mac = mac(document, secret).ok_or(SignatureError)?;
        mac.verify_slice(&bytes.ok_or(SignatureError)?)
            .map_err(|_| SignatureError)
    }
}

/// A key of any length will do: there is always one.
fn mac(document: &[u8], secret: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(document);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::{Signature, SignatureError};

    /// RFC 4231, test case 2.
    #[test]
    fn the_rfc_s_own_example() {
        let document = b"what do ya want for nothing?";
        let text = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(Signature::of(document, "Jefe").to_text(), text);
        assert_eq!(Signature::verify(text, document, "Jefe"), Ok(()));
        for wrong in [
            &text[..text.len() - 1],
            &text[7..],
            "sha256=",
            "sha256=zz",
            &text.replace("43", "44"),
        ] {
            assert_eq!(
                Signature::verify(wrong, document, "Jefe"),
                Err(SignatureError),
                "{wrong}"
            );
        }
    }
}
