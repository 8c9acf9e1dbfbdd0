//! Events on disk until the event store has them: a folder of segments, each the events of one batch.
//!
//! A segment is named by the batch's id and is deleted once the store has answered. What a process that was killed leaves,
//! the next one sends under the same ids, so that a store which took a batch before does not count it twice (Redis
//! remembers an id for a day). What was appended survives the death of the process, not that of the machine: nothing is
//! flushed to the disk.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::frame;
use super::queue::Parcel;
use super::weight;
use crate::keyspace::Write;

/// How segments' names end.
const ENDING: &str = "events";
/// Its holder is the one process that writes here.
const LOCK: &str = "lock";

/// Why a spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("the event spool {} cannot be used: {source}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the event spool {} is in use by another process: give each its own folder", path.display())]
    InUse { path: PathBuf },
}

/// The folder, locked for this process.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    _lock: File,
}

/// The events of one batch, in a file.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) id: Uuid,
    path: PathBuf,
    /// Absent where another process wrote it.
    file: Option<File>,
    length: u64,
    is_torn: bool,
}

impl Spool {
    /// Takes the folder, and what an earlier process left in it, oldest first.
    ///
    /// # Errors
    /// The folder cannot be made, read or locked.
    pub(super) fn open(folder: &Path) -> Result<(Spool, VecDeque<Parcel>), SpoolError> {
        let failed = |source| SpoolError::Folder {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).open(folder.join(LOCK));
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(SpoolError::InUse {
                    path: folder.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let left = left(folder).map_err(failed)?;
        let spool = Spool {
            folder: folder.to_owned(),
            _lock: lock,
        };
        Ok((spool, left))
    }

    /// A new segment.
    pub(super) fn begin(&self) -> io::Result<Segment> {
        let id = Uuid::now_v7();
        let path = self.folder.join(format!("{id}.{ENDING}"));
        let file = OpenOptions::new().create_new(true).append(true).open(&path)?;
        Ok(Segment {
            id,
            path,
            file: Some(file),
            length: 0,
            is_torn: false,
        })
    }
}

impl Segment {
    /// Appends an event in one write.
    ///
    /// # Errors
    /// The disk is full or fails. What was written of the event is taken back; where even that fails, the segment is torn.
    pub(super) fn append(&mut self, writes: &[Write]) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Err(io::Error::other("a segment of another process is not appended to"));
        };
        let frame = frame::encode(writes)?;
        match file.write_all(&frame) {
            Ok(()) => {
                self.length += frame.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.is_torn = file.set_len(self.length).is_err();
                Err(error)
            }
        }
    }

    pub(super) fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// The store has the events: the file is of no use any more.
    pub(super) fn remove(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "A spooled segment could not be deleted; it will be sent again.");
        }
    }
}

fn left(folder: &Path) -> io::Result<VecDeque<Parcel>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_ours = path.extension().is_some_and(|ending| ending == ENDING);
        let id = path.file_stem().and_then(|stem| stem.to_str()?.parse::<Uuid>().ok());
        if let Some(id) = id.filter(|_| is_ours) {
            segments.push((id, path));
        }
    }
    // The ids are of version 7: their order is that of time.
    segments.sort_unstable();
    segments.into_iter().map(|(id, path)| parcel(id, path)).collect()
}

fn parcel(id: Uuid, path: PathBuf) -> io::Result<Parcel> {
    let bytes = fs::read(&path)?;
    let (events, rest) = frame::decode_all(&bytes);
    if rest > 0 {
        // An event whose writing was cut short was never acknowledged.
        tracing::warn!(path = %path.display(), bytes = rest, "A spooled segment ends in the middle of an event, which is left out.");
    }
    Ok(Parcel {
        weight: events.iter().flatten().map(weight).sum(),
        events,
        segment: Some(Segment {
            id,
            path,
            file: None,
            length: bytes.len() as u64,
            is_torn: false,
        }),
        flushes: Vec::new(),
    })
}
