//! A file that is being written. It is there once it is whole, and not before.

use object_store::buffered::BufWriter;
use tokio::io::AsyncWriteExt;

use super::encoder::{Encoder, ExportFormat};
use super::error::ExportError;
use super::kind::Kind;
use super::month::Month;
use super::run::ExportedFile;
use super::target::ExportTarget;

/// Bytes of a part; S3 takes no smaller ones, and no more than 10,000 of them: 80 GB a file.
const PART: usize = 8 * 1024 * 1024;
/// Parts that are on their way at once.
const PARTS: usize = 2;

/// One file of an export.
pub(super) struct File {
    pub(super) encoder: Encoder,
    upload: BufWriter,
    shown: String,
}

impl File {
    pub(super) fn new(
        target: &ExportTarget,
        kind: Kind,
        month: Month,
        format: ExportFormat,
    ) -> Result<File, ExportError> {
        let name = format!("{}-{month}.{}", kind.name(), format.extension());
        let (store, path) = target.open(&name)?;
        Ok(File {
            encoder: Encoder::new(format, kind.columns())?,
            upload: BufWriter::with_capacity(store, path, PART).with_max_concurrency(PARTS),
            shown: target.show(&name),
        })
    }

    /// Sends what is ready on its way.
    pub(super) async fn send(&mut self) -> Result<(), ExportError> {
        let bytes = self.encoder.take()?;
        let written = self.upload.write_all(&bytes).await;
        written.map_err(|error| ExportError::Write(self.shown.clone(), error))
    }

    /// Ends the file, which makes it seen.
    pub(super) async fn end(mut self) -> Result<ExportedFile, ExportError> {
        let (bytes, rows) = self.encoder.end()?;
        let ended = async {
            self.upload.write_all(&bytes).await?;
            self.upload.shutdown().await
        };
        match ended.await {
            Ok(()) => Ok(ExportedFile { name: self.shown, rows }),
            Err(error) => Err(ExportError::Write(self.shown, error)),
        }
    }
}
