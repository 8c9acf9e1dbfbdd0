//! Spans of jobs to collectors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::counts::Counts;
use super::destination::{Destination, Key};
use super::options::ExporterOptions;
use super::queue::Queue;
use super::transport::{DestinationError, Transport};
use super::worker::Worker;
use crate::emit::job_telemetry::JobSpans;

/// Sends spans to any number of collectors, each with a queue and a worker of its own, so that none waits for another. What
/// waits is in memory alone. A collector is connected to when there is something for it, and not before.
#[derive(Debug)]
pub struct Exporter {
    options: ExporterOptions,
    runtime: Handle,
    lanes: Mutex<HashMap<Key, Lane>>,
}

#[derive(Debug)]
struct Lane {
    destination: Destination,
    queue: Arc<Queue>,
    worker: JoinHandle<()>,
}

/// What is left of one destination when an exporter has ended.
#[derive(Debug)]
pub struct Left {
    pub destination: Destination,
    pub counts: Counts,
    /// Jobs that were not told of, with their ages.
    pub waiting: Vec<(Arc<JobSpans>, Duration)>,
}

impl Exporter {
    /// An exporter whose workers run on that runtime.
    pub fn new(options: ExporterOptions, runtime: Handle) -> Exporter {
        Exporter {
            options,
            runtime,
            lanes: Mutex::default(),
        }
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<Key, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the spans of a job over, and waits for nothing.
    ///
    /// # Errors
    /// Nothing can be sent to that destination.
    pub fn add(&self, destination: &Destination, job: &Arc<JobSpans>) -> Result<(), DestinationError> {
        self.add_aged(destination, job, Duration::ZERO)
    }

    /// As [`add`](Self::add), of a job that has waited elsewhere.
    ///
    /// # Errors
    /// Nothing can be sent to that destination.
    pub fn add_aged(
        &self,
        destination: &Destination,
        job: &Arc<JobSpans>,
        age: Duration,
    ) -> Result<(), DestinationError> {
        let mut lanes = self.lanes();
        let key = destination.key();
        if !lanes.contains_key(&key) {
            lanes.insert(key.clone(), self.lane(destination)?);
        }
        if let Some(lane) = lanes.get(&key) {
            lane.queue.add(Arc::clone(job), age);
        }
        Ok(())
    }

    fn lane(&self, destination: &Destination) -> Result<Lane, DestinationError> {
        let transport = Transport::new(destination, self.options.timeout)?;
        let queue = Arc::new(Queue::new(self.options));
        let worker = Worker::new(Arc::clone(&queue), transport, self.options);
        Ok(Lane {
            destination: destination.clone(),
            queue,
            worker: self.runtime.spawn(worker.run()),
        })
    }

    /// Has what waits be sent without waiting for more.
    pub fn flush(&self) {
        self.lanes().values().for_each(|lane| lane.queue.flush());
    }

    /// What became of the spans of a destination so far.
    pub fn counts(&self, destination: &Destination) -> Counts {
        let lanes = self.lanes();
        lanes
            .get(&destination.key())
            .map(|lane| lane.queue.counts())
            .unwrap_or_default()
    }

    /// Sends what waits for so long at most, then gives up what is on its way, and says what is left.
    pub async fn shutdown(self, deadline: Duration) -> Vec<Left> {
        let end = Instant::now() + deadline;
        let lanes: Vec<Lane> = self.lanes().drain().map(|(_, lane)| lane).collect();
        for lane in &lanes {
            lane.queue.end.send_replace(Some(end));
        }
        let mut left = Vec::new();
        for lane in lanes {
            // A worker that panicked leaves what waits, as one that ran out of time.
            drop(lane.worker.await);
            left.push(Left {
                counts: lane.queue.counts(),
                waiting: lane.queue.waiting(),
                destination: lane.destination,
            });
        }
        left
    }
}
