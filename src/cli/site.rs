//! A static site on its way into a folder: all of it or nothing.

use std::path::{Path, PathBuf};

use super::CliError;
use crate::dictionary::Page;

/// By this file a folder is known as one of our sites, which the next one may replace.
const MARK: &str = ".service-ping-dictionary";

/// Writes the pages into `folder`, in place of an earlier site; anything else that stands there is left alone.
///
/// # Errors
/// The folder holds something else, or cannot be written.
pub(super) fn write_site(folder: &Path, pages: &[Page]) -> Result<(), CliError> {
    refuse_foreign(folder)?;
    let part = beside(folder, "part");
    remove(&part)?;
    let written = pages
        .iter()
        .try_for_each(|page| write(&part, &page.path, &page.content));
    written.and_then(|()| write(&part, MARK, ""))?;
    let old = beside(folder, "old");
    remove(&old)?;
    if folder.exists() {
        std::fs::rename(folder, &old).map_err(|error| CliError::file(folder, error))?;
    }
    std::fs::rename(&part, folder).map_err(|error| CliError::file(folder, error))?;
    remove(&old)
}

fn refuse_foreign(folder: &Path) -> Result<(), CliError> {
    let is_ours = folder.join(MARK).is_file();
    let is_free = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !folder.exists(),
    };
    if is_ours || is_free {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "{} holds something else than a dictionary: name a new folder with --output",
        folder.display()
    )))
}

/// `site.part` beside `site`, so that it can take its place in one step.
fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(|| "site".to_owned());
    folder.with_file_name(format!("{name}.{suffix}"))
}

fn remove(folder: &Path) -> Result<(), CliError> {
    match folder.exists() {
        true => std::fs::remove_dir_all(folder).map_err(|error| CliError::file(folder, error)),
        false => Ok(()),
    }
}

fn write(folder: &Path, path: &str, content: &str) -> Result<(), CliError> {
    let file = folder.join(path);
    let parent = file.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(|error| CliError::file(parent, error))?;
    std::fs::write(&file, content).map_err(|error| CliError::file(&file, error))
}
