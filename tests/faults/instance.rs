//! An instance under test: a folder with a configuration and definitions, and what runs over them reported.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::cli::{Cli, Outcome};

/// A folder with `service-ping.toml`, `metrics/` and whatever runs leave there.
pub struct Instance {
    pub cli: Cli,
}

/// What `run --format json` said, with all that it printed.
pub struct Report {
    pub json: Value,
    pub stderr: String,
}

/// A run whose outcomes are on stdout, and the payload in a file.
pub const RUN: [&str; 5] = ["run", "--format", "json", "--output", "payload.json"];

/// The same with each metric read by itself.
pub fn separately() -> Vec<&'static str> {
    [&RUN[..], &["--plan", "separate"]].concat()
}

impl Instance {
    /// One database, `main`, at `url`; `settings` are further lines of its section.
    pub fn new(url: &str, settings: &str) -> Instance {
        let instance = Instance {
            // The most talkative log there is: what must not be printed is not printed at any level.
            cli: Cli::new().env("SERVICE_PING_LOG", "trace"),
        };
        instance.configure(url, settings);
        instance
    }

    /// Writes the configuration anew.
    pub fn configure(&self, url: &str, settings: &str) {
        let text = format!("[instance]\nversion = \"1.2.3\"\n\n[database.main]\nurl = \"{url}\"\n{settings}\n");
        self.cli.write("service-ping.toml", &text);
    }

    /// A definition of any class; `more` are fields beside the required ones, or in their place.
    pub fn definition(&self, key_path: &str, class: &str, options: Value, more: Value) {
        let mut definition = json!({
            "key_path": key_path,
            "description": "A metric of a test",
            "product_group": "tests",
            "value_type": "number",
            "status": "active",
            "milestone": "0.1",
            "time_frame": "all",
            "data_source": "database",
            "instrumentation_class": class,
            "options": options,
        });
        let fields = definition.as_object_mut().expect("it is an object");
        fields.extend(more.as_object().cloned().unwrap_or_default());
        if fields["options"].is_null() {
            fields.remove("options");
        }
        // JSON is YAML.
        self.cli
            .write(&format!("metrics/{key_path}.yml"), &format!("{definition:#}"));
    }

    /// A definition of the class `DatabaseMetric`.
    pub fn database_metric(&self, key_path: &str, options: Value) {
        self.definition(key_path, "DatabaseMetric", options, json!({}));
    }

    /// Counts the rows of a relation.
    pub fn count(&self, key_path: &str, relation: &str) {
        self.database_metric(key_path, json!({"operation": "count", "relation": relation}));
    }

    /// `run --format json` to its end, which must be `code`, with the payload also in `payload.json`.
    pub fn run(&self, code: i32) -> Report {
        Report::of(self.cli.run(&RUN).expect_code(code))
    }

    /// The same with each metric read by itself, one after the other.
    pub fn run_separately(&self, code: i32) -> Report {
        Report::of(self.cli.run(&separately()).expect_code(code))
    }

    /// What `generate` prints, with its metadata in `metadata.json`.
    pub fn generate(&self) -> Value {
        let outcome = self.cli.run(&["generate", "--metadata", "metadata.json"]);
        parsed(&outcome.expect_code(0).stdout)
    }

    /// The payload that the last run wrote.
    pub fn payload(&self) -> Value {
        parsed(&self.cli.read("payload.json"))
    }

    /// Panics where `secret` stands in any file of the folder but the configuration: the state store with all that
    /// SQLite keeps beside it, payload and metadata.
    pub fn assert_no_file_holds(&self, secret: &str) {
        let holds = |path: &Path| {
            let bytes = std::fs::read(path).expect("the file is readable");
            bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
        };
        let mut seen = 0;
        for entry in std::fs::read_dir(self.cli.folder()).expect("the folder is readable") {
            let path = entry.expect("the folder is readable").path();
            if path.is_file() && !path.ends_with("service-ping.toml") {
                seen += 1;
                assert!(!holds(&path), "{} holds {secret:?}", path.display());
            }
        }
        assert!(seen > 0, "no run left a file");
    }
}

impl Report {
    pub fn of(outcome: Outcome) -> Report {
        Report {
            json: parsed(&outcome.stdout),
            stderr: outcome.stderr,
        }
    }

    /// The outcome of a metric.
    pub fn outcome(&self, key_path: &str) -> &Value {
        let outcomes = self.json["outcomes"].as_array().expect("a list of outcomes");
        let found = outcomes.iter().find(|outcome| outcome["key_path"] == key_path);
        found.unwrap_or_else(|| panic!("no outcome of {key_path}: {:#}", self.json))
    }

    /// Panics unless the metric has a value of its own, equal to `value`.
    pub fn assert_value(&self, key_path: &str, value: &Value) {
        let outcome = self.outcome(key_path);
        assert_eq!(
            (&outcome["status"], &outcome["value"]),
            (&json!("ok"), value),
            "{outcome:#}"
        );
    }

    /// Panics unless the metric fell back for this reason, to this value.
    pub fn assert_fallback(&self, key_path: &str, reason: &str, value: &Value) {
        let outcome = self.outcome(key_path);
        let seen = (&outcome["status"], &outcome["reason"], &outcome["value"]);
        assert_eq!(seen, (&json!("fallback"), &json!(reason), value), "{outcome:#}");
    }

    /// Panics where `secret` stands in what was printed.
    pub fn assert_silent_about(&self, secret: &str) {
        assert!(
            !self.json.to_string().contains(secret),
            "the report holds {secret:?}:\n{:#}",
            self.json
        );
        assert!(
            !self.stderr.contains(secret),
            "stderr holds {secret:?}:\n{}",
            self.stderr
        );
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"))
}
