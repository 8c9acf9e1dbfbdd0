//! What a definition's fields say about it together.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::event_options::{AGGREGATED_METRIC, REDIS_HLL_METRIC};
use super::{AggregateSource, DataCategory, DataSource, KeyPath, MetricDefinition, Status, TimeFrame, ValueType};

impl MetricDefinition {
    /// A definition made up for a class, under the class's own name; `None` for an empty name.
    pub fn of_class(class: &str) -> Option<MetricDefinition> {
        Some(MetricDefinition::made_up(KeyPath::new(class)?, class))
    }

    /// A definition of no file, measured by a class.
    pub fn made_up(key_path: KeyPath, class: &str) -> MetricDefinition {
        MetricDefinition {
            key_path,
            description: String::new(),
            value_type: ValueType::Number,
            status: Status::Active,
            time_frame: TimeFrame::All,
            data_source: DataSource::Database,
            data_category: DataCategory::Optional,
            instrumentation_class: Some(class.to_owned()),
            options: Map::new(),
            events: Vec::new(),
            fallback: None,
            file: Default::default(),
            attributes: Map::new(),
        }
    }

    /// Numbers above 0 and below this are told as this.
    pub fn minimum_count(&self) -> Option<u64> {
        self.attributes.get("minimum_count").and_then(Value::as_u64)
    }

    /// The only texts and keys of groups that are told.
    pub fn allowed_values(&self) -> Option<Vec<&str>> {
        let listed = self.attributes.get("allowed_values")?.as_array()?;
        Some(listed.iter().filter_map(Value::as_str).collect())
    }

    /// Whether anything of it can be in a payload.
    pub fn is_removed(&self) -> bool {
        self.status == Status::Removed
    }

    /// Whether it is measured: neither removed nor kept for compatibility alone.
    pub fn is_available(&self) -> bool {
        !matches!(self.status, Status::Removed | Status::Deprecated)
    }

    /// The events that it counts, by whatever field names them; what estimates persist is none.
    pub fn event_names(&self) -> impl Iterator<Item = &str> {
        let by_options = match self.instrumentation_class.as_deref() {
            Some(REDIS_HLL_METRIC) => true,
            Some(AGGREGATED_METRIC) => self.aggregate_source() == Some(AggregateSource::Redis),
            _ => false,
        };
        let listed = self
            .options
            .get("events")
            .filter(|_| by_options)
            .and_then(Value::as_array);
        let listed = listed.into_iter().flatten().filter_map(Value::as_str);
        self.events
            .iter()
            .map(|selection| selection.name.as_str())
            .chain(listed)
    }

    /// Where an `AggregatedMetric` has its sets from: what its options say, or else its data source.
    pub fn aggregate_source(&self) -> Option<AggregateSource> {
        match self.options.get("source") {
            None | Some(Value::Null) => match self.data_source {
                DataSource::RedisHll => Some(AggregateSource::Redis),
                DataSource::Database => Some(AggregateSource::Database),
                _ => None,
            },
            Some(source) => AggregateSource::deserialize(source).ok(),
        }
    }

    /// Whether its data source chooses the class, so that it need not name one.
    pub fn class_is_implied(&self) -> bool {
        self.data_source == DataSource::InternalEvents
    }
}
