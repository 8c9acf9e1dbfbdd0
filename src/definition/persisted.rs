//! Which metrics persist their sets for aggregates, under which names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::body::PERSIST_AS;
use super::code::Code;
use super::complaint::{Complaint, Segment};
use super::diagnostic::Diagnostic;
use super::lint::diagnosed;
use super::metric_reading::DATABASE_METRIC;
use super::{Catalog, MetricDefinition, TimeFrame};
use crate::relation::Operation;

/// The name and time frame under which an available metric persists its set; a definition's own name goes before its
/// class's.
pub(super) fn persists<'a>(catalog: &'a Catalog, metric: &'a MetricDefinition) -> Option<(&'a str, TimeFrame)> {
    if !metric.is_available() {
        return None;
    }
    let frame = match metric.time_frame {
        TimeFrame::None => TimeFrame::All,
        window => window,
    };
    let own = metric.options.get(PERSIST_AS).and_then(Value::as_str);
    match metric.instrumentation_class.as_deref()? {
        // Its options were checked when it was read.
        DATABASE_METRIC => Some((own?, frame)),
        class => {
            let body = &catalog.class(class)?.body;
            let estimated = body.operation == Operation::EstimateBatchDistinctCount;
            let name = own.or(body.persist_as.as_deref())?;
            estimated.then_some((name, frame))
        }
    }
}

/// Two metrics that persist under one name for one time frame: aggregates would take either.
pub(super) fn findings(catalog: &Catalog) -> Vec<Diagnostic> {
    let mut firsts: BTreeMap<(&str, TimeFrame), &MetricDefinition> = BTreeMap::new();
    let mut found = Vec::new();
    for metric in &catalog.metrics {
        let Some((name, frame)) = persists(catalog, metric) else {
            continue;
        };
        match firsts.get(&(name, frame)) {
            None => {
                firsts.insert((name, frame), metric);
            }
            Some(first) => {
                let complaint = twice(name, frame, metric, first);
                found.extend(diagnosed(catalog, &metric.file, vec![complaint]));
            }
        }
    }
    found
}

fn twice(name: &str, frame: TimeFrame, metric: &MetricDefinition, first: &MetricDefinition) -> Complaint {
    let message = format!(
        "`{}` persists its set as `{name}` for {}, and so does `{}` in {}",
        metric.key_path,
        frame.as_str(),
        first.key_path,
        first.file.display()
    );
    let own = metric.options.contains_key(PERSIST_AS);
    let path: Vec<Segment> = match own {
        true => vec!["options".into(), PERSIST_AS.into()],
        false => vec!["instrumentation_class".into()],
    };
    let complaint = Complaint::error(Code::DuplicatePersisted, &path, message);
    complaint.with_help("give one of them another name under `options.persist_as`")
}
