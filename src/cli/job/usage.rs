//! The usage of a job, in the usage log.

use std::time::Duration;

use chrono::DateTime;

use crate::cli::message::note;
use crate::config::{Config, UsageLogSettings, WriterKind};
use crate::emit::job_telemetry::{self, Bounds, JobFacts, JobPayload, JobResult};
use crate::emit::usage_log::{
    InstanceIds, JobInfo, JobStatus, Outcome, Project, Record, RunnerInfo, UsageLog, WriterOutcome,
};

/// How long a writer is waited for that another job's process has, and for the disk.
const PATIENCE: Duration = Duration::from_secs(2);
/// For a collector that answers at once; what it does not take is in the spool.
const GRACE: Duration = Duration::from_millis(20);

/// A usage log that is configured; it is opened once there is something to record, because one process at a time has it.
pub(super) struct Usage(UsageLogSettings);

impl Usage {
    /// `None` where no usage is recorded.
    pub(super) fn of(config: &Config) -> Option<Usage> {
        let mut settings = config.experimental.usage_logger.clone();
        if config.reporting.do_not_track {
            settings.writers.retain(|writer| *writer != WriterKind::SnowplowBilling);
        }
        (settings.enabled && !settings.writers.is_empty()).then_some(Usage(settings))
    }

    /// Records a job that is over. A writer that fails is said, and changes nothing else.
    pub(super) async fn record(
        self,
        payload: &JobPayload,
        facts: &JobFacts,
        result: &JobResult,
        bounds: Bounds,
        wait: Duration,
    ) {
        let record = record(payload, facts, result, bounds);
        let written = tokio::task::spawn_blocking(move || write(&self.0, &record, wait)).await;
        match written {
            Ok(Ok(outcomes)) => outcomes
                .iter()
                .filter(|outcome| outcome.is_failure())
                .for_each(complain),
            Ok(Err(error)) => note(&format!("the job's usage is not recorded: {error}")),
            Err(_) => note("the job's usage is not recorded: its writers broke off"),
        }
    }
}

fn write(settings: &UsageLogSettings, record: &Record, wait: Duration) -> Result<Vec<WriterOutcome>, String> {
    let log = UsageLog::open_for_one_job(settings, PATIENCE).map_err(|error| error.to_string())?;
    let mut outcomes = log.left_out();
    outcomes.extend(log.record_within(record, PATIENCE));
    log.close(wait.max(GRACE));
    Ok(outcomes)
}

fn complain(outcome: &WriterOutcome) {
    let why = match &outcome.outcome {
        Outcome::Failed(error) => error.to_string(),
        _ => "it did not take it in time".to_owned(),
    };
    note(&format!(
        "the writer {} does not have the job's usage: {why}",
        outcome.writer
    ));
}

fn record(payload: &JobPayload, facts: &JobFacts, result: &JobResult, bounds: Bounds) -> Record {
    let text = |path: &[&str], variable: &str| {
        let text = payload.text(path).or_else(|| payload.variable(variable));
        text.unwrap_or_default().to_owned()
    };
    let id = |path: &[&str], variable: &str| payload.id(path).or_else(|| payload.variable_id(variable)).unwrap_or(0);
    let at = |nanoseconds: u64| i64::try_from(nanoseconds).ok().map(DateTime::from_timestamp_nanos);
    let job = JobInfo {
        id: facts.id.unwrap_or(0),
        pipeline_id: facts.pipeline_id.unwrap_or(0),
        r#ref: facts.reference.clone().unwrap_or_default(),
        url: facts.url.clone().unwrap_or_default(),
        status: status(result.status),
        failure_reason: result.failure_reason.clone(),
        started_at: at(bounds.start),
        finished_at: at(bounds.end),
        project: Project {
            id: facts.project_id.unwrap_or(0),
            name: text(&["job_info", "project_name"], "CI_PROJECT_NAME"),
            full_path: text(&["job_info", "project_full_path"], "CI_PROJECT_PATH"),
        },
        namespace_id: id(&["job_info", "namespace_id"], "CI_PROJECT_NAMESPACE_ID"),
        root_namespace_id: id(&["job_info", "root_namespace_id"], "CI_PROJECT_ROOT_NAMESPACE_ID"),
        organization_id: id(&["job_info", "organization_id"], ""),
        instance: InstanceIds {
            id: text(&["job_info", "instance_id"], ""),
            unique_id: text(&["job_info", "instance_uuid"], ""),
        },
        user_id: id(&["job_info", "user_id"], "GITLAB_USER_ID"),
        scoped_user_id: id(&["job_info", "scoped_user_id"], ""),
    };
    let runner = RunnerInfo {
        uuid: String::new(),
        id: text(&[], "CI_RUNNER_SHORT_TOKEN"),
        name: facts.runner_name.clone().unwrap_or_default(),
        system_id: facts.system_id.clone().unwrap_or_default(),
        executor: facts.executor.clone(),
    };
    Record::builder().runner(runner).job(job).build()
}

fn status(status: job_telemetry::JobStatus) -> JobStatus {
    match status {
        job_telemetry::JobStatus::Success => JobStatus::Success,
        job_telemetry::JobStatus::Failed => JobStatus::Failed,
        job_telemetry::JobStatus::Canceled | job_telemetry::JobStatus::Skipped => JobStatus::Canceled,
        job_telemetry::JobStatus::Terminated => JobStatus::Terminated,
        job_telemetry::JobStatus::TimedOut => JobStatus::TimedOut,
    }
}
