//! What was typed before, kept across sessions in a file that nobody else may read.

use std::path::{Path, PathBuf};

use rustyline::Editor;
use rustyline::history::FileHistory;

use super::super::message::note;
use super::helper::ConsoleHelper;
use crate::config::mask_secrets;

/// The most lines that are kept.
pub(super) const MOST: usize = 1000;

/// The file of `--history`, or that of the user's state.
pub(super) fn file(given: Option<PathBuf>) -> Option<PathBuf> {
    let of_state = || {
        let absolute = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
        Some(state.join("service-ping").join("console_history"))
    };
    given.or_else(of_state)
}

/// Reads the file, if it is there.
pub(super) fn load(editor: &mut Editor<ConsoleHelper, FileHistory>, file: &Path) {
    if !file.exists() {
        return;
    }
    if let Err(error) = editor.load_history(file) {
        note(&format!("the history in {} cannot be read: {error}", file.display()));
    }
}

/// Adds a line, and writes it at once, lest a session that is killed lose it. What holds a secret is not kept, nor what
/// begins with a space.
pub(super) fn add(editor: &mut Editor<ConsoleHelper, FileHistory>, file: Option<&Path>, line: &str) {
    if mask_secrets(line) != line || line.starts_with(char::is_whitespace) {
        return;
    }
    let added = editor.add_history_entry(line).unwrap_or_default();
    let Some(file) = file.filter(|_| added) else { return };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    // A history that cannot be written is no reason to stop.
    let _ = folder.map(std::fs::create_dir_all);
    let _ = editor.append_history(file);
}
