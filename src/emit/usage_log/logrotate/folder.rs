//! The folder of files: its lock, what is in it, what is deleted.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::name;
use crate::emit::usage_log::error::WriteError;

const LOCK: &str = "usage-log.lock";
const PART: &str = "gz.part";

/// Makes the folder, and takes it for this process: the lock goes with the file, however the process ends.
pub(super) fn take(folder: &Path) -> Result<File, WriteError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o755);
    builder.create(folder).map_err(|error| WriteError::io(folder, &error))?;
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o644).open(&path);
    let file = file.map_err(|error| WriteError::io(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(WriteError::InUse {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(WriteError::io(&path, &error)),
    }
}

/// The files of records, newest first.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(made_at) = name.and_then(name::made_at) {
            files.push((made_at, path));
        }
    }
    files.sort();
    Ok(files.into_iter().rev().map(|(_, path)| path).collect())
}

/// When the newest file was made, by its name; `None` where there is none, or nobody can look.
pub(super) fn newest(folder: &Path) -> Option<DateTime<Utc>> {
    let newest = files(folder).ok()?.into_iter().next()?;
    name::made_at(newest.file_name()?.to_str()?)
}

/// The newest file, unless it is compressed already.
pub(super) fn newest_open(folder: &Path) -> Option<PathBuf> {
    let newest = files(folder).ok()?.into_iter().next()?;
    newest
        .extension()
        .is_some_and(|extension| extension == "json")
        .then_some(newest)
}

/// Deletes the oldest files beyond so many; never the one that is written, whatever the clock did.
pub(super) fn clean(folder: &Path, most: usize, current: Option<&Path>) -> io::Result<()> {
    let others = files(folder)?
        .into_iter()
        .filter(|path| Some(path.as_path()) != current);
    let most = most.saturating_sub(usize::from(current.is_some()));
    others.skip(most).try_for_each(std::fs::remove_file)
}

/// Ends the last line of the newest file where a process that died did not, and deletes what it was compressing.
pub(super) fn mend(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(PART) {
            std::fs::remove_file(&path)?;
        }
    }
    match newest_open(folder) {
        Some(newest) => end_last_line(&newest),
        None => Ok(()),
    }
}

fn end_last_line(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(());
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
}

/// Puts a compressed file in the place of one that is written no more.
pub(super) fn pack(path: &Path) -> io::Result<()> {
    let part = path.with_extension(format!("json.{PART}"));
    let mut options = OpenOptions::new();
    let target = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .open(&part)?;
    let mut encoder = GzEncoder::new(target, Compression::default());
    io::copy(&mut BufReader::new(File::open(path)?), &mut encoder)?;
    encoder.finish()?.sync_data()?;
    std::fs::rename(&part, path.with_extension("json.gz"))?;
    std::fs::remove_file(path)
}
