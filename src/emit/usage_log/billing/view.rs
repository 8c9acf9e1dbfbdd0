//! A record as a billing event says it.

use serde_json::{Map, Value};

use crate::config::SnowplowBillingSettings;
use crate::emit::snowplow::{BillingOptional, BillingRequired, BillingStamp, Realm, SchemaVersion};
use crate::emit::usage_log::outcome::SkipReason;
use crate::emit::usage_log::record::{Record, rfc3339_or_never};

/// The runner's own fault, as records name it.
const SYSTEM_FAILURE: &str = "runner_system_failure";
/// Whoever ran the job, where its runner has no id.
const NOBODY: &str = "0";

/// What a tracker is told of a record.
pub(super) struct View {
    pub required: BillingRequired,
    pub optional: BillingOptional,
    pub stamp: BillingStamp,
}

/// The event of a record.
///
/// # Errors
/// Why it is none.
pub(super) fn of(
    record: &Record,
    settings: &SnowplowBillingSettings,
    version: SchemaVersion,
) -> Result<View, SkipReason> {
    if settings.skip_runner_system_failure && record.job.failure_reason == SYSTEM_FAILURE {
        return Err(SkipReason::RunnerSystemFailure);
    }
    if record.duration_seconds() <= 0.0 {
        return Err(SkipReason::ZeroQuantity);
    }
    Ok(View {
        required: BillingRequired {
            category: settings.category.clone(),
            event_type: settings.category.clone(),
            realm: Realm::parse(&settings.realm).unwrap_or(Realm::SelfManaged),
            unit_of_measure: "seconds".to_owned(),
            quantity: record.duration_seconds(),
        },
        optional: optional(record, settings, version),
        stamp: BillingStamp {
            event_id: Some(record.uuid()),
            timestamp: Some(finished_at(record)),
        },
    })
}

fn optional(record: &Record, settings: &SnowplowBillingSettings, version: SchemaVersion) -> BillingOptional {
    let (job, runner) = (&record.job, record.runner());
    let subject = if runner.uuid.is_empty() { NOBODY } else { &runner.uuid };
    let has_organization = version >= SchemaVersion::V2;
    BillingOptional {
        instance_id: job.instance.id.clone(),
        unique_instance_id: job.instance.unique_id.clone(),
        project_id: job.project.id,
        namespace_id: job.namespace.id,
        root_namespace_id: job.root_namespace.id,
        organization_id: if has_organization { job.organization.id } else { 0 },
        subject: subject.to_owned(),
        deployment_type: settings.deployment_type.clone(),
        metadata: metadata(record, settings),
        ..BillingOptional::default()
    }
}

/// What the configuration says, and over it what is known of the job.
fn metadata(record: &Record, settings: &SnowplowBillingSettings) -> Map<String, Value> {
    let job = &record.job;
    let configured = settings.metadata.iter();
    let mut metadata: Map<String, Value> = configured.map(|(key, value)| (key.clone(), value.clone())).collect();
    let labels = record.labels().iter();
    let labels: Map<String, Value> = labels
        .map(|(key, value)| (key.clone(), Value::from(value.clone())))
        .collect();
    let known = [
        ("feature_qualified_name", Value::from(settings.category.clone())),
        ("job_id", Value::from(job.id)),
        ("pipeline_id", Value::from(job.pipeline_id)),
        ("job_status", Value::from(job.status.text())),
        ("job_failure_reason", Value::from(job.failure_reason.clone())),
        ("ref", Value::from(job.r#ref.clone())),
        ("started_at", Value::from(rfc3339_or_never(job.started_at.as_ref()))),
        ("finished_at", Value::from(rfc3339_or_never(job.finished_at.as_ref()))),
        ("executor", Value::from(record.runner().executor.clone())),
        ("labels", Value::from(labels)),
    ];
    metadata.extend(known.map(|(key, value)| (key.to_owned(), value)));
    metadata
}

/// In milliseconds since 1970.
fn finished_at(record: &Record) -> u64 {
    let finished = record.job.finished_at.unwrap_or(record.timestamp());
    u64::try_from(finished.timestamp_millis()).unwrap_or_default()
}
