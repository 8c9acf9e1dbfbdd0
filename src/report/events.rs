//! The event store's lane: all event measures in one pass.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::trace::RunTrace;
use crate::batch::Taken;
use crate::event;
use crate::measure::{EventMeasure, Failure, Measure, Reading, Reason};
use crate::source::Sources;
use crate::source::database::Statement;
use crate::source::event_store::EventStore;

/// The readings of all wanted event measures, by their indexes; nothing where no store is configured.
pub(super) async fn read_events(
    measures: &[(Measure, String)],
    sources: &Sources,
    is_wanted: &dyn Fn(usize) -> bool,
    told: &dyn Fn(usize, &Taken),
    trace: Option<&RunTrace>,
) -> Vec<(usize, Taken)> {
    let Some(store) = &sources.event_store else {
        return Vec::new();
    };
    let (indexes, asked): (Vec<usize>, Vec<&EventMeasure>) = measures
        .iter()
        .enumerate()
        .filter_map(|(index, (measure, _))| match measure {
            Measure::Event(measure) if is_wanted(index) => Some((index, measure.as_ref())),
            _ => None,
        })
        .unzip();
    if asked.is_empty() {
        return Vec::new();
    }
    let begun = Instant::now();
    let results = read_all(store.as_ref(), &asked, sources).await;
    if let Some(trace) = trace {
        let failures: Vec<&Failure> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        // One that failed where others did not is a matter of its metric.
        let failure = failures.first().filter(|_| failures.len() == results.len());
        trace.events(&indexes, begun, failure.map(|failure| failure.reason));
    }
    // They are read together: each has its share of the time.
    let elapsed = begun.elapsed() / u32::try_from(asked.len()).unwrap_or(u32::MAX);
    let taken = indexes.into_iter().zip(&asked).zip(results);
    taken
        .map(|((index, measure), result)| {
            log(sources, measure, elapsed, &result);
            let taken = taken_of(result, elapsed);
            told(index, &taken);
            (index, taken)
        })
        .collect()
}

/// All or nothing, where the run is interrupted or the store's code panics.
async fn read_all(store: &dyn EventStore, asked: &[&EventMeasure], sources: &Sources) -> Vec<Result<Reading, Failure>> {
    let mut interrupt = sources.interrupt.clone();
    let interrupted = || {
        let reason = Failure::new(Reason::Cancelled, "the run was interrupted");
        asked.iter().map(|_| Err(reason.clone())).collect()
    };
    if interrupt.is_raised() {
        return interrupted();
    }
    tokio::select! {
        read = AssertUnwindSafe(event::read(store, asked)).catch_unwind() => match read {
            Ok(results) => results,
            Err(panic) => {
                let failure = Failure::of_panic(panic.as_ref());
                asked.iter().map(|_| Err(failure.clone())).collect()
            }
        },
        () = interrupt.raised() => interrupted(),
    }
}

fn log(sources: &Sources, measure: &EventMeasure, elapsed: Duration, result: &Result<Reading, Failure>) {
    let command = measure.command();
    sources.log.tell(&Statement {
        sql: &command,
        elapsed,
        rows: measure.keys().len() as u64,
        error: result.as_ref().err().map(|failure| failure.message.clone()),
    });
}

fn taken_of(result: Result<Reading, Failure>, elapsed: Duration) -> Taken {
    Taken {
        result,
        elapsed,
        statements: 1,
        retries: 0,
    }
}
