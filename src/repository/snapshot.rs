//! The files of a folder as a commit has them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::git::{RepositoryError, answer, answer_to, spelled};

/// A file's name below the folder, and its bytes.
pub type File = (PathBuf, Vec<u8>);

/// The files with the endings `.yml` and `.yaml` that `folder` has in the commit of `reference`.
///
/// # Errors
/// There is no `git`, no repository around the folder, no such commit, or no such folder in it.
pub fn snapshot(folder: &Path, reference: &str) -> Result<Vec<File>, RepositoryError> {
    let prefix = prefix(folder)?;
    let commit = commit(folder, reference)?;
    let listed = listed(folder, &commit, &prefix)?;
    if listed.is_empty() {
        return Err(RepositoryError::NoFolder {
            folder: folder.to_owned(),
            reference: reference.to_owned(),
        });
    }
    let blobs: Vec<Blob> = listed.into_iter().filter(Blob::is_yaml).collect();
    contents(folder, blobs)
}

/// A file of a commit: what names its bytes, and its path below the folder.
struct Blob {
    id: String,
    name: PathBuf,
}

impl Blob {
    fn is_yaml(&self) -> bool {
        let ending = self.name.extension().and_then(OsStr::to_str);
        matches!(ending, Some("yml" | "yaml"))
    }
}

/// The folder's own path in its repository, with a slash at its end unless it is the root.
fn prefix(folder: &Path) -> Result<String, RepositoryError> {
    let no_repository = || RepositoryError::NoRepository(folder.to_owned());
    let prefix = answer(folder, &["rev-parse".as_ref(), "--show-prefix".as_ref()])?.ok_or_else(no_repository)?;
    let prefix = String::from_utf8(prefix).map_err(|_| no_repository())?;
    Ok(prefix.trim_end_matches('\n').to_owned())
}

fn commit(folder: &Path, reference: &str) -> Result<String, RepositoryError> {
    let wanted = format!("{reference}^{{commit}}");
    let words = ["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted].map(OsStr::new);
    let commit = answer(folder, &words)?.and_then(|commit| String::from_utf8(commit).ok());
    let commit = commit.map(|commit| commit.trim().to_owned());
    commit.ok_or_else(|| RepositoryError::NoCommit {
        folder: folder.to_owned(),
        reference: reference.to_owned(),
    })
}

/// Regular files alone: links would lead out of the commit.
fn listed(folder: &Path, commit: &str, prefix: &str) -> Result<Vec<Blob>, RepositoryError> {
    let tree = format!("{commit}:{prefix}");
    let words = ["ls-tree", "-r", "-z", "--full-tree", tree.trim_end_matches('/')].map(OsStr::new);
    let Some(answer) = answer(folder, &words)? else {
        return Ok(Vec::new());
    };
    let entries = answer.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    Ok(entries.filter_map(blob).collect())
}

/// `100644 blob <id>\t<name>`; a name that is not UTF-8 names no definition.
fn blob(entry: &[u8]) -> Option<Blob> {
    let (head, name) = std::str::from_utf8(entry).ok()?.split_once('\t')?;
    let mut words = head.split(' ');
    let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
    (kind == "blob" && mode.starts_with("100")).then(|| Blob {
        id: id.to_owned(),
        name: PathBuf::from(name),
    })
}

/// All files by one process.
fn contents(folder: &Path, blobs: Vec<Blob>) -> Result<Vec<File>, RepositoryError> {
    let words = ["cat-file", "--batch"].map(OsStr::new);
    let wanted: String = blobs.iter().map(|blob| format!("{}\n", blob.id)).collect();
    let answer = answer_to(folder, &words, wanted.into_bytes())?;
    let mut rest = answer.as_slice();
    let mut files = Vec::with_capacity(blobs.len());
    for blob in blobs {
        let (bytes, after) = object(rest).ok_or_else(|| RepositoryError::Unreadable {
            command: spelled(&words),
        })?;
        files.push((blob.name, bytes.to_vec()));
        rest = after;
    }
    Ok(files)
}

/// `<id> blob <size>\n<bytes>\n`, and what follows.
fn object(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = answer.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = answer.split_at_checked(line)?;
    let size: usize = std::str::from_utf8(head).ok()?.rsplit(' ').next()?.parse().ok()?;
    let (bytes, rest) = rest.get(1..)?.split_at_checked(size)?;
    Some((bytes, rest.get(1..)?))
}
