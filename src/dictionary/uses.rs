//! Which metrics use an event or a class.

use std::collections::BTreeMap;

use super::MetricEntry;

/// Key paths by what they use, in the order of the metrics.
pub(super) struct Uses<'a> {
    events: BTreeMap<&'a str, Vec<&'a str>>,
    classes: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Uses<'a> {
    pub fn of(metrics: &'a [MetricEntry]) -> Uses<'a> {
        let mut uses = Uses {
            events: BTreeMap::new(),
            classes: BTreeMap::new(),
        };
        for metric in metrics {
            let key_path = metric.key_path.as_str();
            for event in &metric.measured.events {
                note(&mut uses.events, event, key_path);
            }
            for class in &metric.measured.classes {
                note(&mut uses.classes, class, key_path);
            }
        }
        uses
    }

    pub fn of_event(&self, name: &str) -> Vec<String> {
        listed(&self.events, name)
    }

    pub fn of_class(&self, name: &str) -> Vec<String> {
        listed(&self.classes, name)
    }
}

fn note<'a>(uses: &mut BTreeMap<&'a str, Vec<&'a str>>, name: &'a str, key_path: &'a str) {
    let users = uses.entry(name).or_default();
    if users.last() != Some(&key_path) {
        users.push(key_path);
    }
}

fn listed(uses: &BTreeMap<&str, Vec<&str>>, name: &str) -> Vec<String> {
    let users = uses.get(name).into_iter().flatten();
    users.map(|key_path| (*key_path).to_owned()).collect()
}
