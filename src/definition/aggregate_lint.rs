//! What is wrong between aggregates and the sets that they name (spec 7.1).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::code::Code;
use super::complaint::{Complaint, Segment};
use super::diagnostic::Diagnostic;
use super::event_lint::{in_list, unknown_event};
use super::event_options::AGGREGATED_METRIC;
use super::metric_reading::frames_of;
use super::suggestion::did_you_mean;
use super::{AggregateSource, Catalog, KnownEvent, MetricDefinition, TimeFrame};

/// Findings over the aggregates of lists.
pub(super) fn findings(catalog: &Catalog) -> Vec<Diagnostic> {
    let mut complaints: BTreeMap<&Path, Vec<(&str, Complaint)>> = BTreeMap::new();
    for aggregate in &catalog.aggregates {
        let sets = Sets {
            catalog,
            source: aggregate.source,
            frames: aggregate.time_frames.clone(),
            names: aggregate.events.iter().map(String::as_str).collect(),
            at: Vec::new(),
        };
        let found = sets.complaints().into_iter();
        let of_file = complaints.entry(&aggregate.file).or_default();
        of_file.extend(found.map(|complaint| (aggregate.name.as_str(), complaint)));
    }
    let with_any = complaints.into_iter().filter(|(_, complaints)| !complaints.is_empty());
    with_any
        .flat_map(|(file, complaints)| in_list(catalog, file, complaints))
        .collect()
}

/// Complaints about a metric that is itself an aggregate.
pub(super) fn of_metric(catalog: &Catalog, metric: &MetricDefinition) -> Vec<Complaint> {
    let (true, Some(source)) = (
        metric.instrumentation_class.as_deref() == Some(AGGREGATED_METRIC),
        metric.aggregate_source(),
    ) else {
        return Vec::new();
    };
    let names = metric.options.get("events").and_then(Value::as_array);
    let frames = metric.attributes.get("time_frame").map(frames_of);
    let sets = Sets {
        catalog,
        source,
        frames: frames.unwrap_or_default(),
        names: names.into_iter().flatten().filter_map(Value::as_str).collect(),
        at: vec!["options".into()],
    };
    sets.complaints()
}

/// The sets that one aggregate puts together.
struct Sets<'a> {
    catalog: &'a Catalog,
    source: AggregateSource,
    frames: Vec<TimeFrame>,
    names: Vec<&'a str>,
    /// What `events` stands under.
    at: Vec<Segment>,
}

impl Sets<'_> {
    fn complaints(&self) -> Vec<Complaint> {
        let each = self.names.iter().enumerate();
        let mut complaints: Vec<Complaint> = each.filter_map(|(index, name)| self.of_set(index, name)).collect();
        if self.source == AggregateSource::Redis {
            complaints.extend(self.kept_apart());
        }
        complaints.extend(self.whole_life());
        complaints
    }

    fn of_set(&self, index: usize, name: &str) -> Option<Complaint> {
        let is_event = self.catalog.names_event(name);
        match self.source {
            AggregateSource::Redis if is_event => None,
            AggregateSource::Redis => Some(unknown_event(self.catalog, name, &self.path(index))),
            AggregateSource::Database => self.not_persisted(index, name),
            AggregateSource::Mixed => match (is_event, self.is_persisted(name)) {
                (true, true) => Some(self.ambiguous(index, name)),
                (true, false) => None,
                (false, true) => self.not_persisted(index, name),
                (false, false) => Some(self.neither(index, name)),
            },
        }
    }

    /// Events of different slots, or of different spans of time, cannot be read as one.
    fn kept_apart(&self) -> Option<Complaint> {
        let known = self.names.iter().enumerate();
        let mut known = known.filter_map(|(index, name)| Some((index, self.catalog.known_event(name)?)));
        let (_, first) = known.next()?;
        known.find_map(|(index, event)| self.apart(index, event, first))
    }

    fn apart(&self, index: usize, event: &KnownEvent, first: &KnownEvent) -> Option<Complaint> {
        if event.aggregation != first.aggregation {
            let (one, other) = (event.aggregation.as_str(), first.aggregation.as_str());
            let message = format!("`{}` is {one}, and `{}` is {other}", event.name, first.name);
            let complaint = Complaint::error(Code::AggregationMismatch, &self.path(index), message);
            return Some(complaint.with_help("put daily and weekly events into aggregates of their own"));
        }
        // Lists of 2023 say neither category nor slot: their events share one.
        let is_late = |event: &KnownEvent| event.category.is_none() && event.redis_slot.is_none();
        if event.redis_slot == first.redis_slot && (event.redis_slot.is_some() || is_late(event) && is_late(first)) {
            return None;
        }
        let message = format!(
            "`{}` is kept in {}, and `{}` in {}",
            event.name,
            slot(event),
            first.name,
            slot(first)
        );
        let complaint = Complaint::error(Code::SlotMismatch, &self.path(index), message);
        Some(complaint.with_help("put events of one `redis_slot` together"))
    }

    /// Events are not kept for ever.
    fn whole_life(&self) -> Option<Complaint> {
        let whole = |frame: &TimeFrame| frame.suffix().is_empty();
        let frame = self.frames.iter().find(|frame| whole(frame))?;
        let message = match self.source {
            AggregateSource::Database => return None,
            AggregateSource::Redis => format!("`{}` is not available for the source `redis`", frame.as_str()),
            AggregateSource::Mixed => {
                let event = self.names.iter().find(|name| self.catalog.names_event(name))?;
                format!("`{}` is not available: `{event}` is an event", frame.as_str())
            }
        };
        let complaint = Complaint::error(Code::BadValue, &["time_frame".into()], message);
        Some(complaint.with_help("events are kept for 7d and 28d only"))
    }

    fn is_persisted(&self, name: &str) -> bool {
        self.catalog.index.of(self.catalog).is_persisted(name)
    }

    fn not_persisted(&self, index: usize, name: &str) -> Option<Complaint> {
        let missing = self
            .frames
            .iter()
            .find(|frame| self.catalog.persisted(name, **frame).is_none())?;
        let message = format!("no estimated metric persists `{name}` for {}", missing.as_str());
        let names = self.catalog.index.of(self.catalog).all_persisted();
        let help = did_you_mean(name, names.filter(|other| *other != name))
            .unwrap_or_else(|| format!("give an estimated metric of that time frame the option `persist_as: {name}`"));
        Some(Complaint::error(Code::NotPersisted, &self.path(index), message).with_help(help))
    }

    fn ambiguous(&self, index: usize, name: &str) -> Complaint {
        let message = format!("`{name}` is an event, and what an estimated metric persists");
        Complaint::error(Code::AmbiguousEvent, &self.path(index), message)
            .with_help("persist the metric under another name, or choose the source `redis` or `database`")
    }

    fn neither(&self, index: usize, name: &str) -> Complaint {
        let names = self.catalog.index.of(self.catalog);
        let help = did_you_mean(name, names.declared().chain(names.all_persisted()))
            .unwrap_or_else(|| "declare the event, or persist an estimated metric under the name".to_owned());
        let message = format!("`{name}` is neither an event nor what an estimated metric persists");
        Complaint::error(Code::UnknownEvent, &self.path(index), message).with_help(help)
    }

    fn path(&self, index: usize) -> Vec<Segment> {
        let events = ["events".into(), Segment::Index(index)];
        self.at.iter().cloned().chain(events).collect()
    }
}

fn slot(event: &KnownEvent) -> String {
    match &event.redis_slot {
        Some(slot) => format!("the slot `{slot}`"),
        None => "a slot of its own".to_owned(),
    }
}
