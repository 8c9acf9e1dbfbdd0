//! From the answers of Prometheus to the topology.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::instance;
use super::services::Services;
use crate::measure::{Answer, Answers, Sample};

const SECONDS_PER_HOUR: f64 = 3600.0;
/// The labels of `node_uname_info` that are told.
const UNAME: [&str; 3] = ["machine", "sysname", "release"];

/// The value of the metric (spec 10.3).
pub(super) fn topology(answers: Answers) -> Value {
    let mut shaping = Shaping {
        answers: answers.answers,
        instances: Vec::new(),
        failures: Vec::new(),
    };
    let mut topology = Map::new();
    let requests = shaping.first("app_requests");
    insert(
        &mut topology,
        "application_requests_per_hour",
        requests.map(|rate| whole(rate * SECONDS_PER_HOUR)),
    );
    let apdex = shaping.first("query_apdex");
    insert(&mut topology, "query_apdex_weekly_average", apdex.map(Value::from));
    topology.insert("nodes".to_owned(), Value::from(shaping.nodes()));
    topology.insert("duration_s".to_owned(), Value::from(answers.elapsed.as_secs_f64()));
    topology.insert("failures".to_owned(), Value::from(shaping.failures));
    Value::Object(topology)
}

/// Towards zero, as GitLab's conversion does.
fn whole(value: f64) -> Value {
    Value::from(value as i64)
}

fn insert(map: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value);
    }
}

struct Shaping {
    /// In the order in which they were asked, which is that of the failures.
    answers: Vec<(String, Answer)>,
    /// Every node, as it was first seen.
    instances: Vec<String>,
    failures: Vec<Value>,
}

impl Shaping {
    fn nodes(&mut self) -> Vec<Value> {
        let figures: [(&str, BTreeMap<String, Value>); 5] = [
            ("node_memory_total_bytes", self.by_instance("node_memory", whole)),
            (
                "node_memory_utilization",
                self.by_instance("node_memory_utilization", Value::from),
            ),
            ("node_cpus", self.by_instance("node_cpus", whole)),
            (
                "node_cpu_utilization",
                self.by_instance("node_cpu_utilization", Value::from),
            ),
            ("node_uname_info", self.uname()),
        ];
        let services = self.services();
        let instances = std::mem::take(&mut self.instances);
        let node = |instance: &String| {
            let mut node = Map::new();
            for (key, by_instance) in &figures {
                insert(&mut node, key, by_instance.get(instance).cloned());
            }
            let mut unknown = |job: &str| self.failures.push(json!({"service_unknown": job}));
            let services = services.of(instance, &mut unknown);
            node.insert("node_services".to_owned(), Value::from(services));
            Value::Object(node)
        };
        instances.iter().map(node).collect()
    }

    fn services(&mut self) -> Services {
        let memory = [
            ("process_memory_rss", self.finite("service_rss")),
            ("process_memory_uss", self.finite("service_uss")),
            ("process_memory_pss", self.finite("service_pss")),
        ];
        let memory = memory.map(|(figure, samples)| (figure, self.labelled(samples)));
        let counts = self.finite("service_process_count");
        let counts = self.labelled(counts);
        let workers = self.samples("service_workers");
        let workers = self.labelled(workers);
        let mut services = Services::default();
        for (figure, samples) in [("process_count", counts)].into_iter().chain(memory) {
            for (instance, job, sample) in samples {
                services.add(&instance, &job, figure, whole(sample.value));
            }
        }
        for (instance, job, sample) in workers {
            if let Some(server) = sample.labels.get("server") {
                services.add(&instance, &job, "server", Value::from(server.as_str()));
            }
        }
        services
    }

    fn uname(&mut self) -> BTreeMap<String, Value> {
        let samples = self.samples("node_uname_info");
        let told = |sample: &Sample| -> Map<String, Value> {
            let label = |name: &&str| Some(((*name).to_owned(), Value::from(sample.labels.get(*name)?.as_str())));
            UNAME.iter().filter_map(label).collect()
        };
        samples
            .iter()
            .map(|sample| (self.instance(sample), Value::Object(told(sample))))
            .collect()
    }

    /// Of several series of a node the last counts.
    fn by_instance(&mut self, name: &str, value: impl Fn(f64) -> Value) -> BTreeMap<String, Value> {
        let samples = self.finite(name);
        samples
            .iter()
            .map(|sample| (self.instance(sample), value(sample.value)))
            .collect()
    }

    /// Each sample with its node and its job.
    fn labelled(&mut self, samples: Vec<Sample>) -> Vec<(String, String, Sample)> {
        let labelled = samples.into_iter().map(|sample| {
            let job = sample.labels.get("job").cloned().unwrap_or_default();
            (self.instance(&sample), job, sample)
        });
        labelled.collect()
    }

    /// The node of a sample, which is remembered.
    fn instance(&mut self, sample: &Sample) -> String {
        let label = sample.labels.get("instance").map_or("", String::as_str);
        let instance = instance::name(label);
        if !self.instances.contains(&instance) {
            self.instances.push(instance.clone());
        }
        instance
    }

    fn first(&mut self, name: &str) -> Option<f64> {
        self.finite(name).first().map(|sample| sample.value)
    }

    /// The samples that are numbers. NaN and infinities are no zeros, as which GitLab's conversion would pass them off.
    fn finite(&mut self, name: &str) -> Vec<Sample> {
        let samples = self.samples(name);
        let (finite, others): (Vec<Sample>, Vec<Sample>) =
            samples.into_iter().partition(|sample| sample.value.is_finite());
        if !others.is_empty() {
            self.fail(name, "not_finite");
        }
        finite
    }

    /// The samples of an answer; without any, why.
    fn samples(&mut self, name: &str) -> Vec<Sample> {
        let answer = self.answers.iter_mut().find(|(known, _)| known == name);
        let answer = answer.map_or(Answer::NotAsked, |(_, answer)| {
            std::mem::replace(answer, Answer::NotAsked)
        });
        match answer {
            Answer::Samples(samples) if samples.is_empty() => self.fail(name, "empty_result"),
            Answer::Samples(samples) => return samples,
            Answer::Failed(kind) => self.fail(name, kind.class_name()),
            Answer::NotAsked => self.fail(name, "timeout_cancellation"),
        }
        Vec::new()
    }

    fn fail(&mut self, name: &str, reason: &str) {
        self.failures.push(json!({name: reason}));
    }
}
