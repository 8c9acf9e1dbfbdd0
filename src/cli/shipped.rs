//! The definitions that come with the program, so that a demo needs no checkout.

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::CliError;
use crate::definition;

static METRICS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/metrics");
static KNOWN_EVENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/known_events");
static EVENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/events");
static AGGREGATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/aggregated_metrics");

/// Writes the shipped definitions into `folder`. Where metrics are there already all stays as it is, because their
/// reader may have changed them.
pub(super) fn write_into(folder: &Path) -> Result<(), CliError> {
    // The metrics last: whoever finds them finds what they count.
    let parts = [
        ("known_events", &KNOWN_EVENTS),
        ("events", &EVENTS),
        ("aggregated_metrics", &AGGREGATES),
        ("metrics", &METRICS),
    ];
    if folder.join("metrics").exists() {
        return Ok(());
    }
    parts
        .into_iter()
        .try_for_each(|(name, shipped)| write_part(folder, name, shipped))
}

fn write_part(folder: &Path, name: &str, shipped: &Dir<'_>) -> Result<(), CliError> {
    let target = folder.join(name);
    if target.exists() {
        return Ok(());
    }
    // All or nothing: a copy that was cut short would be taken for the reader's own.
    let part = folder.join(format!("{name}.part"));
    if part.exists() {
        std::fs::remove_dir_all(&part).map_err(|error| CliError::file(&part, error))?;
    }
    write_all(&part, name, shipped).map_err(|error| CliError::file(&part, error))?;
    std::fs::rename(&part, &target).map_err(|error| CliError::file(&target, error))
}

fn write_all(part: &Path, name: &str, shipped: &Dir<'_>) -> std::io::Result<()> {
    std::fs::create_dir_all(part)?;
    shipped.extract(part)?;
    if name != "metrics" {
        return Ok(());
    }
    let schemas = part.join("schema");
    std::fs::create_dir_all(&schemas)?;
    for (name, text) in definition::schemas() {
        std::fs::write(schemas.join(name), text)?;
    }
    Ok(())
}
