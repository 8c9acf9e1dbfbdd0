//! Jobs, configurations and what is found of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use service_ping::config::Environment;
use service_ping::emit::snowplow::Schemas;
use service_ping::emit::snowplow::collector::{Collector, Judge, Kept, RunningCollector};
use service_ping::emit::usage_log::{
    InstanceIds, JobInfo, JobStatus, Project, Record, RunnerInfo, UsageLog, UsageLogSettings,
};

use crate::support::data::compat_data;

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// A job of 12.5 seconds.
pub fn job(id: i64) -> JobInfo {
    let started = instant("2026-11-19T00:00:00.25Z");
    JobInfo {
        id,
        pipeline_id: 7,
        r#ref: "main".to_owned(),
        url: "https://gitlab.example.com/g/p".to_owned(),
        status: JobStatus::Success,
        failure_reason: String::new(),
        started_at: Some(started),
        finished_at: Some(started + TimeDelta::milliseconds(12_500)),
        project: Project {
            id: 11,
            name: "p".to_owned(),
            full_path: "g/p".to_owned(),
        },
        namespace_id: 12,
        root_namespace_id: 13,
        organization_id: 14,
        instance: InstanceIds {
            id: "instance".to_owned(),
            unique_id: "01a2284b-b9e1-71db-b2bc-df46e7bdc690".to_owned(),
        },
        user_id: 15,
        scoped_user_id: 16,
    }
}

pub fn runner() -> RunnerInfo {
    RunnerInfo {
        uuid: "r-uuid".to_owned(),
        id: "abcdefghi".to_owned(),
        name: "name".to_owned(),
        system_id: "s_1".to_owned(),
        executor: "docker".to_owned(),
    }
}

pub fn record(id: i64) -> Record {
    Record::builder()
        .runner(runner())
        .job(job(id))
        .labels([("a", "record"), ("b", "record")])
        .build()
}

/// A folder with a configuration.
pub struct Site {
    pub folder: tempfile::TempDir,
}

impl Site {
    pub fn new() -> Site {
        Site {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self) -> PathBuf {
        self.path().join("config.toml")
    }

    /// Writes the configuration and reads it.
    pub fn settings(&self, text: &str) -> UsageLogSettings {
        std::fs::write(self.file(), text).expect("the folder is writable");
        UsageLogSettings::load(&self.file(), &Environment::default()).unwrap_or_else(|errors| {
            let problems = errors
                .problems()
                .iter()
                .map(|problem| format!("{}: {problem}", problem.place));
            panic!("{:#?}\n{text}", problems.collect::<Vec<_>>())
        })
    }

    pub fn open(&self, text: &str) -> UsageLog {
        UsageLog::open(&self.settings(text)).expect("a log")
    }

    pub fn log_files(&self) -> Vec<PathBuf> {
        files(&self.path().join("usage-log"))
    }
}

/// The files of records, oldest first.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.to_string_lossy().contains(".json")).collect();
    files.sort();
    files
}

/// Every line of every file, as JSON.
pub fn lines(files: &[PathBuf]) -> Vec<Value> {
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("the file is readable"));
    let mut lines = Vec::new();
    for text in texts {
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        lines.extend(
            text.lines()
                .map(|line| serde_json::from_str(line).expect("a line is JSON")),
        );
    }
    lines
}

/// How often each id is there.
pub fn tally(ids: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for id in ids {
        *tally.entry(id).or_default() += 1;
    }
    tally
}

pub fn uuids(lines: &[Value]) -> Vec<String> {
    let uuids = lines
        .iter()
        .map(|line| line["uuid"].as_str().expect("a uuid").to_owned());
    uuids.collect()
}

/// The strict collector, by the genuine schemas where they are.
pub async fn collector() -> RunningCollector {
    let schemas = match compat_data("snowplow/schemas") {
        Some(folder) => Schemas::of(&folder),
        None => Schemas::built_in(),
    };
    let address = "127.0.0.1:0".parse().expect("an address");
    let collector = Collector::bind(address, Judge::new(schemas), Kept::new(1_000_000), None);
    collector.await.expect("a free port").start()
}

/// The ids of the events that a collector has kept, as often as they came.
pub fn collected(kept: &Kept) -> Vec<String> {
    assert_eq!(kept.bad(), [], "no bad row");
    let good = kept.good(&service_ping::emit::snowplow::collector::Filter::default());
    let ids = good
        .iter()
        .map(|event| event.raw_event.parameters["eid"].as_str().expect("an id").to_owned());
    ids.collect()
}
