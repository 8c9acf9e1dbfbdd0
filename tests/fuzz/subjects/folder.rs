//! A folder whose files are written anew for every input.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder in memory where the system has one: inputs come by the thousand a second.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    tempfile::tempdir_in(place).expect("a temporary folder")
}

/// Replaces what the folder holds.
pub fn fill(folder: &Path, files: &[(&str, &[u8])]) {
    for entry in std::fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("an entry").path();
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        removed.expect("the entry can be removed");
    }
    for (name, bytes) in files {
        let file: PathBuf = folder.join(name);
        std::fs::create_dir_all(file.parent().expect("a file has a folder")).expect("the folder is writable");
        std::fs::write(file, bytes).expect("the file is writable");
    }
}
