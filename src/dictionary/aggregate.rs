//! An aggregate as readers look it up.

use super::MetricEntry;
use super::metric::slashed;
use crate::definition::{AggregateDefinition, Catalog};

/// One aggregate of `aggregated_metrics/`.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateEntry {
    pub name: String,
    pub description: Option<String>,
    /// `OR` or `AND`.
    pub operator: &'static str,
    /// Where its sets come from.
    pub source: &'static str,
    pub time_frames: Vec<&'static str>,
    /// Names of events, or of what estimates persist.
    pub events: Vec<String>,
    pub feature_flag: Option<String>,
    pub file: String,
    /// Key paths of the metrics that are made of it; none while its flag is off.
    pub used_by: Vec<String>,
}

/// All aggregates, in the order of their files; of a part of the metrics those that it is made of.
pub(super) fn entries(catalog: &Catalog, metrics: &[MetricEntry], whole: bool) -> Vec<AggregateEntry> {
    let entries = catalog.aggregates.iter().map(|aggregate| of(aggregate, metrics));
    entries.filter(|entry| whole || !entry.used_by.is_empty()).collect()
}

fn of(aggregate: &AggregateDefinition, metrics: &[MetricEntry]) -> AggregateEntry {
    let file = slashed(&aggregate.file);
    let last = |key_path: &str| key_path.rsplit('.').next().unwrap_or_default().to_owned();
    let names = [aggregate.name.clone(), format!("aggregate_{}", aggregate.name)];
    let made_of_it = metrics
        .iter()
        .filter(|metric| metric.file == file && names.contains(&last(&metric.key_path)));
    AggregateEntry {
        name: aggregate.name.clone(),
        description: aggregate.description.as_ref().map(|text| text.trim().to_owned()),
        operator: aggregate.operator.as_str(),
        source: aggregate.source.as_str(),
        time_frames: aggregate.time_frames.iter().map(|frame| frame.as_str()).collect(),
        events: aggregate.events.clone(),
        feature_flag: aggregate.feature_flag.clone(),
        used_by: made_of_it.map(|metric| metric.key_path.clone()).collect(),
        file,
    }
}
