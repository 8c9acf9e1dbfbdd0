//! What the maker gives back for bundles.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::BundleError;
use super::file::{Bundle, VERSION, parsed};
use super::hex;

const FORMAT: &str = "service-ping receipts";

/// A file of receipts. It bears no signature, as an endpoint's reply bears none: whoever may write the state store may
/// close its outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    format: String,
    version: u64,
    pub receipts: Vec<Receipt>,
}

/// That one payload arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub instance_uuid: String,
    pub idempotency_key: String,
    /// The maker's id of the payload, above 0.
    pub usage_data_id: i64,
    /// SHA-256 of the payload's bytes, in hexadecimal.
    pub payload_sha256: String,
}

impl Receipt {
    /// The receipt of a bundle that was taken.
    pub fn of(bundle: &Bundle, usage_data_id: i64) -> Receipt {
        Receipt {
            instance_uuid: bundle.instance_uuid.clone(),
            idempotency_key: bundle.idempotency_key.clone(),
            usage_data_id,
            payload_sha256: digest(&bundle.payload),
        }
    }

    /// Whether it is of this very payload.
    pub fn is_of(&self, payload: &str) -> bool {
        self.payload_sha256 == digest(payload)
    }
}

impl Receipts {
    /// A file of these.
    pub fn new(receipts: Vec<Receipt>) -> Receipts {
        Receipts {
            format: FORMAT.to_owned(),
            version: VERSION,
            receipts,
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// None that these types allow for; the serialiser's type says that there may be.
    pub fn to_text(&self) -> Result<String, BundleError> {
        let text = serde_json::to_string_pretty(self).map_err(|_| BundleError::Unwritable)?;
        Ok(text + "\n")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Receipts, BundleError> {
        let receipts: Receipts = parsed(text, FORMAT, &["file of receipts", "bundle import --receipt"])?;
        let is_sound = |receipt: &Receipt| receipt.usage_data_id > 0;
        match receipts.receipts.iter().all(is_sound) {
            true => Ok(receipts),
            false => Err(BundleError::Altered),
        }
    }
}

fn digest(payload: &str) -> String {
    hex::encode(&Sha256::digest(payload))
}
