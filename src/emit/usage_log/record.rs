//! What the usage log says of a job that has finished.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// What Go writes for a time that never was, so that programs which read the Runner's files read ours.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// One finished job. It does not change once it is built: each writer makes its own view of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    #[serde(serialize_with = "id")]
    uuid: Uuid,
    #[serde(serialize_with = "time")]
    timestamp: DateTime<Utc>,
    runner: RunnerInfo,
    pub(super) job: Job,
    labels: BTreeMap<String, String>,
}

/// Who ran the job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RunnerInfo {
    pub uuid: String,
    /// The short form of its token, as [`short_token`] makes it: no secret, but nothing to show around either.
    pub id: String,
    pub name: String,
    pub system_id: String,
    pub executor: String,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    #[default]
    Pending,
    Running,
    Success,
    Failed,
    Canceled,
    Terminated,
    TimedOut,
}

impl JobStatus {
    /// As records and metadata say it.
    pub fn text(self) -> &'static str {
        match self {
            JobStatus::Pending => "pending",
            JobStatus::Running => "running",
            JobStatus::Success => "success",
            JobStatus::Failed => "failed",
            JobStatus::Canceled => "canceled",
            JobStatus::Terminated => "terminated",
            JobStatus::TimedOut => "timedout",
        }
    }
}

/// The job, as whoever ran it knows it. What is not known is 0 or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobInfo {
    pub id: i64,
    pub pipeline_id: i64,
    pub r#ref: String,
    pub url: String,
    pub status: JobStatus,
    /// Such as `script_failure`; empty where it succeeded.
    pub failure_reason: String,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub project: Project,
    pub namespace_id: i64,
    pub root_namespace_id: i64,
    pub organization_id: i64,
    pub instance: InstanceIds,
    pub user_id: i64,
    pub scoped_user_id: i64,
}

/// The project that the job is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Project {
    pub id: i64,
    pub name: String,
    pub full_path: String,
}

/// The instance that the job came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InstanceIds {
    pub id: String,
    pub unique_id: String,
}

/// The job as it is written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) pipeline_id: i64,
    pub(super) r#ref: String,
    pub(super) url: String,
    pub(super) duration_seconds: f64,
    pub(super) status: JobStatus,
    pub(super) failure_reason: String,
    #[serde(serialize_with = "maybe_time")]
    pub(super) started_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "maybe_time")]
    pub(super) finished_at: Option<DateTime<Utc>>,
    pub(super) project: Project,
    pub(super) namespace: Id,
    pub(super) root_namespace: Id,
    pub(super) organization: Id,
    pub(super) instance: InstanceIds,
    pub(super) user: Id,
    pub(super) scoped_user: Id,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Id {
    pub(super) id: i64,
}

/// Makes a [`Record`].
#[derive(Debug, Clone, Default)]
pub struct RecordBuilder {
    runner: RunnerInfo,
    job: JobInfo,
    labels: BTreeMap<String, String>,
}

impl RecordBuilder {
    #[must_use]
    pub fn runner(mut self, runner: RunnerInfo) -> RecordBuilder {
        self.runner = runner;
        self
    }

    #[must_use]
    pub fn job(mut self, job: JobInfo) -> RecordBuilder {
        self.job = job;
        self
    }

    /// Lays labels over those that are there: the defaults first, then the runner's own.
    #[must_use]
    pub fn labels<K: Into<String>, V: Into<String>>(
        mut self,
        labels: impl IntoIterator<Item = (K, V)>,
    ) -> RecordBuilder {
        let labels = labels.into_iter().map(|(key, value)| (key.into(), value.into()));
        self.labels.extend(labels);
        self
    }

    /// The record, under a new id (UUIDv7) and of this moment.
    pub fn build(self) -> Record {
        Record {
            uuid: Uuid::now_v7(),
            timestamp: Utc::now(),
            runner: self.runner,
            job: Job::from(self.job),
            labels: self.labels,
        }
    }
}

impl Record {
    pub fn builder() -> RecordBuilder {
        RecordBuilder::default()
    }

    /// Its id, which every writer keeps.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    pub fn timestamp(&self) -> DateTime<Utc> {
        self.timestamp
    }

    pub fn runner(&self) -> &RunnerInfo {
        &self.runner
    }

    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The same with further labels, which win.
    pub(super) fn with_labels(mut self, labels: &BTreeMap<String, String>) -> Record {
        let labels = labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        self.labels.extend(labels);
        self
    }

    /// How long the job ran, in seconds; 0 where it did not finish.
    pub fn duration_seconds(&self) -> f64 {
        self.job.duration_seconds
    }
}

impl From<JobInfo> for Job {
    fn from(job: JobInfo) -> Job {
        Job {
            duration_seconds: duration_seconds(&job),
            id: job.id,
            pipeline_id: job.pipeline_id,
            r#ref: job.r#ref,
            url: job.url,
            status: job.status,
            failure_reason: job.failure_reason,
            started_at: job.started_at,
            finished_at: job.finished_at,
            project: job.project,
            namespace: Id { id: job.namespace_id },
            root_namespace: Id {
                id: job.root_namespace_id,
            },
            organization: Id {
                id: job.organization_id,
            },
            instance: job.instance,
            user: Id { id: job.user_id },
            scoped_user: Id { id: job.scoped_user_id },
        }
    }
}

/// Nothing where it did not finish, or where a clock was set back under way.
fn duration_seconds(job: &JobInfo) -> f64 {
    let (Some(started), Some(finished)) = (job.started_at, job.finished_at) else {
        return 0.0;
    };
    let duration = finished.signed_duration_since(started).to_std();
    duration.map_or(0.0, |duration| duration.as_secs_f64())
}

/// RFC 3339 as Go writes it with nanoseconds: UTC, no zeros at the end of the fraction.
pub(super) fn rfc3339_nano(time: &DateTime<Utc>) -> String {
    let text = time.to_rfc3339_opts(SecondsFormat::Nanos, true);
    let shorter = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    format!("{shorter}Z")
}

pub(super) fn rfc3339_or_never(time: Option<&DateTime<Utc>>) -> String {
    time.map_or_else(|| NEVER.to_owned(), rfc3339_nano)
}

fn id<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn time<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339_nano(time))
}

fn maybe_time<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339_or_never(time.as_ref()))
}

/// How runner tokens begin that say nothing of the runner.
const PREFIXES: [&str; 4] = ["GR1348941", "glrtr-", "glrt-", "glcbt-"];

/// The part of a runner's token that names it: known prefixes are left out, then its first nine characters.
pub fn short_token(token: &str) -> String {
    let bare = PREFIXES.iter().find_map(|prefix| token.strip_prefix(prefix));
    let bare = bare.unwrap_or(token);
    // Routable tokens say next what they are of, as `t1_`.
    let bare = match bare.as_bytes() {
        [b't', digit, b'_', ..] if digit.is_ascii_digit() => &bare[3..],
        _ => bare,
    };
    bare.chars().take(9).collect()
}
