//! What collectors read: the last run, each of its metrics, the outbox, the schedule. All of it comes from the state
//! store at each scrape, so that runs of other processes are seen as well.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Sight;
use super::exposition::{Exposition, Kind};
use super::queue::queue;
use super::single_events::single_events;
use crate::report::has_fallen_back;
use crate::schedule::{Decision, Schedule};
use crate::state::{KeptSchedule, OutboxTotals, OutcomeRecord, Run, RunStatus, SourceRecord, StateError};

/// Runs that are looked through for the last one that ended: those after it were killed, or run still.
const RUNS: u32 = 100;
const STATUSES: [RunStatus; 4] = [
    RunStatus::Running,
    RunStatus::Completed,
    RunStatus::Failed,
    RunStatus::Interrupted,
];
/// How a metric that has its own value is counted among the reasons.
const OK: &str = "ok";

pub(super) async fn exposition(sight: &Sight) -> Result<String, StateError> {
    let now = Utc::now();
    let mut document = Exposition::default();
    build(&mut document);
    let runs = sight.state.runs(RUNS).await?;
    kept_runs(&mut document, &runs);
    if let Some(last) = runs.first() {
        last_run(&mut document, last);
    }
    if let Some(ended) = runs.iter().find(|run| run.finished_at.is_some()) {
        ended_run(&mut document, ended);
        outcomes(&mut document, &sight.state.outcomes(ended.id).await?);
        sources(&mut document, &sight.state.sources(ended.id).await?);
    }
    outbox(&mut document, &sight.state.outbox_totals().await?, now);
    if let Some(schedule) = &sight.schedule {
        let kept = sight.state.schedule().await?;
        scheduled(&mut document, schedule, kept.as_ref(), now);
    }
    if let Some(tracker) = &sight.tracker {
        queue(&mut document, tracker);
    }
    if let Some(forwarding) = &sight.snowplow {
        single_events(&mut document, &forwarding.metrics());
    }
    Ok(document.end())
}

