//! Our program over definitions of its own, as whole processes.

use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Result;
use crate::metric::Metric;
use crate::support::cli::Cli;

/// The one point in time of all runs: windows are the same in each.
pub const NOW: &str = "2026-11-19T00:00:00Z";
const UUID: &str = "00000000-0000-4000-8000-000000000000";
const PAYLOAD: &str = "payload.json";

/// A folder with definitions and a configuration.
pub struct Ours {
    cli: Cli,
}

/// A run that has ended.
pub struct Ran {
    /// Of the whole process.
    pub wall: Duration,
    pub report: Value,
    payload: Value,
}

impl Ours {
    /// `database` are the lines under `[database.main]`; none at all for a configuration without a database.
    pub fn new(metrics: &[Metric], database: &str) -> Ours {
        let cli = Cli::new();
        for metric in metrics {
            let file = metric.key_path.replace('.', "/");
            cli.write(&format!("metrics/{file}.yml"), &metric.yaml());
        }
        let section = match database {
            "" => String::new(),
            lines => format!("[database.main]\n{lines}\n"),
        };
        cli.write(
            "service-ping.toml",
            &format!("[instance]\nuuid = \"{UUID}\"\n{section}"),
        );
        Ours { cli }
    }

    /// Over one database, with as many connections.
    pub fn over(metrics: &[Metric], url: &str, connections: usize) -> Ours {
        Ours::new(metrics, &format!("url = \"{url}\"\nconnections = {connections}"))
    }

    /// A run to its end.
    pub fn run(&self, arguments: &[&str]) -> Result<Ran> {
        let begun = Instant::now();
        let child = self.start(arguments)?;
        self.finish(child, begun)
    }

    /// A run in the background, for [`Ours::finish`].
    pub fn start(&self, arguments: &[&str]) -> Result<Child> {
        let always = [
            "run",
            "--no-submit",
            "--format",
            "json",
            "--output",
            PAYLOAD,
            "--now",
            NOW,
        ];
        let mut command = self.cli.command(&[&always, arguments].concat());
        Ok(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
    }

    pub fn finish(&self, child: Child, begun: Instant) -> Result<Ran> {
        let output = child.wait_with_output()?;
        let wall = begun.elapsed();
        let report = serde_json::from_str(&succeeded(output)?)?;
        let payload = serde_json::from_str(&self.cli.read(PAYLOAD))?;
        Ok(Ran { wall, report, payload })
    }

    /// Any other command, and how long it took.
    pub fn timed(&self, arguments: &[&str]) -> Result<(Duration, String)> {
        let begun = Instant::now();
        let output = self.cli.command(arguments).output()?;
        let wall = begun.elapsed();
        Ok((wall, succeeded(output)?))
    }
}

fn succeeded(output: Output) -> Result<String> {
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("our program ended with {}: {}", output.status, stderr.trim()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

impl Ran {
    /// As the report itself counts it.
    pub fn elapsed(&self) -> Duration {
        Duration::from_secs_f64(self.number("elapsed"))
    }

    /// A number of the report; 0 where it has none.
    pub fn number(&self, name: &str) -> f64 {
        self.report.get(name).and_then(Value::as_f64).unwrap_or_default()
    }

    /// The payload without what is another in each run.
    pub fn values(&self) -> Value {
        let mut values = self.payload.clone();
        if let Some(map) = values.as_object_mut() {
            for name in ["recorded_at", "uuid"] {
                map.remove(name);
            }
        }
        values
    }

    pub fn outcomes(&self) -> impl Iterator<Item = &Value> {
        self.report
            .get("outcomes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    /// The outcome of one metric.
    pub fn outcome(&self, key_path: &str) -> Option<&Value> {
        self.outcomes()
            .find(|outcome| outcome.get("key_path").and_then(Value::as_str) == Some(key_path))
    }

    /// A metric's number.
    ///
    /// # Errors
    /// Where it fell back, with the reason.
    pub fn value(&self, key_path: &str) -> Result<i64> {
        let outcome = self
            .outcome(key_path)
            .ok_or_else(|| format!("{key_path} is not in the report"))?;
        if outcome.get("status").and_then(Value::as_str) != Some("ok") {
            return Err(format!("{key_path} fell back: {outcome}").into());
        }
        let value = outcome.get("value").and_then(Value::as_i64);
        value.ok_or_else(|| format!("{key_path} is no number").into())
    }
}
