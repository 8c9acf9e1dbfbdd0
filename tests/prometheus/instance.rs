//! An instance with a Prometheus, a database, and metrics of both.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::cli::Cli;

/// A metric that needs no Prometheus, and what it gives.
pub const BESIDE: (&str, i64) = ("settings.beside", 42);

/// An instance whose `[prometheus]` has these lines, and one metric that needs none.
pub fn instance(prometheus: &str) -> Cli {
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &format!(
            "[instance]\nuuid = \"0190f3a1-0000-7000-8000-000000000000\"\n\
             [database.main]\nurl = \"sqlite::memory:\"\n[prometheus]\n{prometheus}\n"
        ),
    );
    define(&cli, BESIDE.0, "SqlValueMetric", "options: {query: SELECT 40 + 2}");
    cli
}

/// Adds a metric of one query.
pub fn query(cli: &Cli, key_path: &str, promql: &str, more: &str) {
    let options = format!("options: {{query: {}{more}}}", Value::from(promql));
    define(cli, key_path, "PrometheusMetric", &options);
}

/// Adds the metric `topology`.
pub fn topology(cli: &Cli) {
    define(cli, "topology", "TopologyMetric", "");
}

fn define(cli: &Cli, key_path: &str, class: &str, options: &str) {
    let (value_type, data_source) = match class {
        "TopologyMetric" => ("object", "prometheus"),
        "PrometheusMetric" => ("number", "prometheus"),
        _ => ("number", "database"),
    };
    let text = format!(
        "key_path: {key_path}\ndescription: A metric of the tests.\nvalue_type: {value_type}\nstatus: active\n\
         time_frame: none\ndata_source: {data_source}\ndata_category: optional\n\
         instrumentation_class: {class}\n{options}\n"
    );
    cli.write(&format!("metrics/{}.yml", key_path.replace('.', "_")), &text);
}

/// A payload, and the reason of each metric that has one.
pub struct Generated {
    pub payload: Value,
    pub reasons: BTreeMap<String, String>,
}

/// Runs `generate`; what needs no Prometheus is as ever.
pub fn generate(cli: &Cli, arguments: &[&str]) -> Generated {
    let outcome = cli.run(&[&["generate", "--metadata", "metadata.json"], arguments].concat());
    let outcome = outcome.expect_code(0);
    let payload: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(payload["settings"]["beside"], BESIDE.1, "{payload}");
    let metadata: Value = serde_json::from_str(&cli.read("metadata.json")).expect("JSON");
    let metrics = metadata["metrics"].as_array().expect("a list");
    let reasons = metrics.iter().filter_map(|metric| {
        let error = metric["error"].as_str()?;
        Some((metric["name"].as_str()?.to_owned(), error.to_owned()))
    });
    Generated {
        reasons: reasons.collect(),
        payload,
    }
}

impl Generated {
    /// The code of the reason of a metric.
    pub fn reason(&self, key_path: &str) -> Option<&str> {
        self.reasons.get(key_path)?.split(':').next()
    }

    /// The topology without its duration, which is some time.
    pub fn topology(&self) -> Value {
        let mut topology = self.payload["topology"].clone();
        let map = topology.as_object_mut().expect("an object");
        let duration = map.remove("duration_s").expect("it is told");
        assert!(duration.as_f64().is_some_and(|seconds| seconds >= 0.0), "{duration}");
        topology
    }
}
