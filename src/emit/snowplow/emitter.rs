//! The emitter: takes events from any thread, and has one worker send them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::event::QueuedEvent;
use super::metrics::{Metrics, Rejection};
use super::options::EmitterOptions;
use super::outcome::Callback;
use super::shared::{AddError, DrainReport, Shared};
use super::storage::Storage;
use super::transport::{Destination, DestinationError, Transport};
use super::worker::Worker;

/// Why there is no emitter.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error("no thread can be started that sends events: {0}")]
    Thread(std::io::Error),
}

/// Sends events to one collector, in the order in which they came. Dropping it stops it, which may take as long as
/// [`EmitterOptions::stop_deadline`].
#[derive(Debug)]
pub struct Emitter {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Emitter {
    /// Starts the worker, on a thread of its own; what waits in the storage is sent.
    ///
    /// # Errors
    /// Nothing can be sent to the destination, or there is no thread.
    pub fn start(
        destination: Destination,
        storage: Arc<dyn Storage>,
        options: EmitterOptions,
        callback: Option<Callback>,
    ) -> Result<Emitter, StartError> {
        let transport = Transport::new(destination)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(StartError::Thread)?;
        let shared = Arc::new(Shared::new(options, storage));
        let theirs = Arc::clone(&shared);
        let work = move || {
            let _ = theirs.worker.set(thread::current().id());
            let worker = Worker::new(Arc::clone(&theirs), transport, callback);
            // Whoever waits for the end is not left waiting, whatever happened.
            let report = catch_unwind(AssertUnwindSafe(|| runtime.block_on(worker.run())));
            theirs.ended(report.unwrap_or_else(|_| DrainReport {
                pending: theirs.storage.sizes().depth,
                is_ended: true,
                ..DrainReport::default()
            }));
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("snowplow".to_owned());
        let thread = thread.spawn(work).map_err(StartError::Thread)?;
        Ok(Emitter {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Takes an event: nothing is sent by the call, and it waits for nothing but the storage.
    ///
    /// # Errors
    /// The emitter is stopped, or the event could not be kept.
    pub fn add(&self, event: QueuedEvent) -> Result<(), AddError> {
        self.shared.add(vec![event])
    }

    /// Takes all of the events, or none.
    ///
    /// # Errors
    /// As [`Emitter::add`].
    pub fn add_batch(&self, events: Vec<QueuedEvent>) -> Result<(), AddError> {
        self.shared.add(events)
    }

    /// Has what waits now sent without waiting for others. A wait after a failure is kept.
    pub fn flush(&self) {
        self.shared.flush();
    }

    /// As [`Emitter::flush`], and waits until it is done or given up; whether it is.
    pub fn flush_wait(&self, deadline: Duration) -> bool {
        let to = self.shared.flush();
        self.shared.wait_for(to, deadline)
    }

    /// Takes nothing more, sends what waits until the deadline, and ends. What a request was under way with is broken off
    /// then. Waits, so that in asynchronous code it belongs on a thread that may.
    pub fn drain(&self, deadline: Duration) -> DrainReport {
        self.shared.ask_to_end(deadline);
        if self.is_worker() {
            return DrainReport::default();
        }
        self.shared.wait_for_end()
    }

    /// [`Emitter::drain`] with the deadline of the options.
    pub fn stop(&self) -> DrainReport {
        self.drain(self.shared.options.stop_deadline)
    }

    /// Ends at once.
    pub fn abort(&self) -> DrainReport {
        self.drain(Duration::ZERO)
    }

    /// Whether a callback asks.
    fn is_worker(&self) -> bool {
        self.shared.worker.get() == Some(&thread::current().id())
    }

    pub fn metrics(&self) -> Metrics {
        self.shared.metrics()
    }

    /// The time of day, as the emitter sees it, in milliseconds since 1970.
    pub(super) fn unix_ms(&self) -> u64 {
        self.shared.options.clock.unix_ms()
    }

    pub(super) fn rejected(&self, rejection: Rejection) {
        self.shared.counters.rejected(rejection, 1);
    }
}

impl Drop for Emitter {
    fn drop(&mut self) {
        if !self.shared.is_ended() {
            self.stop();
        }
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|_| !self.is_worker()) {
            // The worker lets go of the storage: whoever drops the emitter may open the spool again.
            let _ = thread.join();
        }
    }
}
