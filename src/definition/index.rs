//! Names of a catalog, so that thousands of metrics can ask about thousands of events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::persisted::persists;
use super::{Catalog, EventDefinition, TimeFrame};

/// The names of a catalog, made at the first question; it says nothing that the catalog does not say, so that all are
/// equal.
#[derive(Debug, Clone, Default)]
pub(super) struct Index(OnceLock<Names>);

impl PartialEq for Index {
    fn eq(&self, _: &Index) -> bool {
        true
    }
}

impl Index {
    pub fn of(&self, catalog: &Catalog) -> &Names {
        self.0.get_or_init(|| Names::of(catalog))
    }
}

/// Places in the catalog's lists, by name.
#[derive(Debug, Clone)]
pub(super) struct Names {
    known_events: BTreeMap<String, usize>,
    events: BTreeMap<String, usize>,
    counted: BTreeSet<String>,
    persisted: BTreeMap<(String, TimeFrame), usize>,
}

impl Names {
    fn of(catalog: &Catalog) -> Names {
        let mut names = Names {
            known_events: BTreeMap::new(),
            events: BTreeMap::new(),
            counted: counted(catalog),
            persisted: BTreeMap::new(),
        };
        for (index, event) in catalog.known_events.iter().enumerate() {
            names.known_events.entry(event.name.clone()).or_insert(index);
        }
        for (index, event) in catalog.events.iter().enumerate().filter(|(_, event)| !event.removed) {
            names.event_at(index, event, &catalog.events);
        }
        for (index, metric) in catalog.metrics.iter().enumerate() {
            if let Some((name, frame)) = persists(catalog, metric) {
                names.persisted.entry((name.to_owned(), frame)).or_insert(index);
            }
        }
        names
    }

    /// Early events share actions over categories; the internal one of them is the one that is counted.
    fn event_at(&mut self, index: usize, event: &EventDefinition, events: &[EventDefinition]) {
        let place = self.events.entry(event.action.clone()).or_insert(index);
        let is_internal = events.get(*place).is_some_and(|event| event.internal_events);
        if event.internal_events && !is_internal {
            *place = index;
        }
    }

    pub fn known_event(&self, name: &str) -> Option<usize> {
        self.known_events.get(name).copied()
    }

    pub fn event(&self, name: &str) -> Option<usize> {
        self.events.get(name).copied()
    }

    /// Whether an available metric counts the event.
    pub fn is_counted(&self, name: &str) -> bool {
        self.counted.contains(name)
    }

    pub fn persisted(&self, name: &str, frame: TimeFrame) -> Option<usize> {
        let frame = if frame == TimeFrame::None {
            TimeFrame::All
        } else {
            frame
        };
        self.persisted.get(&(name.to_owned(), frame)).copied()
    }

    /// Whether anything persists the name, for whichever time frame.
    pub fn is_persisted(&self, name: &str) -> bool {
        let frames = [TimeFrame::SevenDays, TimeFrame::TwentyEightDays, TimeFrame::All];
        frames.iter().any(|frame| self.persisted(name, *frame).is_some())
    }

    /// Names of all declared events, sorted.
    pub fn declared(&self) -> impl Iterator<Item = &str> {
        self.known_events.keys().chain(self.events.keys()).map(String::as_str)
    }

    /// Names of all persisted sets, for whichever time frame.
    pub fn all_persisted(&self) -> impl Iterator<Item = &str> {
        self.persisted.keys().map(|(name, _)| name.as_str())
    }
}

/// What aggregates list may be misspelt, so that what was made of them counts nothing.
fn counted(catalog: &Catalog) -> BTreeSet<String> {
    let lists: BTreeSet<_> = catalog.aggregates.iter().map(|aggregate| &aggregate.file).collect();
    let metrics = catalog.metrics.iter();
    let metrics = metrics.filter(|metric| metric.is_available() && !lists.contains(&metric.file));
    metrics
        .flat_map(|metric| metric.event_names())
        .map(str::to_owned)
        .collect()
}
