//! The definitions that come with the program, so that a demo needs no checkout.

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::CliError;
use crate::definition;

static METRICS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/metrics");

/// Writes the shipped definitions into `folder/metrics`; where that is there already, it stays as it is, because its
/// reader may have changed it.
pub(super) fn write_into(folder: &Path) -> Result<(), CliError> {
    let metrics = folder.join("metrics");
    if metrics.exists() {
        return Ok(());
    }
    // All or nothing: a copy that was cut short would be taken for the reader's own.
    let part = folder.join("metrics.part");
    if part.exists() {
        std::fs::remove_dir_all(&part).map_err(|error| CliError::file(&part, error))?;
    }
    write_all(&part).map_err(|error| CliError::file(&part, error))?;
    std::fs::rename(&part, &metrics).map_err(|error| CliError::file(&metrics, error))
}

fn write_all(folder: &Path) -> std::io::Result<()> {
    let schemas = folder.join("schema");
    std::fs::create_dir_all(&schemas)?;
    METRICS.extract(folder)?;
    for (name, text) in definition::schemas() {
        std::fs::write(schemas.join(name), text)?;
    }
    Ok(())
}
