//! The file: what it holds, how it is signed, how it is read.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::BundleError;
use super::key::{InstanceKey, PublicKey};
use crate::state::StoredReport;

/// What the file says that it is.
pub(super) const FORMAT: &str = "service-ping bundle";
/// The one form of the file that there is so far.
pub(super) const VERSION: u64 = 1;

/// A report in a file. It has one spelling: a file that is spelt otherwise was altered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    format: String,
    version: u64,
    /// The instance that it came from.
    pub instance_uuid: String,
    /// The payload's own instant, RFC 3339.
    pub recorded_at: String,
    /// The key that the payload would have had on the wire.
    pub idempotency_key: String,
    /// The key of the metadata.
    pub metadata_key: String,
    /// A digest of the definitions that it was computed of.
    pub definitions_digest: String,
    /// The exact text that a request would have carried.
    pub payload: String,
    /// The exact text of the metadata request that would have followed.
    pub metadata: Option<String>,
    public_key: String,
    signature: String,
}

impl Bundle {
    /// A report, signed by the instance.
    pub fn new(report: StoredReport, instance_uuid: String, key: &InstanceKey) -> Bundle {
        let mut bundle = Bundle {
            format: FORMAT.to_owned(),
            version: VERSION,
            instance_uuid,
            recorded_at: report.report.recorded_at.to_rfc3339(),
            idempotency_key: report.report.idempotency_key.to_string(),
            metadata_key: report.metadata_key.to_string(),
            definitions_digest: report.definitions_digest,
            payload: report.payload,
            metadata: report.metadata,
            public_key: key.public().to_string(),
            signature: String::new(),
        };
        bundle.signature = key.sign(&bundle.signed_bytes());
        bundle
    }

    /// The file's text.
    ///
    /// # Errors
    /// None that these types allow for; the serialiser's type says that there may be.
    pub fn to_text(&self) -> Result<String, BundleError> {
        let text = serde_json::to_string_pretty(self).map_err(|_| BundleError::Unwritable)?;
        Ok(text + "\n")
    }

    /// Reads a file and checks its signature, which must be of one of the trusted keys, if there are any.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(text: &str, trusted: &[PublicKey]) -> Result<Bundle, BundleError> {
        let bundle: Bundle = parsed(text, FORMAT, &["bundle", "bundle export"])?;
        // JSON has many spellings of one value; only ours was signed.
        if bundle.to_text()? != text {
            return Err(BundleError::Altered);
        }
        let key = PublicKey::parse(&bundle.public_key).map_err(|_| BundleError::Altered)?;
        if !key.has_signed(&bundle.signed_bytes(), &bundle.signature) {
            return Err(BundleError::Altered);
        }
        if !trusted.is_empty() && !trusted.contains(&key) {
            return Err(BundleError::OtherKey(key.to_string()));
        }
        Ok(bundle)
    }

    /// Whose signature it bears.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// Every field by name and length, so that no two bundles have the same bytes.
    fn signed_bytes(&self) -> Vec<u8> {
        let version = self.version.to_string();
        let has_metadata = self.metadata.is_some().to_string();
        let fields = [
            ("format", self.format.as_str()),
            ("version", &version),
            ("instance_uuid", &self.instance_uuid),
            ("recorded_at", &self.recorded_at),
            ("idempotency_key", &self.idempotency_key),
            ("metadata_key", &self.metadata_key),
            ("definitions_digest", &self.definitions_digest),
            ("payload", &self.payload),
            ("has_metadata", &has_metadata),
            ("metadata", self.metadata.as_deref().unwrap_or_default()),
            ("public_key", &self.public_key),
        ];
        let mut bytes = Vec::new();
        for (name, value) in fields {
            bytes.extend_from_slice(format!("{name} {}\n", value.len()).as_bytes());
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }
}

/// Reads a file of ours: first what it is, then, if it is of the form that we know, the rest.
pub(super) fn parsed<T: for<'a> Deserialize<'a>>(
    text: &str,
    format: &str,
    [what, made_by]: &[&'static str; 2],
) -> Result<T, BundleError> {
    let foreign = BundleError::Foreign { what, made_by };
    let value: Value = serde_json::from_str(text).map_err(|error| match error.is_eof() {
        true => BundleError::Truncated,
        false => foreign.clone(),
    })?;
    if value.get("format").and_then(Value::as_str) != Some(format) {
        return Err(foreign);
    }
    match value.get("version").and_then(Value::as_u64) {
        Some(VERSION) => serde_json::from_str(text).map_err(|_| BundleError::Altered),
        Some(version) => Err(BundleError::Newer(version)),
        None => Err(BundleError::Altered),
    }
}
