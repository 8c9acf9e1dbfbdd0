//! One file of records.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder;
use super::record::{self, Found};
use crate::emit::snowplow::dead_letter::sync_folder;
use crate::emit::snowplow::event::EventKind;

/// A segment that events wait in, or may be appended to.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    /// Bytes that are sound and counted.
    pub(super) length: u64,
    /// Bytes on disk.
    pub(super) bytes: u64,
    /// Events that wait in it, and how many of them are billing's.
    pub(super) pending: u64,
    pub(super) pending_billing: u64,
}

/// What a look through a segment found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Surveyed {
    pub(super) pending: u64,
    pub(super) pending_billing: u64,
    pub(super) corrupt: u64,
    /// Where the sound part ends: what follows was being written when the process ended.
    pub(super) end: u64,
    /// When the oldest was accepted.
    pub(super) oldest: Option<u64>,
}

impl Segment {
    /// A new segment, whose name the disk has taken.
    pub(super) fn create(folder: &Path, number: u64) -> io::Result<Segment> {
        let path = folder::segment(folder, number);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).open(&path)?;
        sync_folder(&path)?;
        Ok(Segment {
            number,
            path,
            file: Arc::new(file),
            length: 0,
            bytes: 0,
            pending: 0,
            pending_billing: 0,
        })
    }

    /// A segment that an earlier process wrote, without what it did not end writing. Looks at what stands from `offset` on.
    pub(super) fn recover(number: u64, path: PathBuf, offset: u64) -> io::Result<(Segment, Surveyed)> {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let length = file.metadata()?.len();
        let offset = offset.min(length);
        let mut bytes = vec![0; usize::try_from(length - offset).unwrap_or_default()];
        file.read_exact_at(&mut bytes, offset)?;
        let mut surveyed = survey(&bytes);
        surveyed.end += offset;
        if surveyed.end < length {
            file.set_len(surveyed.end)?;
            file.sync_all()?;
        }
        let segment = Segment {
            number,
            path,
            file: Arc::new(file),
            length: surveyed.end,
            bytes: surveyed.end,
            pending: surveyed.pending,
            pending_billing: surveyed.pending_billing,
        };
        Ok((segment, surveyed))
    }

    pub(super) fn count(&mut self, kind: EventKind) {
        self.pending += 1;
        self.pending_billing += u64::from(kind == EventKind::Billing);
    }

    pub(super) fn discount(&mut self, kind: EventKind) {
        self.pending = self.pending.saturating_sub(1);
        let billing = u64::from(kind == EventKind::Billing);
        self.pending_billing = self.pending_billing.saturating_sub(billing);
    }
}

/// The next sound record from `at` on, and where it begins: what is spoilt is passed over, by its length where that leads
/// to a sound record, else byte by byte.
pub(super) fn next_sound(bytes: &[u8], at: usize) -> Option<(usize, Found)> {
    let mut place = at;
    while place < bytes.len() {
        match record::read(&bytes[place..]) {
            found @ Found::Event(..) => return Some((place, found)),
            Found::Spoilt(Some(length)) if is_event(bytes, place + length) => place += length,
            Found::Spoilt(_) | Found::Short(_) => place += 1,
        }
    }
    None
}

fn is_event(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    matches!(record::read(rest), Found::Event(..))
}

/// Looks through the whole of what stands in `bytes`.
pub(super) fn survey(bytes: &[u8]) -> Surveyed {
    let mut surveyed = Surveyed::default();
    let mut at = 0;
    while at < bytes.len() {
        let Some((place, Found::Event(event, length))) = next_sound(bytes, at) else {
            break;
        };
        // A gap holds one spoilt record at least.
        surveyed.corrupt += u64::from(place > at);
        surveyed.pending += 1;
        surveyed.pending_billing += u64::from(event.kind == EventKind::Billing);
        surveyed.oldest.get_or_insert(event.accepted_at);
        at = place + length;
    }
    // What is whole at the end, but spoilt, was an event; what is not whole was never accepted.
    let tail = bytes.get(at..).unwrap_or_default();
    if let Found::Spoilt(Some(length)) = record::read(tail)
        && length <= tail.len()
    {
        surveyed.corrupt += 1;
    }
    surveyed.end = at as u64;
    surveyed
}
