//! Which commits touched which file.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::git::{RepositoryError, answer};

/// A commit that touched a file. Who made it is not asked: a dictionary is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The commit's abbreviated id.
    pub commit: String,
    /// The day it was authored, as `2026-11-19`.
    pub date: String,
    /// The first line of its message.
    pub subject: String,
}

/// Begins the line of a commit; no file's name does.
const COMMIT: char = '\u{1}';
const FIELD: char = '\u{1f}';

/// The commits that touched each file below `root`, the newest first; files by their names relative to `root`. One call
/// for all files, because a dictionary has thousands.
///
/// # Errors
/// There is no `git`, or `root` is in no repository.
pub fn changes(root: &Path) -> Result<BTreeMap<PathBuf, Vec<Change>>, RepositoryError> {
    let format = format!("--format={COMMIT}%h{FIELD}%as{FIELD}%s");
    let words = [
        "-c",
        "core.quotePath=false",
        "-c",
        "log.showSignature=false",
        "log",
        "--no-color",
        "--no-renames",
        "--name-only",
        "--relative",
        &format,
        "--",
        ".",
    ];
    let log = answer(root, &words.map(OsStr::new))?;
    let log = log.ok_or_else(|| RepositoryError::NoRepository(root.to_owned()))?;
    Ok(by_file(&String::from_utf8_lossy(&log)))
}

fn by_file(log: &str) -> BTreeMap<PathBuf, Vec<Change>> {
    let mut files: BTreeMap<PathBuf, Vec<Change>> = BTreeMap::new();
    for commit in log.split(COMMIT) {
        let mut lines = commit.lines();
        let Some(change) = lines.next().and_then(change) else {
            continue;
        };
        for file in lines.filter(|line| !line.is_empty()) {
            files.entry(PathBuf::from(file)).or_default().push(change.clone());
        }
    }
    files
}

fn change(line: &str) -> Option<Change> {
    let mut fields = line.splitn(3, FIELD).map(str::to_owned);
    Some(Change {
        commit: fields.next().filter(|commit| !commit.is_empty())?,
        date: fields.next()?,
        subject: fields.next()?,
    })
}
