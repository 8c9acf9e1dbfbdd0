//! How far everything has left: the segment and the offset of the oldest event that waits. Two places are written in turn,
//! so that one of them is always whole. The disk is not waited for: a mark that is lost has events sent again, under the
//! ids that they had.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crc::{CRC_32_ISCSI, Crc, Table};

const CHECKSUM: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);
const PLACE: usize = 32;
const FILE: &str = "left";

/// Where the oldest event stands that waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) segment: u64,
    pub(super) offset: u64,
}

/// The file of the mark.
#[derive(Debug)]
pub(super) struct MarkFile {
    file: File,
    turn: u64,
}

impl MarkFile {
    /// The file, and the mark in it; the beginning of everything where there is none.
    pub(super) fn open(folder: &Path) -> io::Result<(MarkFile, Mark)> {
        let path = folder.join(FILE);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let (turn, mark) = newest(&file);
        Ok((MarkFile { file, turn }, mark))
    }

    /// The mark of a spool that may be another process'.
    pub(super) fn read(folder: &Path) -> io::Result<Mark> {
        Ok(newest(&File::open(folder.join(FILE))?).1)
    }

    pub(super) fn write(&mut self, mark: Mark) -> io::Result<()> {
        self.turn += 1;
        let mut place = [0; PLACE];
        place[..8].copy_from_slice(&self.turn.to_le_bytes());
        place[8..16].copy_from_slice(&mark.segment.to_le_bytes());
        place[16..24].copy_from_slice(&mark.offset.to_le_bytes());
        let checksum = CHECKSUM.checksum(&place[..24]);
        place[24..28].copy_from_slice(&checksum.to_le_bytes());
        self.file.write_all_at(&place, (self.turn % 2) * PLACE as u64)
    }
}

/// Of the places that are whole, the one that was written last.
fn newest(file: &File) -> (u64, Mark) {
    let mut places = Vec::new();
    for nth in 0..2 {
        let mut place = [0; PLACE];
        if file.read_exact_at(&mut place, nth * PLACE as u64).is_ok() {
            places.extend(read(&place));
        }
    }
    places.into_iter().max_by_key(|(turn, _)| *turn).unwrap_or_default()
}

fn read(place: &[u8; PLACE]) -> Option<(u64, Mark)> {
    let number = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&place[at..at + 8]);
        u64::from_le_bytes(bytes)
    };
    let checksum = CHECKSUM.checksum(&place[..24]);
    let is_whole = place[24..28] == checksum.to_le_bytes();
    is_whole.then(|| {
        let mark = Mark {
            segment: number(8),
            offset: number(16),
        };
        (number(0), mark)
    })
}
