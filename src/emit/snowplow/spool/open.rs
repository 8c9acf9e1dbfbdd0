//! Finding again what an earlier process left.

use std::collections::VecDeque;
use std::path::Path;

use super::folder;
use super::mark::MarkFile;
use super::options::SpoolOptions;
use super::segment::Segment;
use super::state::{Spool, assemble};
use crate::emit::snowplow::storage::StorageError;

impl Spool {
    /// Takes the folder for this process, makes it if it is not there, and finds what waits in it.
    ///
    /// # Errors
    /// Another process uses it, or it cannot be read or written.
    pub fn open(folder: &Path, options: SpoolOptions) -> Result<Spool, StorageError> {
        let failed = |error| StorageError::io(folder, &error);
        folder::make(folder)?;
        let lock = folder::lock(folder)?;
        let (file, mark) = MarkFile::open(folder).map_err(failed)?;
        let (mut segments, mut corrupt, mut oldest) = (VecDeque::new(), 0, None);
        for (number, path) in folder::segments(folder).map_err(failed)? {
            if number < mark.segment {
                std::fs::remove_file(&path).map_err(failed)?;
                continue;
            }
            let offset = if number == mark.segment { mark.offset } else { 0 };
            let (segment, surveyed) = Segment::recover(number, path, offset).map_err(failed)?;
            corrupt += surveyed.corrupt;
            oldest = oldest.or(surveyed.oldest);
            match segment.pending {
                0 => std::fs::remove_file(&segment.path).map_err(failed)?,
                _ => segments.push_back(segment),
            }
        }
        if corrupt > 0 {
            tracing::warn!(corrupt, "Events of the spool were found spoilt, and are left out.");
        }
        let found = (segments, corrupt, oldest);
        assemble(folder.to_owned(), options, lock, (file, mark), found)
    }
}
