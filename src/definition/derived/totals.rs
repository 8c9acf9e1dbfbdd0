//! The totals of categories of known events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Derived, FRAMES, event_key_path, window};
use crate::definition::event_options::REDIS_HLL_METRIC;
use crate::definition::{Catalog, DataSource, KnownEvent, MetricDefinition};

/// The totals of those of `categories` that can have one: several events, all of one slot and of one aggregation.
pub(super) fn of_categories(catalog: &Catalog, categories: &BTreeSet<String>) -> Vec<MetricDefinition> {
    let mut by_category: BTreeMap<&str, Vec<&KnownEvent>> = BTreeMap::new();
    for event in &catalog.known_events {
        let category = event.category.as_deref();
        if let Some(category) = category.filter(|category| categories.contains(*category)) {
            by_category.entry(category).or_default().push(event);
        }
    }
    let totals = by_category.into_iter();
    totals
        .flat_map(|(category, events)| of_category(category, &events))
        .collect()
}

fn of_category(category: &str, events: &[&KnownEvent]) -> Vec<MetricDefinition> {
    let [first, others @ ..] = events else {
        return Vec::new();
    };
    let countable =
        |event: &&KnownEvent| event.redis_slot == first.redis_slot && event.aggregation == first.aggregation;
    if others.is_empty() || first.redis_slot.is_none() || !others.iter().all(countable) {
        return Vec::new();
    }
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    let metrics = FRAMES.into_iter().filter_map(|frame| {
        let window = window(frame, Some(first.aggregation));
        Some(Derived {
            key_path: event_key_path(category, &format!("{category}_total_unique_counts"), frame)?,
            description: format!(
                "Unique values of any of the {} events of {category}{window}",
                names.len()
            ),
            time_frame: frame,
            data_source: DataSource::RedisHll,
            class: REDIS_HLL_METRIC,
            options: json!({ "events": names }),
            file: &first.file,
        })
    });
    metrics.map(Derived::definition).collect()
}
