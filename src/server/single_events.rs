//! What the emitter of single events counts, for collectors of metrics.

use super::exposition::{Exposition, Kind};
use crate::emit::snowplow::{BUCKETS, BatchResult, EventKind, FailureReason, Metrics, Rejection, RetryCause, is_dead};

pub(super) fn single_events(document: &mut Exposition, metrics: &Metrics) {
    events(document, metrics);
    requests(document, metrics);
    queue(document, metrics);
}

fn events(document: &mut Exposition, metrics: &Metrics) {
    let help = "Single events that were accepted.";
    let kinds = EventKind::ALL.map(|kind| (kind.label(), metrics.enqueued_of(kind)));
    labelled(document, "service_ping_snowplow_events_enqueued", "kind", help, &kinds);
    let help = "Single events that were not accepted.";
    let reasons = Rejection::ALL.map(|reason| (reason.label(), metrics.rejected_of(reason)));
    labelled(
        document,
        "service_ping_snowplow_events_rejected",
        "reason",
        help,
        &reasons,
    );
    let help = "Single events that the collector took.";
    counter(
        document,
        "service_ping_snowplow_events_delivered",
        help,
        metrics.delivered,
    );
    let help = "Single events that are not delivered, and will not be by themselves.";
    let reasons = FailureReason::ALL.map(|reason| (reason.label(), metrics.failed_of(reason)));
    labelled(
        document,
        "service_ping_snowplow_events_delivery_failed",
        "reason",
        help,
        &reasons,
    );
    let help = "Of them, those that were put aside as dead letters.";
    let dead: Vec<(&str, u64)> = FailureReason::ALL
        .into_iter()
        .filter(|reason| is_dead(*reason))
        .map(|reason| (reason.label(), metrics.failed_of(reason)))
        .collect();
    labelled(
        document,
        "service_ping_snowplow_events_dead_lettered",
        "reason",
        help,
        &dead,
    );
    let help = "Custom events that gave way to newer ones for want of room.";
    counter(
        document,
        "service_ping_snowplow_events_overflow_dropped",
        help,
        metrics.overflow_dropped,
    );
    let help = "Single events that an earlier process left in the spool.";
    counter(
        document,
        "service_ping_snowplow_events_recovered",
        help,
        metrics.recovered,
    );
    let help = "Single events of the spool that were found spoilt.";
    counter(
        document,
        "service_ping_snowplow_events_corrupt",
        help,
        metrics.sizes.corrupt,
    );
}

fn requests(document: &mut Exposition, metrics: &Metrics) {
    let help = "Attempts that failed and are made again.";
    let causes = RetryCause::ALL.map(|cause| (cause.label(), metrics.retries_of(cause)));
    labelled(document, "service_ping_snowplow_retries", "cause", help, &causes);
    let help = "Requests to the collector, by how they ended.";
    let results = BatchResult::ALL.map(|result| (result.label(), metrics.batches_of(result)));
    labelled(document, "service_ping_snowplow_batches", "result", help, &results);
    let help = "Callbacks that panicked.";
    counter(
        document,
        "service_ping_snowplow_callback_panics",
        help,
        metrics.callback_panics,
    );
    let buckets: Vec<(f64, u64)> = BUCKETS
        .iter()
        .zip(metrics.buckets.clone())
        .map(|(bound, count)| (bound.as_secs_f64(), count))
        .collect();
    document
        .family(
            "service_ping_snowplow_batch_delivery_duration_seconds",
            Kind::Histogram,
            "seconds",
            "How long requests to the collector took.",
        )
        .histogram(&buckets, metrics.duration_sum.as_secs_f64(), metrics.durations);
}

fn queue(document: &mut Exposition, metrics: &Metrics) {
    let sizes = &metrics.sizes;
    let gauges = [
        (
            "service_ping_snowplow_queue_depth",
            "",
            "Single events that wait.",
            sizes.depth as f64,
        ),
        (
            "service_ping_snowplow_queue_capacity",
            "",
            "Single events that may wait; 0 where bytes alone are bounded.",
            sizes.capacity as f64,
        ),
        (
            "service_ping_snowplow_spool_bytes",
            "bytes",
            "Bytes of the spool on disk, dead letters among them.",
            sizes.disk_bytes as f64,
        ),
        (
            "service_ping_snowplow_oldest_pending_age_seconds",
            "seconds",
            "How long the oldest single event has waited.",
            metrics.oldest_age.as_secs_f64(),
        ),
    ];
    for (name, unit, help, value) in gauges {
        document.gauge(name, unit, help, value);
    }
}

fn counter(document: &mut Exposition, name: &'static str, help: &str, value: u64) {
    document.family(name, Kind::Counter, "", help).sample(&[], value as f64);
}

fn labelled(document: &mut Exposition, name: &'static str, label: &str, help: &str, values: &[(&str, u64)]) {
    let mut family = document.family(name, Kind::Counter, "", help);
    for (value, count) in values {
        family.sample(&[(label, value)], *count as f64);
    }
}
