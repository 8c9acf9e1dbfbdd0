//! `validate --baseline`: the definitions against those of a git ref, or of a folder.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::event_setup as events;
use crate::cli::message::note;
use crate::cli::output::counted;
use crate::cli::{CliError, Global};
use crate::config::Config;
use crate::definition::{self, Comparison, Loaded, MetricDefinition, Side};
use crate::instrumentation::{Context, Registry, meaning};
use crate::keyspace::Keyspace;
use crate::repository;

/// Compares what was loaded from `root` with what stood at the baseline.
pub(super) fn compare(
    global: &Global,
    config: &Config,
    root: &Path,
    loaded: &Loaded,
    baseline: &str,
) -> Result<Comparison, CliError> {
    let before = load(root, baseline)?;
    if !before.invalid.is_empty() {
        let files = counted(before.invalid.len(), "file");
        note(&format!(
            "{baseline} has {files} with errors: what they define is not compared"
        ));
    }
    let registry = Registry::built_in();
    let keyspaces = (
        events::keyspace(config, root, &loaded.catalog)?,
        events::keyspace(config, root, &before.catalog)?,
    );
    let meaning_now = |metric: &MetricDefinition| meaning(metric, &context(global, loaded, &registry, &keyspaces.0));
    let meaning_before =
        |metric: &MetricDefinition| meaning(metric, &context(global, &before, &registry, &keyspaces.1));
    Ok(definition::compare(
        &side(loaded, &meaning_now),
        &side(&before, &meaning_before),
    ))
}

/// A folder that is there is meant; anything else names a commit.
fn load(root: &Path, baseline: &str) -> Result<Loaded, CliError> {
    if Path::new(baseline).is_dir() {
        return Ok(definition::load(Path::new(baseline))?);
    }
    let files = repository::snapshot(root, baseline)?;
    Ok(definition::load_files(&format!("{baseline}:"), files))
}

fn context<'a>(global: &Global, loaded: &'a Loaded, registry: &'a Registry, keyspace: &'a Keyspace) -> Context<'a> {
    Context {
        catalog: &loaded.catalog,
        registry,
        keyspace,
        // Windows of one instant, so that only definitions make a difference.
        now: global.now.unwrap_or_default(),
        depth: 0,
    }
}

fn side<'a>(loaded: &'a Loaded, meaning: &'a dyn Fn(&MetricDefinition) -> Option<String>) -> Side<'a> {
    Side {
        catalog: &loaded.catalog,
        meaning,
        unreadable: loaded.invalid.iter().flat_map(|invalid| &invalid.key_paths).collect(),
    }
}

/// The line under the summary.
pub(super) fn in_words(comparison: &Comparison, baseline: &str) -> String {
    format!(
        "against {baseline}: {} added, {} changed, {} removed, {} gone",
        comparison.added, comparison.changed, comparison.removed, comparison.gone
    )
}

pub(super) fn to_json(comparison: &Comparison) -> Value {
    json!({
        "added": comparison.added,
        "changed": comparison.changed,
        "removed": comparison.removed,
        "gone": comparison.gone,
    })
}
