//! From drafts to files: all of them, or none.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Place;
use crate::cli::message::{self, note};
use crate::cli::output::{counted, print};
use crate::cli::{CliError, Global, exit};
use crate::definition::{self, Diagnostic, Draft, findings};
use crate::instrumentation::Registry;

/// Checks the drafts as `validate` would, writes them, names them on stdout, and says what comes next.
pub(super) fn write(global: &Global, place: &Place, drafts: &[Draft], next: &[String]) -> Result<u8, CliError> {
    if let Some(draft) = drafts.iter().find(|draft| place.root.join(&draft.name).exists()) {
        let path = place.root.join(&draft.name);
        let message = format!("{} is there already: nothing was written", path.display());
        return Err(CliError::Usage(message));
    }
    let (errors, warnings) = problems(place, drafts)?;
    if !errors.is_empty() {
        errors.iter().for_each(|error| message::problem(error, global));
        let errors = counted(errors.len(), "error");
        note(&format!("nothing was written: it would have {errors}"));
        return Ok(exit::INVALID);
    }
    let written = write_all(&place.root, drafts)?;
    // "./metrics/x.yml" says no more than "metrics/x.yml".
    let shown = written.iter().map(|path| path.strip_prefix(".").unwrap_or(path));
    let names: Vec<String> = shown.map(|path| format!("{}\n", path.display())).collect();
    print(&names.concat())?;
    warnings.iter().for_each(|warning| message::problem(warning, global));
    let steps: String = next.iter().map(|step| format!("\n  {step}")).collect();
    note(&format!("next:{steps}"));
    Ok(exit::DONE)
}

/// What `validate` would say of the drafts, beside what it says already.
fn problems(place: &Place, drafts: &[Draft]) -> Result<(Vec<Diagnostic>, Vec<Diagnostic>), CliError> {
    let files = drafts
        .iter()
        .map(|draft| (draft.name.clone(), draft.text.clone().into_bytes()));
    let loaded = definition::load_with(&place.root, files.collect())?;
    let registry = Registry::built_in();
    let found = findings(&loaded.catalog, &|name| registry.knows(name));
    let found = loaded.problems.into_iter().chain(found);
    let is_ours = |problem: &Diagnostic| drafts.iter().any(|draft| draft.name == problem.source.file);
    let about_drafts = |problem: &Diagnostic| is_ours(problem) || problem.also.iter().any(is_ours);
    Ok(found
        .filter(about_drafts)
        .partition(|problem: &Diagnostic| problem.is_error()))
}

/// A file that appeared meanwhile is not written over, and what was written before it is taken back.
fn write_all(root: &Path, drafts: &[Draft]) -> Result<Vec<PathBuf>, CliError> {
    let mut written: Vec<PathBuf> = Vec::new();
    for draft in drafts {
        let path = root.join(&draft.name);
        if let Err(error) = write_one(&path, &draft.text) {
            for path in &written {
                // The error is what is told.
                let _ = fs::remove_file(path);
            }
            return Err(CliError::file(&path, error));
        }
        written.push(path);
    }
    Ok(written)
}

fn write_one(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}
