//! Derived metrics among defined ones.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Loaded;
use super::place::Places;
use super::{Catalog, KeyPath, MetricDefinition};

impl Catalog {
    /// Takes in derived metrics. One that a definition of the same key path stands for is not added; where that
    /// definition names no class, it takes over class and options. One that stands in the way of others, or that others
    /// stand in the way of, is left out: the findings name it.
    pub fn adopt(&mut self, derived: Vec<MetricDefinition>) {
        let (known, new) = self.sorted_out(derived);
        for metric in &mut self.metrics {
            if let Some(derived) = known.get(&metric.key_path) {
                lend(metric, derived);
            }
        }
        self.metrics.extend(new);
        self.sort();
    }

    /// Those of `derived` that have a definition, by key path, and those that can be added.
    fn sorted_out(
        &self,
        derived: Vec<MetricDefinition>,
    ) -> (BTreeMap<KeyPath, MetricDefinition>, Vec<MetricDefinition>) {
        let defined: BTreeSet<&KeyPath> = self.metrics.iter().map(|metric| &metric.key_path).collect();
        let places = Places::of(self);
        let (mut known, mut new) = (BTreeMap::new(), BTreeMap::new());
        for metric in derived {
            if defined.contains(&metric.key_path) {
                known.entry(metric.key_path.clone()).or_insert(metric);
            } else if places.in_the_way(metric.key_path.as_str()).is_none() {
                new.entry(metric.key_path.clone()).or_insert(metric);
            }
        }
        (known, new.into_values().collect())
    }
}

/// The definitions of 2021 name no class: the collector knew their key paths.
fn lend(metric: &mut MetricDefinition, derived: &MetricDefinition) {
    if metric.instrumentation_class.is_some() || metric.class_is_implied() {
        return;
    }
    metric.instrumentation_class.clone_from(&derived.instrumentation_class);
    metric.options.clone_from(&derived.options);
}

impl Loaded {
    /// As [`Catalog::adopt`]; a definition that was left out keeps its key path all the same.
    pub fn adopt(&mut self, mut derived: Vec<MetricDefinition>) {
        let broken: BTreeSet<&KeyPath> = self.invalid.iter().flat_map(|invalid| &invalid.key_paths).collect();
        derived.retain(|metric| !broken.contains(&metric.key_path));
        self.catalog.adopt(derived);
    }
}