fn build(document: &mut Exposition) {
    document
        .family("service_ping_build", Kind::Info, "", "The program that answers.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
}

fn kept_runs(document: &mut Exposition, runs: &[Run]) {
    let mut kept = document.family(
        "service_ping_runs",
        Kind::Gauge,
        "",
        "Of the newest 100 runs that the state store keeps, how many stand where.",
    );
    for status in STATUSES {
        let count = runs.iter().filter(|run| run.status == status).count();
        kept.sample(&[("status", status.as_str())], count as f64);
    }
}

/// The run that began last; it may still go on.
fn last_run(document: &mut Exposition, run: &Run) {
    let id = run.id.to_string();
    let labels = [
        ("run_id", id.as_str()),
        ("trigger", run.trigger.as_str()),
        ("definitions_digest", run.definitions_digest.as_str()),
    ];
    document
        .family("service_ping_last_run", Kind::Info, "", "The run that began last.")
        .sample(&labels, 1.0);
    let mut status = document.family(
        "service_ping_last_run_status",
        Kind::StateSet,
        "",
        "Where the run that began last stands; one that was killed stays at running.",
    );
    for one in STATUSES {
        let is_it = f64::from(u8::from(one == run.status));
        status.sample(&[("service_ping_last_run_status", one.as_str())], is_it);
    }
    let start = "When the run that began last began.";
    document.gauge(
        "service_ping_last_run_start_timestamp_seconds",
        "seconds",
        start,
        unix(run.started_at),
    );
    let recorded = "The one instant that the payload of the run that began last bears.";
    document.gauge(
        "service_ping_last_run_recorded_timestamp_seconds",
        "seconds",
        recorded,
        unix(run.recorded_at),
    );
}

fn ended_run(document: &mut Exposition, run: &Run) {
    let Some(finished_at) = run.finished_at else { return };
    let end = "When the last run that ended did so.";
    document.gauge(
        "service_ping_last_run_end_timestamp_seconds",
        "seconds",
        end,
        unix(finished_at),
    );
    let took = "How long the last run that ended took, delivery included.";
    document.gauge(
        "service_ping_last_run_duration_seconds",
        "seconds",
        took,
        seconds_between(run.started_at, finished_at),
    );
}

/// The metrics of the last run that ended.
fn outcomes(document: &mut Exposition, outcomes: &[OutcomeRecord]) {
    let mut elapsed = document.family(
        "service_ping_metric_elapsed_seconds",
        Kind::Gauge,
        "seconds",
        "How long each metric of the last run that ended took to read.",
    );
    for outcome in outcomes {
        elapsed.sample(&[("key_path", &outcome.key_path)], outcome.elapsed_seconds);
    }
    let mut ok = document.family(
        "service_ping_metric_ok",
        Kind::Gauge,
        "",
        "Whether each metric has its own value, 1, or fell back for a reason, 0.",
    );
    for outcome in outcomes {
        let reason = outcome.reason.as_deref().unwrap_or_default();
        let own = f64::from(u8::from(!has_fallen_back(outcome)));
        ok.sample(&[("key_path", &outcome.key_path), ("reason", reason)], own);
    }
    let mut statements = document.family(
        "service_ping_metric_statements",
        Kind::Gauge,
        "",
        "How many statements each metric took part in.",
    );
    for outcome in outcomes {
        statements.sample(&[("key_path", &outcome.key_path)], f64::from(outcome.statements));
    }
    reasons(document, outcomes);
}

/// The sources that the last run that ended has asked.
fn sources(document: &mut Exposition, sources: &[SourceRecord]) {
    type Number = fn(&SourceRecord) -> f64;
    let families: [(&str, &str, &str, Number); 5] = [
        (
            "service_ping_source_up",
            "",
            "Whether the last run that ended could reach each source throughout.",
            |source| f64::from(u8::from(source.is_up)),
        ),
        (
            "service_ping_source_elapsed_seconds",
            "seconds",
            "How long the last run that ended took to read each source.",
            |source| source.elapsed_seconds,
        ),
        (
            "service_ping_source_statements",
            "",
            "How many statements, or commands, each source was sent.",
            |source| source.statements as f64,
        ),
        (
            "service_ping_source_readings",
            "",
            "How many readings were asked of each source.",
            |source| source.readings as f64,
        ),
        (
            "service_ping_source_failed_readings",
            "",
            "How many of them failed.",
            |source| source.failed as f64,
        ),
    ];
    for (name, unit, help, number) in families {
        let mut family = document.family(name, Kind::Gauge, unit, help);
        for source in sources {
            family.sample(&[("source", &source.source)], number(source));
        }
    }
}

fn reasons(document: &mut Exposition, outcomes: &[OutcomeRecord]) {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::from([(OK, 0)]);
    for outcome in outcomes {
        *counts.entry(outcome.reason.as_deref().unwrap_or(OK)).or_default() += 1;
    }
    let mut reasons = document.family(
        "service_ping_metrics",
        Kind::Gauge,
        "",
        "Metrics of the last run that ended, by the reason they fell back for.",
    );
    for (reason, count) in counts {
        reasons.sample(&[("reason", reason)], f64::from(count));
    }
}

fn outbox(document: &mut Exposition, totals: &OutboxTotals, now: DateTime<Utc>) {
    let mut reports = document.family(
        "service_ping_reports",
        Kind::Gauge,
        "",
        "Reports that the state store keeps, by what became of their payload.",
    );
    let states = [
        ("waiting", totals.waiting),
        ("sent", totals.sent),
        ("rejected", totals.rejected),
        ("withheld", totals.withheld),
    ];
    for (state, count) in states {
        reports.sample(&[("delivery", state)], count as f64);
    }
    let bytes = totals.waiting_bytes as f64;
    document.gauge(
        "service_ping_outbox_bytes",
        "bytes",
        "Bytes of the payloads that wait.",
        bytes,
    );
    let age = totals.waiting_since.map_or(0.0, |since| seconds_between(since, now));
    let help = "How long the oldest payload that waits has waited; 0 where none does.";
    document.gauge("service_ping_outbox_oldest_age_seconds", "seconds", help, age);
    let help = "Documents of metadata that wait, their payload delivered.";
    document.gauge("service_ping_outbox_metadata", "", help, totals.unsent_metadata as f64);
    let help = "Requests that were begun for the payloads that the state store keeps.";
    document.gauge("service_ping_delivery_attempts", "", help, totals.attempts as f64);
    if let Some(sent_at) = totals.last_sent_at {
        let help = "When a payload was last delivered.";
        document.gauge(
            "service_ping_last_delivery_timestamp_seconds",
            "seconds",
            help,
            unix(sent_at),
        );
    }
}

fn scheduled(document: &mut Exposition, schedule: &Schedule, kept: Option<&KeptSchedule>, now: DateTime<Utc>) {
    let record = kept.map_or_else(|| schedule.begin(now), |kept| kept.record.clone());
    let next = match schedule.decide(&record, now) {
        Decision::Wait(until) => until,
        Decision::Run(_) => now,
    };
    let help = "When the weekly job is due next, retries included.";
    document.gauge("service_ping_next_run_timestamp_seconds", "seconds", help, unix(next));
    let failures = record.trial.map_or(0, |trial| trial.failures);
    let help = "How often the job of the present slot has been tried without success.";
    document.gauge("service_ping_slot_failures", "", help, f64::from(failures));
}

fn unix(at: DateTime<Utc>) -> f64 {
    at.timestamp_micros() as f64 / 1e6
}

/// A clock that was set back gives no negative time.
fn seconds_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (unix(to) - unix(from)).max(0.0)
}
