//! Which classes there are: the built-in ones, and those that authors declare in YAML.

use std::collections::BTreeMap;

use super::{
    Context, InstrumentationClass, Request, aggregated, database, database_info, geo, http_value, identity,
    internal_events, license, numbers, prometheus, redis_counter, redis_hll, setting, sql_value, static_value,
    topology, version_parts,
};
use crate::definition::{Catalog, DataSource, TimeFrame, ValueType};
use crate::measure::{Failure, Measure, Reading};
use serde_json::{Map, Value};

/// The classes that are written in Rust.
pub struct Registry {
    classes: BTreeMap<String, Box<dyn InstrumentationClass>>,
}

/// A class, wherever it was found.
pub enum Class<'a> {
    BuiltIn(&'a dyn InstrumentationClass),
    Declared(database::Declared<'a>),
}

impl Registry {
    /// All classes of this program.
    pub fn built_in() -> Registry {
        let mut registry = Registry {
            classes: BTreeMap::new(),
        };
        registry.add(Box::new(database::DatabaseMetric));
        registry.add(Box::new(numbers::NumbersMetric));
        registry.add(Box::new(sql_value::SqlValueMetric));
        registry.add(Box::new(static_value::StaticMetric));
        registry.add(Box::new(setting::SettingMetric));
        registry.add(Box::new(license::LicenseMetric));
        registry.add(Box::new(http_value::HttpValueMetric));
        registry.add(Box::new(version_parts::VersionPartsMetric));
        registry.add(Box::new(database_info::DatabaseInfoMetric));
        registry.add(Box::new(geo::GeoNodeUsageMetric));
        registry.add(Box::new(redis_counter::RedisMetric));
        registry.add(Box::new(redis_hll::RedisHllMetric));
        registry.add(Box::new(aggregated::AggregatedMetric));
        registry.add(Box::new(prometheus::PrometheusMetric));
        registry.add(Box::new(topology::TopologyMetric));
        internal_events::classes()
            .into_iter()
            .for_each(|class| registry.add(Box::new(class)));
        identity::classes()
            .into_iter()
            .for_each(|class| registry.add(Box::new(class)));
        registry
    }

    /// Adds a class, or replaces the one of its name.
    pub fn add(&mut self, class: Box<dyn InstrumentationClass>) {
        self.classes.insert(class.name().to_owned(), class);
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.classes.keys().map(String::as_str)
    }

    pub fn knows(&self, name: &str) -> bool {
        self.classes.contains_key(name)
    }

    /// The class of a name; a declared one cannot hide a built-in one.
    pub fn class<'a>(&'a self, name: &str, catalog: &'a Catalog) -> Option<Class<'a>> {
        if let Some(class) = self.classes.get(name) {
            return Some(Class::BuiltIn(class.as_ref()));
        }
        catalog
            .class(name)
            .map(|declared| Class::Declared(database::Declared(declared)))
    }
}

impl Class<'_> {
    fn as_dyn(&self) -> &dyn InstrumentationClass {
        match self {
            Class::BuiltIn(class) => *class,
            Class::Declared(class) => class,
        }
    }

    /// As [`InstrumentationClass::describe`].
    pub fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
        self.as_dyn().describe(request, context)
    }

    /// As [`InstrumentationClass::shape`].
    pub fn shape(&self, reading: Reading, value_type: ValueType) -> Result<Value, Failure> {
        self.as_dyn().shape(reading, value_type)
    }

    /// As [`InstrumentationClass::data_source`].
    pub fn data_source(&self) -> DataSource {
        self.as_dyn().data_source()
    }

    /// As [`InstrumentationClass::time_frame`].
    pub fn time_frame(&self) -> TimeFrame {
        self.as_dyn().time_frame()
    }

    /// As [`InstrumentationClass::fallback`].
    pub fn fallback(&self, options: &Map<String, Value>) -> Option<Value> {
        self.as_dyn().fallback(options)
    }
}
