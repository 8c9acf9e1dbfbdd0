//! What verbs of events begin with: the keys, GitLab's lists of older ones, and the store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::CliError;
use crate::config::{self, Config};
use crate::definition::{self, Catalog, DerivedSettings, Loaded};
use crate::keyspace::{FeatureFlags, KeyRules, Keyspace};
use crate::source::event_store::{self, EventStore, StoreOptions};

/// Where GitLab's own tree keeps the lists.
const LISTS: &str = "lib/gitlab/usage_data_counters";

/// The events of the catalog, their keys spelt as the configuration says.
pub(super) fn keyspace(config: &Config, root: &Path, catalog: &Catalog) -> Result<Keyspace, CliError> {
    let rules = key_rules(config.event_store.as_ref(), root)?;
    let flags = FeatureFlags::new(config.feature_flags.clone());
    Ok(Keyspace::of(catalog, rules, flags))
}

/// Adds the metrics that follow from known events and aggregates.
pub(super) fn adopt_derived(config: &Config, keyspace: &Keyspace, loaded: &mut Loaded) {
    let categories = config
        .event_store
        .as_ref()
        .map(|store| store.categories_for_totals.clone());
    let settings = DerivedSettings {
        categories_for_totals: categories.unwrap_or_else(config::EventStore::usual_categories),
        flag: &|name| keyspace.flags().is_on(name),
    };
    let derived = definition::derived(&loaded.catalog, &settings);
    loaded.adopt(derived);
}

/// The lists that the configuration names; otherwise those that stand where GitLab's tree keeps them.
fn key_rules(store: Option<&config::EventStore>, root: &Path) -> Result<KeyRules, CliError> {
    let named = |path: Option<&PathBuf>, usual: &str| match path {
        Some(path) => Some(path.clone()),
        None => Some(root.join(LISTS).join(usual)).filter(|path| path.is_file()),
    };
    let hll = named(
        store.and_then(|store| store.hll_key_overrides.as_ref()),
        "hll_redis_key_overrides.yml",
    );
    let total = named(
        store.and_then(|store| store.total_key_overrides.as_ref()),
        "total_counter_redis_key_overrides.yml",
    );
    let legacy = named(
        store.and_then(|store| store.legacy_events.as_ref()),
        "hll_redis_legacy_events.yml",
    );
    Ok(KeyRules {
        format: store.map(|store| store.key_format).unwrap_or_default(),
        hll_overrides: list::<BTreeMap<String, String>>(hll)?,
        total_overrides: list::<BTreeMap<String, String>>(total)?,
        legacy_events: list::<BTreeSet<String>>(legacy)?,
    })
}

/// The list in a YAML file; an empty one where there is no file or nothing in it.
fn list<T: DeserializeOwned + Default>(path: Option<PathBuf>) -> Result<T, CliError> {
    let Some(path) = path else { return Ok(T::default()) };
    let text = std::fs::read_to_string(&path).map_err(|error| CliError::file(&path, error))?;
    let list: Option<T> = serde_yaml::from_str(&text).map_err(|error| CliError::KeyList {
        path: path.display().to_string(),
        message: error.to_string(),
    })?;
    Ok(list.unwrap_or_default())
}

/// The configured store, not opened yet.
pub(super) fn store(config: &config::EventStore) -> Result<Arc<dyn EventStore>, CliError> {
    Ok(event_store::open(&StoreOptions {
        url: config.url.expose().to_owned(),
        ca_file: config.ca_file.clone(),
        timeout: config.timeout,
    })?)
}

/// The store of a URL that a command names, with all else as the configuration says.
pub(super) fn store_at(config: &Config, url: &str, option: &str) -> Result<Arc<dyn EventStore>, CliError> {
    let url = config
        .event_store_url(url)
        .map_err(|error| CliError::Usage(format!("{option}: {error}")))?;
    let mut options = config
        .event_store
        .clone()
        .unwrap_or_else(|| config::EventStore::at(url.clone()));
    options.url = url;
    store(&options)
}
