//! Records as billing events.

use serde_json::{Value, json};
use service_ping::config::WriterKind;
use service_ping::emit::snowplow::collector::{Filter, GoodEvent};
use service_ping::emit::usage_log::{JobInfo, Outcome, Record, SkipReason, UsageLog, WriterOutcome};

use crate::jobs::{Site, collected, collector, job, record, runner};
use crate::support::wait::PATIENCE;

pub fn billing(url: &str, keys: &str) -> String {
    format!(
        "[experimental.usage_logger]\nenabled = true\nwriters = [\"snowplow_billing\"]\n\
         [experimental.usage_logger.snowplow_billing]\ncollector_uri = \"{url}\"\n{keys}\n"
    )
}

/// Closes a log, which waits, where the collector can go on.
pub async fn close(log: UsageLog) -> Vec<WriterOutcome> {
    tokio::task::spawn_blocking(move || log.close(PATIENCE)).await.unwrap()
}

fn usage(event: &GoodEvent) -> Value {
    event.attached[0].data.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_a_whole_billing_event_under_its_own_id() {
    let (site, collector) = (Site::new(), collector().await);
    let log = site.open(&billing(
        &collector.url(),
        "metadata = { team = \"t\", executor = \"theirs\", nested = { a = 1 } }\nnamespace = \"gl\"",
    ));
    let one = record(5);
    log.record(&one);
    let closed = close(log).await;
    assert_eq!(closed[0].outcome, Outcome::Closed);
    let kept = collector.kept();
    assert_eq!(collected(kept), [one.uuid().to_string()]);
    let event = kept.good(&Filter::default()).remove(0);
    let fields = &event.raw_event.parameters;
    for (key, value) in [
        ("e", "se"),
        ("aid", "gitlab-runner"),
        ("tna", "gl"),
        ("se_ca", "runner_compute_usage"),
        ("se_ac", "runner_compute_usage"),
        ("se_va", "12.5"),
        ("ttm", "1795046412750"),
    ] {
        assert_eq!(fields[key], value, "{key}");
    }
    assert_eq!(fields["se_la"], one.uuid().to_string());
    assert_eq!(
        event.attached[0].schema,
        "iglu:com.gitlab/billable_usage/jsonschema/1-0-2"
    );
    assert_eq!(
        usage(&event),
        json!({
            "event_id": one.uuid().to_string(), "event_type": "runner_compute_usage", "unit_of_measure": "seconds",
            "quantity": 12.5, "realm": "SM", "timestamp": "2026-11-19T00:00:12.750Z", "instance_id": "instance",
            "unique_instance_id": "01a2284b-b9e1-71db-b2bc-df46e7bdc690", "project_id": 11, "namespace_id": 12,
            "organization_id": 14, "root_namespace_id": 13, "subject": "r-uuid", "deployment_type": "self-managed",
            "metadata": {
                "team": "t", "nested": {"a": 1}, "executor": "docker",
                "feature_qualified_name": "runner_compute_usage", "job_id": 5, "pipeline_id": 7,
                "job_status": "success", "job_failure_reason": "", "ref": "main",
                "started_at": "2026-11-19T00:00:00.25Z", "finished_at": "2026-11-19T00:00:12.75Z",
                "labels": {"a": "record", "b": "record"},
            },
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_not_said_and_older_schemas_lack_what_came_later() {
    let (site, collector) = (Site::new(), collector().await);
    let log = site.open(&billing(
        &collector.url(),
        "schema_version = \"1-0-1\"\nrealm = \"saas\"\ndeployment_type = \".com\"\nbase64_encode = false",
    ));
    let bare = JobInfo {
        started_at: job(1).started_at,
        finished_at: job(1).finished_at,
        ..JobInfo::default()
    };
    log.record(&Record::builder().job(bare).build());
    log.record(&record(2));
    close(log).await;
    let good = collector.kept().good(&Filter::default());
    assert_eq!(collected(collector.kept()).len(), 2);
    let usage = usage(&good[0]);
    for key in [
        "project_id",
        "namespace_id",
        "organization_id",
        "instance_id",
        "unique_instance_id",
    ] {
        assert_eq!(usage.get(key), None, "{key}");
    }
    assert_eq!((&usage["subject"], &usage["realm"]), (&json!("0"), &json!("SaaS")));
    assert_eq!(self::usage(&good[1]).get("organization_id"), None);
    assert!(good[0].raw_event.parameters.contains_key("co"));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_are_not_billed_are_skipped_here_alone() {
    let (site, collector) = (Site::new(), collector().await);
    let both = billing(&collector.url(), "").replace("[\"snow", "[\"logrotate\", \"snow");
    let log = site.open(&both);
    let unfinished = Record::builder()
        .runner(runner())
        .job(JobInfo {
            finished_at: None,
            ..job(1)
        })
        .build();
    let faulty = JobInfo {
        failure_reason: "runner_system_failure".to_owned(),
        ..job(2)
    };
    let faulty = Record::builder().job(faulty).build();
    for (record, reason) in [
        (&unfinished, SkipReason::ZeroQuantity),
        (&faulty, SkipReason::RunnerSystemFailure),
    ] {
        let outcomes = log.record_within(record, PATIENCE);
        assert_eq!(outcomes[0].outcome, Outcome::Written);
        assert_eq!(outcomes[1].outcome, Outcome::Skipped(reason));
    }
    let counts = log.counts(WriterKind::SnowplowBilling);
    assert_eq!(
        (counts.zero_quantity, counts.runner_system_failure, counts.written),
        (1, 1, 0)
    );
    // Where the configuration says so, the runner's faults are billed.
    log.reload(&site.settings(&billing(&collector.url(), "skip_runner_system_failure = false")))
        .unwrap();
    log.record(&faulty);
    close(log).await;
    assert_eq!(collected(collector.kept()), [faulty.uuid().to_string()]);
}

#[test]
fn a_token_that_no_cloud_has_is_skipped_or_the_writer_is_left_out() {
    // Nothing answers there, and nothing is asked: this is no machine of a cloud, or its name is not known here.
    if std::fs::read_to_string("/sys/class/dmi/id/product_name").is_ok_and(|name| name.starts_with("Google")) {
        return;
    }
    for (skip, is_there) in [
        ("", true),
        ("skip_oidc_if_unsupported_cloud = true", true),
        ("skip_oidc_if_unsupported_cloud = false", false),
    ] {
        let site = Site::new();
        let log = site.open(&billing("http://127.0.0.1:9", &format!("enable_oidc = true\n{skip}")));
        assert_eq!(log.left_out().is_empty(), is_there, "{skip}");
        log.close(std::time::Duration::ZERO);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_in_the_buckets_that_are_configured() {
    let (site, collector) = (Site::new(), collector().await);
    let log = site.open(&billing(
        &collector.url(),
        "batch_delivery_duration_buckets = [0.000000001, 3600]",
    ));
    log.record_within(&record(1), PATIENCE);
    crate::support::wait::wait_until("the event to be delivered", || {
        log.delivery().is_some_and(|metrics| metrics.delivered == 1)
    });
    assert_eq!(log.delivery().unwrap().buckets, [0, 1]);
    close(log).await;
}
