//! The part of loading that needs no other file: bytes, text, value, and what is made of the value. Files are read side
//! by side.

use std::path::{Path, PathBuf};
use std::thread;

use super::code::Code;
use super::diagnostic::{Diagnostic, Severity};
use super::folder::DefinitionFile;
use super::source::Source;
use super::yaml::Document;

/// The largest file that is read as a definition; GitLab's largest has 10 KiB.
const MAX_BYTES: usize = 256 * 1024;

/// Fewer files than this are read by one thread: starting another takes longer.
const FEW: usize = 32;

/// A file that was read.
pub(super) struct ReadFile<T> {
    /// Relative to the root.
    pub name: PathBuf,
    /// The bytes of a file that is not its text: no UTF-8, a mark before it, too large.
    pub odd: Option<Vec<u8>>,
    /// `None` where it is no text, or too large.
    pub source: Option<Source>,
    pub read: Result<(Document, T), Unread>,
}

/// A file that is no document.
pub(super) struct Unread {
    pub problem: Box<Diagnostic>,
    /// What it holds, if it is nearly a text.
    pub text: Option<String>,
}

/// Reads files, and makes something of the document and the name of each, in their order.
pub(super) fn read_all<T: Send>(
    mut files: Vec<DefinitionFile>,
    make: impl Fn(&mut Document, &Path) -> T + Sync,
) -> Vec<ReadFile<T>> {
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    if files.len() < FEW || lanes == 1 {
        return files.into_iter().map(|file| read_one(file, &make)).collect();
    }
    let share = files.len().div_ceil(lanes);
    let mut shares = Vec::new();
    while files.len() > share {
        shares.push(files.split_off(files.len() - share));
    }
    let rest = files;
    thread::scope(|scope| {
        let make = &make;
        let read_share = |share: Vec<DefinitionFile>| share.into_iter().map(|file| read_one(file, make)).collect();
        let started: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || -> Vec<ReadFile<T>> { read_share(share) }))
            .collect();
        let mut all: Vec<ReadFile<T>> = read_share(rest);
        // The shares were cut off from the end.
        for thread in started.into_iter().rev() {
            match thread.join() {
                Ok(read) => all.extend(read),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

fn read_one<T>(file: DefinitionFile, make: &impl Fn(&mut Document, &Path) -> T) -> ReadFile<T> {
    let DefinitionFile { name, path, content } = file;
    let bytes = match content.bytes() {
        Ok(bytes) => bytes,
        Err(error) => {
            let message = format!("cannot be read: {error}");
            return ReadFile {
                name,
                odd: None,
                source: None,
                read: Err(unreadable(path, message, "check that the file may be read")),
            };
        }
    };
    let (source, read) = match source(path, &bytes) {
        Ok(source) => {
            let read = document(&source).map(|mut document| {
                let made = make(&mut document, &name);
                (document, made)
            });
            (Some(source), read)
        }
        Err(unread) => (None, Err(unread)),
    };
    let is_text = |source: &Source| source.text.as_bytes() == bytes.as_slice();
    ReadFile {
        name,
        odd: (!source.as_ref().is_some_and(is_text)).then_some(bytes),
        source,
        read,
    }
}

fn document(source: &Source) -> Result<Document, Unread> {
    Document::read(source.clone()).map_err(|problem| Unread {
        problem,
        text: Some(source.text.to_string()),
    })
}

fn source(path: PathBuf, bytes: &[u8]) -> Result<Source, Unread> {
    if bytes.len() > MAX_BYTES {
        let message = format!("larger than {} KiB", MAX_BYTES / 1024);
        return Err(unreadable(
            path,
            message,
            "a definition is a few lines: check what the file is",
        ));
    }
    let text = String::from_utf8_lossy(bytes);
    let source = Source::new(path, &text);
    let Err(error) = std::str::from_utf8(bytes) else {
        return Ok(source);
    };
    // The text may have lost a byte order mark.
    let mark = error.valid_up_to().saturating_sub(text.len() - source.text.len());
    let problem = Diagnostic::new(
        Severity::Error,
        Code::NotUtf8,
        &source,
        mark..mark + 1,
        "not UTF-8 from here on",
    );
    Err(Unread {
        problem: Box::new(problem.with_help("save the file as UTF-8")),
        text: Some(text.into_owned()),
    })
}

fn unreadable(path: PathBuf, message: String, help: &str) -> Unread {
    let source = Source::new(path, "");
    let problem = Diagnostic::new(Severity::Error, Code::UnreadableFile, &source, 0..0, message);
    Unread {
        problem: Box::new(problem.with_help(help)),
        text: None,
    }
}
