//! A job: what its payload says of it, and how it ended.

use std::time::Instant;

use super::payload::JobPayload;
use crate::emit::otlp::Clock;

/// What a payload says of its job, as far as it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFacts {
    pub id: Option<i64>,
    pub name: Option<String>,
    pub stage: Option<String>,
    pub url: Option<String>,
    pub pipeline_id: Option<i64>,
    pub pipeline_source: Option<String>,
    pub pipeline_name: Option<String>,
    pub project_id: Option<i64>,
    pub repository_url: Option<String>,
    pub reference: Option<String>,
    pub revision: Option<String>,
    pub runner_id: Option<i64>,
    pub runner_name: Option<String>,
    /// What runs the job, such as `shell`.
    pub executor: String,
    /// The system that the runner's manager is on.
    pub system_id: Option<String>,
    /// Whether the payload lists the step that a command is.
    pub has_script: bool,
}

/// How a job ended, in the words of GitLab's runners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    Success,
    Failed,
    Canceled,
    Skipped,
    Terminated,
    TimedOut,
}

/// A job that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobResult {
    pub status: JobStatus,
    /// Why, in the words of GitLab's runners; empty where it went well.
    pub failure_reason: String,
}

/// When something began and ended: the time of day of the beginning, and how long it took.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970, not before `start`.
    pub end: u64,
}

impl JobFacts {
    /// What a payload says; the executor is ours.
    pub fn of(payload: &JobPayload, executor: &str) -> JobFacts {
        let text = |path: &[&str]| payload.text(path).map(str::to_owned);
        let variable = |name| payload.variable(name).map(str::to_owned);
        JobFacts {
            id: payload.id(&["id"]).or_else(|| payload.variable_id("CI_JOB_ID")),
            name: text(&["job_info", "name"]).or_else(|| variable("CI_JOB_NAME")),
            stage: text(&["job_info", "stage"]).or_else(|| variable("CI_JOB_STAGE")),
            url: variable("CI_JOB_URL"),
            pipeline_id: payload
                .variable_id("CI_PIPELINE_ID")
                .or_else(|| payload.id(&["job_info", "pipeline_id"])),
            pipeline_source: variable("CI_PIPELINE_SOURCE"),
            pipeline_name: variable("CI_PIPELINE_NAME"),
            project_id: payload
                .id(&["job_info", "project_id"])
                .or_else(|| payload.variable_id("CI_PROJECT_ID")),
            // The one of `git_info` holds the job's token.
            repository_url: variable("CI_PROJECT_URL"),
            reference: text(&["git_info", "ref"]).or_else(|| variable("CI_COMMIT_REF_NAME")),
            revision: text(&["git_info", "sha"]).or_else(|| variable("CI_COMMIT_SHA")),
            runner_id: payload.variable_id("CI_RUNNER_ID"),
            runner_name: variable("CI_RUNNER_DESCRIPTION"),
            executor: executor.to_owned(),
            system_id: variable("CI_RUNNER_SYSTEM_ID"),
            has_script: payload.has_step("script"),
        }
    }
}

impl JobStatus {
    /// The status in the words of GitLab's runners.
    pub fn name(self) -> &'static str {
        match self {
            JobStatus::Success => "success",
            JobStatus::Failed => "failed",
            JobStatus::Canceled => "canceled",
            JobStatus::Skipped => "skipped",
            JobStatus::Terminated => "terminated",
            JobStatus::TimedOut => "timedout",
        }
    }
}

impl JobResult {
    /// It went well.
    pub fn success() -> JobResult {
        JobResult::of(JobStatus::Success, "")
    }

    /// It ended so, and why.
    pub fn of(status: JobStatus, failure_reason: &str) -> JobResult {
        JobResult {
            status,
            failure_reason: failure_reason.to_owned(),
        }
    }

    /// The result in the words of OpenTelemetry's conventions.
    pub fn cicd(&self) -> &'static str {
        match (self.status, self.failure_reason.as_str()) {
            (JobStatus::Success, _) => "success",
            (JobStatus::Skipped, _) => "skip",
            (JobStatus::TimedOut, _) | (_, "job_execution_timeout") => "timeout",
            (JobStatus::Canceled, _) | (_, "job_canceled") => "cancellation",
            (_, "script_failure" | "") => "failure",
            _ => "error",
        }
    }
}

impl Bounds {
    /// From one instant to another, both after `clock` was looked at: a clock that is set in between changes nothing.
    pub fn between(clock: &Clock, began: Instant, ended: Instant) -> Bounds {
        let start = clock.unix_nanoseconds(began);
        Bounds {
            start,
            end: clock.unix_nanoseconds(ended).max(start),
        }
    }
}
