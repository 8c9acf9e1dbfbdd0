//! The file that is written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use super::name;
use crate::emit::usage_log::error::WriteError;

pub(super) struct Current {
    file: File,
    pub(super) path: PathBuf,
    pub(super) made_at: DateTime<Utc>,
    pub(super) since: Instant,
    pub(super) bytes: u64,
    /// Whether the last line breaks off, and could not be taken back.
    is_torn: bool,
}

impl Current {
    /// A new file of this moment, or of the next millisecond that no file has.
    pub(super) fn make(folder: &Path, not_before: Option<DateTime<Utc>>) -> Result<Current, WriteError> {
        let now = Utc::now();
        let mut made_at = not_before.map_or(now, |after| now.max(after + TimeDelta::milliseconds(1)));
        loop {
            let path = folder.join(name::of(made_at));
            let mut options = OpenOptions::new();
            match options.append(true).create_new(true).mode(0o644).open(&path) {
                Ok(file) => {
                    return Ok(Current {
                        file,
                        path,
                        made_at,
                        since: Instant::now(),
                        bytes: 0,
                        is_torn: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    made_at += TimeDelta::milliseconds(1);
                }
                Err(error) => return Err(WriteError::io(&path, &error)),
            }
        }
    }

    /// A file whose last line has ended, to be gone on with; `None` where its age is not known.
    pub(super) fn resume(path: PathBuf) -> io::Result<Option<Current>> {
        let Some(made_at) = path.file_name().and_then(|name| name::made_at(name.to_str()?)) else {
            return Ok(None);
        };
        // A clock that was set back makes it no older than new.
        let age = (Utc::now() - made_at).to_std().unwrap_or_default();
        let Some(since) = Instant::now().checked_sub(age) else {
            return Ok(None);
        };
        let file = OpenOptions::new().append(true).open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Some(Current {
            file,
            path,
            made_at,
            since,
            bytes,
            is_torn: false,
        }))
    }

    /// Appends a line as a whole; what of it is there after a failure is taken back, or else ends where the next begins.
    pub(super) fn append(&mut self, line: &[u8], fsync: bool) -> Result<(), WriteError> {
        if self.is_torn {
            self.file.write_all(b"\n").map_err(|error| self.failed(&error))?;
            self.is_torn = false;
            self.bytes += 1;
        }
        if let Err(error) = self.file.write_all(line) {
            self.is_torn = self.file.set_len(self.bytes).is_err();
            return Err(self.failed(&error));
        }
        self.bytes += line.len() as u64;
        if fsync {
            self.file.sync_data().map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> WriteError {
        WriteError::io(&self.path, error)
    }
}
