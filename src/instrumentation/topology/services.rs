//! The services of a node.

use serde_json::{Map, Value};

/// The product's names of what Prometheus' jobs watch.
const NAMES: [(&str, &str); 9] = [
    ("gitlab-rails", "web"),
    ("gitlab-sidekiq", "sidekiq"),
    ("gitlab-workhorse", "workhorse"),
    ("redis", "redis"),
    ("postgres", "postgres"),
    ("gitaly", "gitaly"),
    ("prometheus", "prometheus"),
    ("node", "node-exporter"),
    ("registry", "registry"),
];

/// What is known of each node's jobs, in the order in which they were first seen.
#[derive(Default)]
pub(super) struct Services(Vec<Service>);

struct Service {
    instance: String,
    job: String,
    figures: Map<String, Value>,
}

impl Services {
    /// Adds a figure of a job.
    pub(super) fn add(&mut self, instance: &str, job: &str, figure: &str, value: Value) {
        let is_same = |service: &&mut Service| service.instance == instance && service.job == job;
        let figures = match self.0.iter_mut().find(is_same) {
            Some(service) => &mut service.figures,
            None => {
                self.0.push(Service {
                    instance: instance.to_owned(),
                    job: job.to_owned(),
                    figures: Map::new(),
                });
                match self.0.last_mut() {
                    Some(service) => &mut service.figures,
                    None => return,
                }
            }
        };
        figures.insert(figure.to_owned(), value);
    }

    /// The services of a node; a job that is none of the product's is told to `unknown`.
    pub(super) fn of(&self, instance: &str, unknown: &mut dyn FnMut(&str)) -> Vec<Value> {
        let of_instance = self.0.iter().filter(|service| service.instance == instance);
        let mut services = Vec::new();
        for service in of_instance {
            let job = service.job.trim();
            match NAMES.iter().find(|(known, _)| *known == job) {
                Some((_, name)) => {
                    let mut entry = Map::new();
                    entry.insert("name".to_owned(), Value::from(*name));
                    entry.extend(service.figures.clone());
                    services.push(Value::Object(entry));
                }
                None => unknown(job),
            }
        }
        services
    }
}
