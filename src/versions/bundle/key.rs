//! The instance's key pair: it says that two bundles are of one instance.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::error::BundleError;
use super::hex;
use crate::state::{StateError, StateStore};

/// The private half. It shows itself to nobody.
pub struct InstanceKey(SigningKey);

/// The public half, which the maker may be told beforehand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl InstanceKey {
    /// The instance's key: made once, by whoever asks first, and kept in the state store.
    ///
    /// # Errors
    /// The store failed, or holds something that is no key.
    pub async fn of(store: &StateStore) -> Result<InstanceKey, StateError> {
        Ok(InstanceKey(SigningKey::from_bytes(&store.signing_secret().await?)))
    }

    /// A key of its 32 secret bytes.
    pub fn from_secret(secret: &[u8; 32]) -> InstanceKey {
        InstanceKey(SigningKey::from_bytes(secret))
    }

    /// The half that may be shown.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> String {
        hex::encode(&self.0.sign(bytes).to_bytes())
    }
}

impl PublicKey {
    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// They are no public key.
    pub fn parse(text: &str) -> Result<PublicKey, BundleError> {
        let bytes: [u8; 32] = hex::decode(&text.trim().to_ascii_lowercase()).ok_or(BundleError::NoKey)?;
        VerifyingKey::from_bytes(&bytes)
            .map(PublicKey)
            .map_err(|_| BundleError::NoKey)
    }

    /// Whether the signature is this key's, of these bytes.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &str) -> bool {
        let signature = hex::decode(signature).map(|signature| Signature::from_bytes(&signature));
        signature.is_some_and(|signature| self.0.verify_strict(bytes, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({self})")
    }
}

impl fmt::Debug for InstanceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "InstanceKey(of {})", self.public())
    }
}
