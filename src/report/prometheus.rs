//! Prometheus' lane: a few queries at a time.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};

use crate::batch::Taken;
use crate::measure::{Failure, Measure, PrometheusMeasure, Reason};
use crate::source::Sources;
use crate::source::prometheus::{Prometheus, Read};

/// The readings of all wanted measures of Prometheus, by their indexes; nothing where no server is configured.
pub(super) async fn read_prometheus(
    measures: &[(Measure, String)],
    sources: &Sources,
    is_wanted: &dyn Fn(usize) -> bool,
    told: &dyn Fn(usize, &Taken),
) -> Vec<(usize, Taken)> {
    let Some(prometheus) = &sources.prometheus else {
        return Vec::new();
    };
    let asked = measures
        .iter()
        .enumerate()
        .filter_map(|(index, (measure, _))| match measure {
            Measure::Prometheus(measure) if is_wanted(index) => Some((index, measure.as_ref())),
            _ => None,
        });
    let readings = asked.map(|(index, measure)| async move {
        let taken = read(prometheus, measure, sources).await;
        told(index, &taken);
        (index, taken)
    });
    // In the order of the measures, so that two runs tell the same.
    let readings: Vec<_> = readings.collect();
    stream::iter(readings)
        .buffered(prometheus.connections())
        .collect()
        .await
}

/// The failure where the run is interrupted or the source's code panics; dropping a query ends it on the server.
async fn read(prometheus: &Prometheus, measure: &PrometheusMeasure, sources: &Sources) -> Taken {
    let begun = Instant::now();
    let mut interrupt = sources.interrupt.clone();
    let interrupted = || Read {
        result: Err(Failure::new(Reason::Cancelled, "the run was interrupted")),
        queries: 0,
    };
    let read = if interrupt.is_raised() {
        interrupted()
    } else {
        tokio::select! {
            read = AssertUnwindSafe(prometheus.read(measure, &sources.log)).catch_unwind() => read.unwrap_or_else(|panic| Read {
                result: Err(Failure::of_panic(panic.as_ref())),
                queries: 0,
            }),
            () = interrupt.raised() => interrupted(),
        }
    };
    Taken {
        result: read.result,
        elapsed: begun.elapsed(),
        statements: read.queries,
        retries: 0,
    }
}
