//! The plan of a run: which metrics, asked how, and each distinct measure once.

use std::collections::{BTreeSet, HashSet};
use std::thread;

use serde_json::Value;

use super::disclosure::Disclosure;
use super::read::isolated;
use crate::batch::Strategy;
use crate::config::MetricGlobs;
use crate::definition::{DataCategory, KeyPath, Loaded, MetricDefinition, Status};
use crate::instrumentation::{Class, Context, Registry, Request, class_of};
use crate::measure::{Failure, Measure, Reason};
use crate::relation::Operation;

/// So few definitions are planned sooner than a thread starts.
const FEW: usize = 200;

/// Which metrics a run computes: what may not leave is not computed.
#[derive(Debug, Clone)]
pub struct Selection {
    pub categories: BTreeSet<DataCategory>,
    /// Key paths that the operator switched off.
    pub disabled: MetricGlobs,
    /// `--only`: nothing else, if given.
    pub only: Option<MetricGlobs>,
}

impl Selection {
    pub fn takes(&self, definition: &MetricDefinition) -> bool {
        self.categories.contains(&definition.data_category) && self.names(&definition.key_path)
    }

    fn names(&self, key_path: &KeyPath) -> bool {
        let key_path = key_path.as_str();
        !self.disabled.is_match(key_path) && self.only.as_ref().is_none_or(|only| only.is_match(key_path))
    }
}

/// What a run will do.
pub struct Plan<'a> {
    pub metrics: Vec<PlannedMetric<'a>>,
    /// Each measure once, with the key path of the first metric that asked for it.
    pub readings: Vec<(Measure, String)>,
    /// How the readings of databases share the work.
    pub strategy: Strategy,
}

/// One metric of the plan.
pub struct PlannedMetric<'a> {
    pub key_path: KeyPath,
    pub data_category: DataCategory,
    /// `None` where it was left out because it has errors.
    pub definition: Option<&'a MetricDefinition>,
    /// The class that shapes its reading; `None` where there is none to ask.
    pub class: Option<Class<'a>>,
    /// `Ok(None)` for a deprecated metric, which asks for nothing.
    pub measure: Result<Option<Measure>, Failure>,
}

impl PlannedMetric<'_> {
    pub(super) fn is_histogram(&self) -> bool {
        match &self.measure {
            Ok(Some(Measure::Database(measure))) => matches!(measure.operation, Operation::Histogram { .. }),
            _ => false,
        }
    }

    /// What the definition does not want told. The buckets of a histogram are the class's own words, not the rows'.
    pub(super) fn disclosure(&self) -> Disclosure<'_> {
        let operation = match &self.measure {
            Ok(Some(Measure::Database(measure))) => Some(measure.operation),
            _ => None,
        };
        let allowed_values = self.definition.and_then(MetricDefinition::allowed_values);
        Disclosure {
            minimum_count: self.definition.and_then(MetricDefinition::minimum_count),
            allowed_values: allowed_values.filter(|_| !self.is_histogram()),
            adds_up: matches!(operation, Some(Operation::Count | Operation::Sum)),
        }
    }

    /// The fallback that the definition declares, or its class.
    pub(super) fn declared_fallback(&self) -> Option<Value> {
        let definition = self.definition?;
        let of_class = || {
            let class = self.class.as_ref()?;
            isolated(|| Ok(class.fallback(&definition.options))).ok().flatten()
        };
        definition.fallback.clone().or_else(of_class)
    }
}

