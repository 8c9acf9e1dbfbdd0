//! One instance with definitions of the tests' own, and what a run of it gives.

use serde_json::{Value, json};

use crate::support::cli::Cli;

pub const NOW: &str = "2026-11-19T10:54:30Z";

pub struct Instance {
    pub cli: Cli,
}

/// What `generate` gave: the payload, and of each metric why it has no value of its own.
pub struct Generated {
    pub payload: Value,
    pub stderr: String,
    metadata: Vec<Value>,
}

impl Instance {
    /// `configuration` is all of `service-ping.toml` but the uuid.
    pub fn new(configuration: &str) -> Instance {
        let instance = Instance { cli: Cli::new() };
        instance.configure(configuration);
        instance
    }

    pub fn configure(&self, configuration: &str) {
        let uuid = "[instance]\nuuid = \"0c7be4d0-27a4-4b3c-9d2f-6a1c5e8f9b01\"\n";
        self.cli.write("service-ping.toml", &format!("{uuid}{configuration}"));
    }

    pub fn metric(&self, key: &str, value_type: &str, class: &str, options: Value) -> &Instance {
        self.metric_with(key, value_type, class, options, json!({}))
    }

    /// As [`Instance::metric`], with more fields.
    pub fn metric_with(&self, key: &str, value_type: &str, class: &str, options: Value, more: Value) -> &Instance {
        let mut definition = json!({
            "key_path": key,
            "description": "A metric of a test",
            "value_type": value_type,
            "status": "active",
            "time_frame": "none",
            "data_source": "system",
            "instrumentation_class": class,
            "options": options,
        });
        for (name, value) in more.as_object().expect("fields") {
            definition[name] = value.clone();
        }
        self.cli
            .write(&format!("metrics/{key}.yml"), &format!("{definition:#}"));
        self
    }

    pub fn generate(&self) -> Generated {
        self.generate_at(NOW)
    }

    pub fn generate_at(&self, now: &str) -> Generated {
        let arguments = ["generate", "--now", now, "--metadata", "metadata.json"];
        let outcome = self.cli.run(&arguments).expect_code(0);
        let metadata: Value = serde_json::from_str(&self.cli.read("metadata.json")).expect("metadata");
        Generated {
            payload: serde_json::from_str(&outcome.stdout).expect("a payload"),
            stderr: outcome.stderr,
            metadata: metadata["metrics"].as_array().expect("a list").clone(),
        }
    }
}

impl Generated {
    /// Why the metric fell back; empty where it did not.
    pub fn why(&self, key: &str) -> &str {
        let metric = self.metadata.iter().find(|metric| metric["name"] == key);
        metric.expect("the metric is there")["error"]
            .as_str()
            .unwrap_or_default()
    }

    /// Metrics that fell back, with why.
    pub fn fallbacks(&self) -> Vec<String> {
        let failed = self.metadata.iter().filter(|metric| metric["error"].is_string());
        failed.map(Value::to_string).collect()
    }
}
