//! Taking over what another process left in a spool of its own.

use super::spool::Spool;
use super::storage::{BatchLimit, Storage};
use super::tracker::{TrackError, Tracker};

const LIMIT: BatchLimit = BatchLimit {
    events: 1000,
    bytes: 4 * 1024 * 1024,
};

impl Tracker {
    /// Takes over everything that waits in `spool`, in its order and under the same ids; how many events that were. An
    /// event leaves there once it is kept here: where that breaks off, it is in both, and its id says so.
    ///
    /// # Errors
    /// It cannot be read there, or kept here.
    pub fn adopt(&self, spool: &Spool) -> Result<u64, TrackError> {
        let mut adopted = 0;
        loop {
            let batch = spool.peek(LIMIT).map_err(TrackError::Storage)?;
            if batch.is_empty() {
                return Ok(adopted);
            }
            let events = batch.iter().map(|event| event.as_ref().clone()).collect();
            if let Err(error) = self.accept_all(events) {
                spool.release();
                return Err(error);
            }
            spool.settle(batch.len()).map_err(TrackError::Storage)?;
            adopted += batch.len() as u64;
        }
    }
}