impl<'a> Plan<'a> {
    fn of(metrics: Vec<PlannedMetric<'a>>) -> Plan<'a> {
        let mut readings: Vec<(Measure, String)> = Vec::new();
        let mut known: HashSet<Measure> = HashSet::new();
        for metric in &metrics {
            let Ok(Some(measure)) = &metric.measure else { continue };
            for leaf in measure.leaves() {
                if known.insert(leaf.clone()) {
                    readings.push((leaf.clone(), metric.key_path.to_string()));
                }
            }
        }
        Plan {
            metrics,
            readings,
            strategy: Strategy::default(),
        }
    }

    /// The plan of some of its metrics.
    pub fn keep(self, keep: impl Fn(&PlannedMetric<'a>) -> bool) -> Plan<'a> {
        let strategy = self.strategy;
        Plan::of(self.metrics.into_iter().filter(|metric| keep(metric)).collect()).with(strategy)
    }

    /// The same plan, its readings shared as the strategy says.
    pub fn with(self, strategy: Strategy) -> Plan<'a> {
        Plan { strategy, ..self }
    }
}

/// Describes every selected metric; a class that fails or panics costs its own metric alone, and a definition that is
/// invalid its own key.
pub fn plan<'a>(loaded: &'a Loaded, registry: &'a Registry, context: &Context<'a>, selection: &Selection) -> Plan<'a> {
    let definitions = loaded.catalog.metrics.iter();
    let wanted = definitions.filter(|definition| definition.status != Status::Removed && selection.takes(definition));
    let wanted: Vec<&MetricDefinition> = wanted.collect();
    let mut metrics = side_by_side(&wanted, |definition| planned(definition, registry, context));
    let broken = loaded.invalid.iter().flat_map(|invalid| &invalid.key_paths);
    metrics.extend(broken.filter(|key_path| selection.names(key_path)).map(invalid));
    Plan::of(metrics)
}

/// What `make` makes of each, in their order, on as many processors as there are.
fn side_by_side<'a, T: Send>(
    definitions: &[&'a MetricDefinition],
    make: impl Fn(&'a MetricDefinition) -> T + Sync,
) -> Vec<T> {
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    let all = |share: &[&'a MetricDefinition]| share.iter().map(|definition| make(definition)).collect::<Vec<T>>();
    if definitions.len() < FEW || lanes == 1 {
        return all(definitions);
    }
    let mut shares = definitions.chunks(definitions.len().div_ceil(lanes));
    let first = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let all = &all;
        let others: Vec<_> = shares.map(|share| scope.spawn(move || all(share))).collect();
        let mut made = all(first);
        for other in others {
            match other.join() {
                Ok(others) => made.extend(others),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        made
    })
}

/// The plan of one definition, wherever it came from; nothing where it is removed.
pub fn plan_one<'a>(definition: &'a MetricDefinition, registry: &'a Registry, context: &Context<'a>) -> Plan<'a> {
    let planned = (definition.status != Status::Removed).then(|| planned(definition, registry, context));
    Plan::of(planned.into_iter().collect())
}

/// The place of a definition that was left out: -1, with its reason.
fn invalid<'a>(key_path: &KeyPath) -> PlannedMetric<'a> {
    PlannedMetric {
        key_path: key_path.clone(),
        data_category: DataCategory::Optional,
        definition: None,
        class: None,
        measure: Err(Failure::new(
            Reason::InvalidDefinition,
            "the definition has errors and was left out",
        )),
    }
}

fn planned<'a>(definition: &'a MetricDefinition, registry: &'a Registry, context: &Context<'a>) -> PlannedMetric<'a> {
    // What is logged meanwhile, such as a panic of the class, is of this metric.
    let _span = tracing::error_span!("metric", key_path = %definition.key_path).entered();
    let (class, measure) = described(definition, registry, context);
    PlannedMetric {
        key_path: definition.key_path.clone(),
        data_category: definition.data_category,
        definition: Some(definition),
        class,
        measure,
    }
}

fn described<'a>(
    definition: &'a MetricDefinition,
    registry: &'a Registry,
    context: &Context<'a>,
) -> (Option<Class<'a>>, Result<Option<Measure>, Failure>) {
    if definition.status == Status::Deprecated {
        return (None, Ok(None));
    }
    let unknown = |message: String| (None, Err(Failure::new(Reason::UnknownInstrumentationClass, message)));
    let Some(name) = class_of(definition) else {
        return unknown("the definition names no instrumentation class".to_owned());
    };
    let Some(class) = registry.class(name, context.catalog) else {
        return unknown(format!("there is no class {name:?}"));
    };
    let request = Request::of(definition);
    let measure = isolated(|| class.describe(&request, context)).map(Some);
    (Some(class), measure)
}
