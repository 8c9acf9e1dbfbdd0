//! The plan of a run: which metrics, asked how, and each distinct measure once.

use std::collections::HashMap;

use globset::GlobSet;
use serde_json::Value;

use super::read::isolated;
use crate::definition::{Catalog, DataCategory, MetricDefinition, Status, ValueType};
use crate::instrumentation::{Class, Context, Registry, Request};
use crate::measure::{DatabaseMeasure, Failure, Measure, Reason};
use crate::relation::Operation;

/// Which metrics a run computes: what may not leave is not computed.
#[derive(Debug, Clone)]
pub struct Selection {
    pub categories: Vec<DataCategory>,
    /// Key paths that the operator switched off.
    pub disabled: GlobSet,
    /// `--only`: nothing else, if given.
    pub only: Option<GlobSet>,
}

impl Selection {
    pub fn takes(&self, definition: &MetricDefinition) -> bool {
        let key_path = definition.key_path.as_str();
        self.categories.contains(&definition.data_category)
            && !self.disabled.is_match(key_path)
            && self.only.as_ref().is_none_or(|only| only.is_match(key_path))
    }
}

/// What a run will do.
pub struct Plan<'a> {
    pub metrics: Vec<PlannedMetric<'a>>,
    /// Each measure once, with the key path of the first metric that asked for it.
    pub readings: Vec<(Measure, String)>,
}

/// One metric of the plan.
pub struct PlannedMetric<'a> {
    pub definition: &'a MetricDefinition,
    /// The class that shapes its reading; `None` where there is none to ask.
    pub class: Option<Class<'a>>,
    /// `Ok(None)` for a deprecated metric, which asks for nothing.
    pub measure: Result<Option<Measure>, Failure>,
}

impl PlannedMetric<'_> {
    pub(super) fn is_histogram(&self) -> bool {
        matches!(
            &self.measure,
            Ok(Some(Measure::Database(DatabaseMeasure { operation: Operation::Histogram { .. }, .. })))
        )
    }

    /// The fallback that the definition declares, or its class.
    pub(super) fn declared_fallback(&self) -> Option<Value> {
        let of_class = || self.class.as_ref().and_then(|class| class.fallback(&self.definition.options));
        self.definition.fallback.clone().or_else(of_class)
    }

    pub(super) fn value_type(&self) -> ValueType {
        self.definition.value_type
    }
}

/// Describes every selected metric; a class that fails or panics costs its own metric alone.
pub fn plan<'a>(catalog: &'a Catalog, registry: &'a Registry, context: &Context<'a>, selection: &Selection) -> Plan<'a> {
    let mut readings: Vec<(Measure, String)> = Vec::new();
    let mut known: HashMap<Measure, ()> = HashMap::new();
    let mut metrics = Vec::new();
    for definition in &catalog.metrics {
        if definition.status == Status::Removed || !selection.takes(definition) {
            continue;
        }
        let metric = planned(definition, registry, context);
        if let Ok(Some(measure)) = &metric.measure {
            for leaf in measure.leaves() {
                if known.insert(leaf.clone(), ()).is_none() {
                    readings.push((leaf.clone(), definition.key_path.to_string()));
                }
            }
        }
        metrics.push(metric);
    }
    Plan { metrics, readings }
}

fn planned<'a>(definition: &'a MetricDefinition, registry: &'a Registry, context: &Context<'a>) -> PlannedMetric<'a> {
    if definition.status == Status::Deprecated {
        return PlannedMetric { definition, class: None, measure: Ok(None) };
    }
    let Some(name) = definition.instrumentation_class.as_deref() else {
        let failure = Failure::new(Reason::UnknownInstrumentationClass, "the definition names no instrumentation class");
        return PlannedMetric { definition, class: None, measure: Err(failure) };
    };
    let Some(class) = registry.class(name, context.catalog) else {
        let failure = Failure::new(Reason::UnknownInstrumentationClass, format!("there is no class {name:?}"));
        return PlannedMetric { definition, class: None, measure: Err(failure) };
    };
    let request = Request { options: &definition.options, time_frame: definition.time_frame };
    let measure = isolated(|| class.describe(&request, context)).map(Some);
    PlannedMetric { definition, class: Some(class), measure }
}
