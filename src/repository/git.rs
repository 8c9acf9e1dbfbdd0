//! One run of `git`.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

/// Why a repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    #[error("`git` cannot be run; is it installed?")]
    NoGit(#[source] io::Error),
    #[error("{} is in no git repository that `git` reads", .0.display())]
    NoRepository(PathBuf),
    #[error("the repository of {} has no commit `{reference}`: `git branch --all` and `git tag` show what there is", folder.display())]
    NoCommit { folder: PathBuf, reference: String },
    #[error("the commit `{reference}` has no folder {}", folder.display())]
    NoFolder { folder: PathBuf, reference: String },
    #[error("`git {command}` failed: {message}")]
    Failed { command: String, message: String },
    #[error("`git {command}` gave what cannot be read")]
    Unreadable { command: String },
}

/// What `git` printed in `folder`; `Ok(None)` where it answered no.
pub(super) fn answer(folder: &Path, arguments: &[&OsStr]) -> Result<Option<Vec<u8>>, RepositoryError> {
    let output = command(folder, arguments).output().map_err(RepositoryError::NoGit)?;
    Ok(output.status.success().then_some(output.stdout))
}

/// What `git` printed in `folder`, given `input`.
pub(super) fn answer_to(folder: &Path, arguments: &[&OsStr], input: Vec<u8>) -> Result<Vec<u8>, RepositoryError> {
    let mut child = command(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(RepositoryError::NoGit)?;
    feed(&mut child, input);
    let output = child.wait_with_output().map_err(RepositoryError::NoGit)?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(RepositoryError::Failed {
            command: spelled(arguments),
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        }),
    }
}

/// Both pipes have to move at once, or a long answer waits for a reader while we wait for a writer.
fn feed(child: &mut Child, input: Vec<u8>) {
    if let Some(mut stdin) = child.stdin.take() {
        thread::spawn(move || {
            // A `git` that ended early says so by its exit code.
            let _ = stdin.write_all(&input);
        });
    }
}

fn command(folder: &Path, arguments: &[&OsStr]) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        // Nobody answers questions, and nothing is refreshed on disk.
        .arg("--no-optional-locks")
        .args(arguments)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

pub(super) fn spelled(arguments: &[&OsStr]) -> String {
    let words: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    words.join(" ")
}
