//! Metrics that nobody defines one by one: they follow from known events and aggregates.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::event_options::{AGGREGATED_METRIC, REDIS_HLL_METRIC};
use super::{
    AggregateDefinition, AggregateOperator, AggregateSource, Aggregation, Catalog, DataCategory, DataSource, KeyPath,
    KnownEvent, MetricDefinition, Status, TimeFrame, ValueType,
};

mod totals;

/// The flag without which there is no section of known events.
const TRACKING_FLAG: &str = "redis_hll_tracking";

/// GitLab has no weekly value of this event (spec 6.5), and readers of payloads do not expect one.
const NEVER_WEEKLY: &str = "i_package_composer_deploy_token";

/// The frames in which events are counted.
const FRAMES: [TimeFrame; 2] = [TimeFrame::SevenDays, TimeFrame::TwentyEightDays];

/// What an instance says about derived metrics.
pub struct DerivedSettings<'a> {
    /// The categories of known events that have a total beside the single events.
    pub categories_for_totals: BTreeSet<String>,
    /// Whether a feature flag is on.
    pub flag: &'a dyn Fn(&str) -> bool,
}

/// The metrics that follow from known events (spec 6.5) and from aggregates (spec 7.2), each key path once.
pub fn derived(catalog: &Catalog, settings: &DerivedSettings<'_>) -> Vec<MetricDefinition> {
    let mut metrics = Vec::new();
    if (settings.flag)(TRACKING_FLAG) {
        metrics.extend(catalog.known_events.iter().flat_map(of_event));
        metrics.extend(totals::of_categories(catalog, &settings.categories_for_totals));
    }
    let is_on = |aggregate: &&AggregateDefinition| aggregate.feature_flag.as_deref().is_none_or(settings.flag);
    metrics.extend(catalog.aggregates.iter().filter(is_on).flat_map(of_aggregate));
    let mut taken = BTreeSet::new();
    metrics.retain(|metric| taken.insert(metric.key_path.clone()));
    metrics
}

/// All that could be derived, whichever flags are on and whichever categories have totals.
pub(super) fn at_most(catalog: &Catalog) -> Vec<MetricDefinition> {
    let categories = catalog.known_events.iter().filter_map(|event| event.category.clone());
    let settings = DerivedSettings {
        categories_for_totals: categories.collect(),
        flag: &|_| true,
    };
    derived(catalog, &settings)
}

/// Where an event's unique values stand.
pub(super) fn event_key_path(category: &str, event: &str, frame: TimeFrame) -> Option<KeyPath> {
    KeyPath::new(&format!("redis_hll_counters.{category}.{event}{}", frame.suffix()))
}

/// Where an aggregate stands.
pub(super) fn aggregate_key_path(name: &str, frame: TimeFrame) -> Option<KeyPath> {
    let path = match frame {
        TimeFrame::SevenDays => format!("counts_weekly.aggregated_metrics.{name}"),
        TimeFrame::TwentyEightDays => format!("counts_monthly.aggregated_metrics.{name}"),
        TimeFrame::All => format!("counts.aggregate_{name}"),
        TimeFrame::None => return None,
    };
    KeyPath::new(&path)
}

fn of_event(event: &KnownEvent) -> Vec<MetricDefinition> {
    let Some(category) = event.category.as_deref() else {
        return Vec::new();
    };
    let frames = FRAMES
        .into_iter()
        .filter(|frame| event.name != NEVER_WEEKLY || *frame != TimeFrame::SevenDays);
    let metrics = frames.filter_map(|frame| {
        let window = window(frame, Some(event.aggregation));
        Some(Derived {
            key_path: event_key_path(category, &event.name, frame)?,
            description: format!("Unique values of the event {}{window}", event.name),
            time_frame: frame,
            data_source: DataSource::RedisHll,
            class: REDIS_HLL_METRIC,
            options: json!({ "events": [event.name] }),
            file: &event.file,
        })
    });
    metrics.map(Derived::definition).collect()
}

fn of_aggregate(aggregate: &AggregateDefinition) -> Vec<MetricDefinition> {
    let metrics = aggregate.time_frames.iter().filter_map(|frame| {
        Some(Derived {
            key_path: aggregate_key_path(&aggregate.name, *frame)?,
            description: described(aggregate) + window(*frame, None),
            time_frame: *frame,
            data_source: match aggregate.source {
                AggregateSource::Database => DataSource::Database,
                AggregateSource::Redis | AggregateSource::Mixed => DataSource::RedisHll,
            },
            class: AGGREGATED_METRIC,
            options: json!({
                "aggregate": { "operator": aggregate.operator },
                "source": aggregate.source,
                "events": aggregate.events,
            }),
            file: &aggregate.file,
        })
    });
    metrics.map(Derived::definition).collect()
}

fn described(aggregate: &AggregateDefinition) -> String {
    let said = aggregate
        .description
        .as_deref()
        .map(|text| text.trim_end().trim_end_matches('.'));
    said.map_or_else(
        || {
            let operator = match aggregate.operator {
                AggregateOperator::Or => "any",
                AggregateOperator::And => "all",
            };
            let events = aggregate.events.len();
            format!(
                "Unique values of {operator} of the {events} events of {}",
                aggregate.name
            )
        },
        str::to_owned,
    )
}

/// The end of a description; what is counted by the week is counted in whole ones.
fn window(frame: TimeFrame, aggregation: Option<Aggregation>) -> &'static str {
    let weekly = aggregation == Some(Aggregation::Weekly);
    match frame {
        TimeFrame::SevenDays if weekly => ", last complete week",
        TimeFrame::SevenDays => ", 7-day window",
        TimeFrame::TwentyEightDays if weekly => ", last four complete weeks",
        TimeFrame::TwentyEightDays => ", 28-day window",
        TimeFrame::All | TimeFrame::None => ", all time",
    }
}

/// What derived metrics differ in.
struct Derived<'a> {
    key_path: KeyPath,
    description: String,
    time_frame: TimeFrame,
    data_source: DataSource,
    class: &'static str,
    options: Value,
    file: &'a Path,
}

impl Derived<'_> {
    fn definition(self) -> MetricDefinition {
        let attributes = self.attributes();
        let options = match self.options {
            Value::Object(options) => options,
            _ => Map::new(),
        };
        MetricDefinition {
            key_path: self.key_path,
            description: self.description,
            value_type: ValueType::Number,
            status: Status::Active,
            time_frame: self.time_frame,
            data_source: self.data_source,
            data_category: DataCategory::Optional,
            instrumentation_class: Some(self.class.to_owned()),
            options,
            events: Vec::new(),
            fallback: None,
            file: self.file.to_owned(),
            attributes,
        }
    }

    /// What a file of the metric would say.
    fn attributes(&self) -> Map<String, Value> {
        let fields = [
            ("key_path", json!(self.key_path.as_str())),
            ("description", json!(self.description)),
            ("value_type", json!(ValueType::Number.as_str())),
            ("status", json!(Status::Active.as_str())),
            ("time_frame", json!(self.time_frame.as_str())),
            ("data_source", json!(self.data_source.as_str())),
            ("data_category", json!(DataCategory::Optional.as_str())),
            ("instrumentation_class", json!(self.class)),
            ("options", self.options.clone()),
        ];
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}
