//! A look at a spool that may be another process'.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::folder;
use super::mark::{Mark, MarkFile};
use super::segment::survey;
use crate::emit::snowplow::dead_letter::DeadLetters;
use crate::emit::snowplow::storage::StorageError;

/// What waits in a spool; nothing is changed by looking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    pub pending: u64,
    pub pending_billing: u64,
    /// Bytes of its segments.
    pub bytes: u64,
    pub segments: u64,
    pub corrupt: u64,
    /// When the oldest event was accepted, in milliseconds since 1970.
    pub oldest: Option<u64>,
    pub dead_letters: u64,
    /// Who uses it now.
    pub in_use_by: Option<String>,
}

impl Look {
    /// Looks at a folder; one that is not there is empty.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn at(folder: &Path) -> Result<Look, StorageError> {
        let failed = |error| StorageError::io(folder, &error);
        if !folder.exists() {
            return Ok(Look::default());
        }
        let mark = MarkFile::read(folder).unwrap_or_default();
        let mut look = Look {
            in_use_by: folder::holder(folder),
            dead_letters: DeadLetters::of(folder).read()?.0.len() as u64,
            ..Look::default()
        };
        for (number, path) in folder::segments(folder).map_err(failed)? {
            // Its owner may have deleted it since.
            let Ok(file) = File::open(&path) else { continue };
            look.add(number, &file, mark).map_err(failed)?;
        }
        Ok(look)
    }

    fn add(&mut self, number: u64, file: &File, mark: Mark) -> std::io::Result<()> {
        let length = file.metadata()?.len();
        self.bytes += length;
        self.segments += 1;
        let offset = match number.cmp(&mark.segment) {
            std::cmp::Ordering::Less => length,
            std::cmp::Ordering::Equal => mark.offset.min(length),
            std::cmp::Ordering::Greater => 0,
        };
        let mut bytes = vec![0; usize::try_from(length - offset).unwrap_or_default()];
        file.read_exact_at(&mut bytes, offset)?;
        let surveyed = survey(&bytes);
        self.pending += surveyed.pending;
        self.pending_billing += surveyed.pending_billing;
        self.corrupt += surveyed.corrupt;
        self.oldest = self.oldest.or(surveyed.oldest);
        Ok(())
    }
}
