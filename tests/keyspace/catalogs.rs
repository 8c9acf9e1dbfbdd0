//! Catalogs made in memory.

use std::collections::BTreeMap;

use service_ping::definition::{
    Aggregation, Catalog, DataCategory, DataSource, EventDefinition, EventOperator, EventSelection, KeyPath,
    KnownEvent, MetricDefinition, Status, TimeFrame, ValueType,
};
use service_ping::keyspace::{FeatureFlags, KeyRules, Keyspace};

pub fn known(name: &str, category: &str, slot: Option<&str>, aggregation: Aggregation) -> KnownEvent {
    KnownEvent {
        name: name.to_owned(),
        category: Some(category.to_owned()),
        redis_slot: slot.map(str::to_owned),
        aggregation,
        expiry: None,
        feature_flag: None,
        file: "known_events/test.yml".into(),
    }
}

pub fn weekly(name: &str, slot: &str) -> KnownEvent {
    known(name, slot, Some(slot), Aggregation::Weekly)
}

pub fn metric(key_path: &str, data_source: DataSource, time_frame: TimeFrame) -> MetricDefinition {
    MetricDefinition {
        key_path: KeyPath::new(key_path).unwrap(),
        description: String::new(),
        value_type: ValueType::Number,
        status: Status::Active,
        time_frame,
        data_source,
        data_category: DataCategory::Optional,
        instrumentation_class: None,
        options: serde_json::Map::new(),
        events: Vec::new(),
        fallback: None,
        file: "metrics/test.yml".into(),
        attributes: serde_json::Map::new(),
    }
}

pub fn selection(name: &str, unique: Option<&str>, filter: &[(&str, &str)]) -> EventSelection {
    EventSelection {
        name: name.to_owned(),
        unique: unique.map(str::to_owned),
        filter: filter
            .iter()
            .map(|(property, value)| ((*property).to_owned(), (*value).to_owned()))
            .collect(),
        operator: None,
    }
}

pub fn operated(operator: EventOperator, selection: EventSelection) -> EventSelection {
    EventSelection {
        operator: Some(operator),
        ..selection
    }
}

pub fn internal(name: &str, properties: &[&str]) -> EventDefinition {
    EventDefinition {
        action: name.to_owned(),
        description: String::new(),
        category: None,
        internal_events: true,
        identifiers: Vec::new(),
        additional_properties: properties
            .iter()
            .map(|property| ((*property).to_owned(), None))
            .collect(),
        removed: false,
        file: "events/test.yml".into(),
    }
}

pub fn keyspace(catalog: &Catalog) -> Keyspace {
    Keyspace::of(catalog, KeyRules::default(), FeatureFlags::default())
}

pub fn flags(flags: &[(&str, bool)]) -> FeatureFlags {
    let flags: BTreeMap<String, bool> = flags.iter().map(|(name, on)| ((*name).to_owned(), *on)).collect();
    FeatureFlags::new(flags)
}
