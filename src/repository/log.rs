//! Which commits touched which file.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Why nothing is known of the commits.
#[derive(Debug, thiserror::Error)]
pub enum Unasked {
    #[error("there is no `git` here")]
    NoGit,
    #[error("{} is not in a git repository that `git` reads", .0.display())]
    NoRepository(PathBuf),
    #[error("git cannot be run: {0}")]
    Unusable(std::io::Error),
}

/// Begins the line of a commit; no file's name does.
const COMMIT: char = '\u{1}';
const FIELD: char = '\u{1f}';

/// The commits that touched each file below `root`, the newest first; files by their names relative to `root`. One call
/// for all files, because a dictionary has thousands.
///
/// # Errors
/// There is no `git`, or `root` is in no repository.
pub fn changes(root: &Path) -> Result<BTreeMap<PathBuf, Vec<Change>>, Unasked> {
    let format = format!("--format={COMMIT}%h{FIELD}%as{FIELD}%s");
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args([
            "--no-pager",
            "-c",
            "core.quotePath=false",
            "-c",
            "log.showSignature=false",
        ])
        .args(["log", "--no-color", "--no-renames", "--name-only", "--relative"])
        .args([&format, "--", "."])
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .output();
    let output = output.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Unasked::NoGit,
        _ => Unasked::Unusable(error),
    })?;
    if !output.status.success() {
        return Err(Unasked::NoRepository(root.to_owned()));
    }
    Ok(by_file(&String::from_utf8_lossy(&output.stdout)))
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
