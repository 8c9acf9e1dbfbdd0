//! Events that were refused for good: one JSON document a line, kept until somebody replays or deletes them.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::event::{EventKind, QueuedEvent};
use super::storage::StorageError;

const FILE: &str = "dead-letters.jsonl";

/// An event that was refused for good, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    pub id: String,
    /// `custom` or `billing`.
    pub kind: String,
    /// As the metrics say it.
    pub reason: String,
    /// The collector's answer, -1 where there was none.
    pub status: i32,
    /// When it was sent first, and last, by this process; RFC 3339.
    pub first_attempt: String,
    pub last_attempt: String,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at: u64,
    /// Its fields, without the time of sending.
    pub event: serde_json::Value,
}

impl DeadLetter {
    /// The event as it was before.
    pub fn revived(&self) -> Option<QueuedEvent> {
        Some(QueuedEvent {
            id: self.id.parse().ok()?,
            kind: EventKind::ALL.into_iter().find(|kind| kind.label() == self.kind)?,
            accepted_at: self.accepted_at,
            body: serde_json::to_vec(&self.event)
                .ok()
                .filter(|body| body.starts_with(b"{\""))?,
        })
    }
}

/// The file beside a spool that refused events are written to.
#[derive(Debug)]
pub struct DeadLetters {
    path: PathBuf,
    bytes: AtomicU64,
}

impl DeadLetters {
    /// The letters of a spool's folder; the file need not be there.
    pub fn of(folder: &Path) -> DeadLetters {
        let path = folder.join(FILE);
        let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
        DeadLetters {
            path,
            bytes: AtomicU64::new(bytes),
        }
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Writes a letter so that it outlives the machine's end.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn append(&self, letter: &DeadLetter) -> Result<(), StorageError> {
        let failed = |error| StorageError::io(&self.path, &error);
        let mut line = serde_json::to_vec(letter).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let is_new = !self.path.exists();
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(failed)?;
        let before = file.metadata().map_err(failed)?.len();
        if let Err(error) = file.write_all(&line).and_then(|()| file.sync_data()) {
            // Half a line would spoil the next one.
            let _ = file.set_len(before);
            return Err(failed(error));
        }
        if is_new {
            sync_folder(&self.path).map_err(failed)?;
        }
        self.bytes.store(before + line.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Every letter; a line that is none, as the end of a disk leaves it, is passed over and counted.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self) -> Result<(Vec<DeadLetter>, usize), StorageError> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            Err(error) => return Err(StorageError::io(&self.path, &error)),
        };
        let (mut letters, mut spoilt) = (Vec::new(), 0);
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(letter) => letters.push(letter),
                Err(_) => spoilt += 1,
            }
        }
        Ok((letters, spoilt))
    }

    /// Keeps the lines alone that are no letters, or whose letters `keep` wants.
    ///
    /// # Errors
    /// The file cannot be written; it is as it was then.
    pub fn retain(&self, keep: impl Fn(&DeadLetter) -> bool) -> Result<(), StorageError> {
        let failed = |error| StorageError::io(&self.path, &error);
        let text = std::fs::read_to_string(&self.path).map_err(failed)?;
        let kept = text
            .lines()
            .filter(|line| match serde_json::from_str::<DeadLetter>(line) {
                Ok(letter) => keep(&letter),
                Err(_) => !line.is_empty(),
            });
        let kept: String = kept.map(|line| format!("{line}\n")).collect();
        let beside = self.path.with_extension("new");
        let mut file = File::create(&beside).map_err(failed)?;
        file.write_all(kept.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        std::fs::rename(&beside, &self.path).map_err(failed)?;
        sync_folder(&self.path).map_err(failed)?;
        self.bytes.store(kept.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Has the disk take the names in a file's folder, too.
pub(super) fn sync_folder(file: &Path) -> std::io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
