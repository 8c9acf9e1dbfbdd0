//! An export, from the store to its files.

use chrono::{DateTime, Utc};

use super::encoder::ExportFormat;
use super::error::ExportError;
use super::file::File;
use super::kind::{Kind, error_row, metric_rows, outcome_rows, payload_row};
use super::month::Month;
use super::target::ExportTarget;
use crate::versions::receiver::ReceiverStore;
use crate::versions::receiver::store::Place;

/// Before every row.
const BEGIN: Place = (DateTime::<Utc>::UNIX_EPOCH, 0);

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its path or address.
    pub name: String,
    pub rows: u64,
}

/// Writes the four files of a month; those that were there are replaced.
///
/// # Errors
/// The store cannot be read, or the target cannot be written to.
pub async fn export(
    store: &ReceiverStore,
    month: Month,
    format: ExportFormat,
    target: &ExportTarget,
) -> Result<Vec<ExportedFile>, ExportError> {
    let file = |kind| File::new(target, kind, month, format);
    let [mut payloads, mut metrics] = [file(Kind::Payloads)?, file(Kind::Metrics)?];
    let mut after = BEGIN;
    loop {
        let page = store.payloads_of(month.span(), after).await?;
        let Some(last) = page.last() else { break };
        after = (last.received_at, last.id);
        for payload in &page {
            payload_row(payload, &mut payloads.encoder)?;
            payloads.send().await?;
            metric_rows(payload, &mut metrics.encoder)?;
            metrics.send().await?;
        }
    }
    let mut files = vec![payloads.end().await?, metrics.end().await?];
    files.push(outcomes(store, month, file(Kind::Outcomes)?).await?);
    files.push(errors(store, month, file(Kind::Errors)?).await?);
    Ok(files)
}

async fn outcomes(store: &ReceiverStore, month: Month, mut file: File) -> Result<ExportedFile, ExportError> {
    let mut after = BEGIN;
    loop {
        let page = store.metadata_of(month.span(), after).await?;
        let Some(last) = page.last() else {
            return file.end().await;
        };
        after = (last.received_at, last.id);
        for metadata in &page {
            outcome_rows(metadata, &mut file.encoder)?;
            file.send().await?;
        }
    }
}

async fn errors(store: &ReceiverStore, month: Month, mut file: File) -> Result<ExportedFile, ExportError> {
    let mut after = BEGIN;
    loop {
        let page = store.errors_of(month.span(), after).await?;
        let Some(last) = page.last() else {
            return file.end().await;
        };
        after = (last.received_at, last.id);
        for error in &page {
            error_row(error, &mut file.encoder)?;
            file.send().await?;
        }
    }
}
