//! A bundle at the maker's: through the checks that a request goes through, into the same tables.

use super::file::Bundle;
use crate::versions::receiver::{Intake, ReceiverStore};

/// What became of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The id of the payload.
    pub usage_data_id: i64,
    /// Whether it came for the first time.
    pub is_new: bool,
}

/// Why the receiver does not take a bundle, as it would say to a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the receiver does not take it ({status}): {message}")]
pub struct ImportError {
    /// The status that a request would get.
    pub status: u16,
    pub message: String,
}

/// Keeps a bundle's payload and metadata; one that came before, by whatever way, is not kept again.
///
/// # Errors
/// The receiver refuses the payload or its metadata, or its store failed.
pub async fn import(store: &ReceiverStore, bundle: &Bundle) -> Result<Imported, ImportError> {
    let intake = Intake::new(store.clone());
    let imported = intake.payload(Some(&bundle.idempotency_key), &bundle.payload).await;
    let imported = imported.map_err(refused)?;
    if let Some(metadata) = &bundle.metadata {
        let kept = intake.metadata(Some(&bundle.metadata_key), metadata).await;
        kept.map_err(refused)?;
    }
    Ok(Imported {
        usage_data_id: imported.id,
        is_new: imported.is_new,
    })
}

fn refused(refusal: crate::versions::receiver::Refusal) -> ImportError {
    ImportError {
        status: refusal.status(),
        message: refusal.message().to_owned(),
    }
}
