//! A lane's thread: one record after the other, and what is due at times.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError};
use std::time::Duration;

use super::build::{Manner, build};
use super::lane::{Item, Lane};
use super::outcome::Outcome;
use super::record::Record;
use super::writer::{Writer, Written};

pub(super) struct Work {
    lane: Arc<Lane>,
    receiver: Receiver<Item>,
    /// Not there before the place on disk is handed over, or where it could not be had.
    writer: Option<Box<dyn Writer>>,
    after: Option<Arc<Lane>>,
    /// Whether the last record could not be kept: said once, not for each.
    is_failing: bool,
}

/// Whoever waits for a lane's end is not left waiting, whatever happened.
struct Ending<'a>(&'a Lane);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.ended(0);
    }
}

impl Work {
    pub(super) fn new(
        lane: Arc<Lane>,
        receiver: Receiver<Item>,
        writer: Option<Box<dyn Writer>>,
        after: Option<Arc<Lane>>,
    ) -> Work {
        Work {
            lane,
            receiver,
            writer,
            after,
            is_failing: false,
        }
    }

    pub(super) fn run(mut self) {
        let lane = Arc::clone(&self.lane);
        let _ending = Ending(&lane);
        lane.opened(self.writer.as_ref().and_then(|writer| writer.tracker()));
        if let Some(before) = self.after.take() {
            before.wait_for_end();
            self.open();
        }
        while let Some(item) = self.next() {
            let outcome = self.outcome(&item.record);
            lane.counters.count(&outcome);
            lane.waiting.fetch_sub(1, Ordering::AcqRel);
            if let Some(reply) = item.reply {
                // Nobody may wait any more.
                let _ = reply.to.send((reply.lane, outcome));
            }
        }
        let left = match self.writer.take() {
            Some(writer) => writer.close(lane.ends()),
            None => 0,
        };
        lane.ended(left);
    }

    /// The next record, with what is due at times done until it comes; `None` once no more come.
    fn next(&mut self) -> Option<Item> {
        loop {
            let due = self.writer.as_mut().and_then(|writer| writer.tend());
            let received = match due {
                Some(due) => self.receiver.recv_timeout(due.max(Duration::from_millis(1))),
                None => self.receiver.recv().map_err(|RecvError| RecvTimeoutError::Disconnected),
            };
            match received {
                Ok(item) => return Some(item),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn outcome(&mut self, record: &Record) -> Outcome {
        if self.writer.is_none() {
            self.open();
        }
        let Some(writer) = &mut self.writer else {
            return self.failed(None);
        };
        match writer.write(record) {
            Ok(Written::Kept) => {
                if std::mem::take(&mut self.is_failing) {
                    tracing::warn!(writer = self.lane.name(), "The usage log is written again.");
                }
                Outcome::Written
            }
            Ok(Written::Skipped(reason)) => {
                tracing::debug!(writer = self.lane.name(), reason = reason.label(), "A job is left out.");
                Outcome::Skipped(reason)
            }
            Err(error) => self.failed(Some(error)),
        }
    }

    fn failed(&mut self, error: Option<super::WriteError>) -> Outcome {
        let error = error.unwrap_or_else(|| super::WriteError::Other("the writer could not be opened".to_owned()));
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::error!(writer = self.lane.name(), %error, "The usage log cannot be written.");
        }
        Outcome::Failed(Arc::new(error))
    }

    /// Opens the writer at the place that was handed over; where that fails, each record tries again.
    fn open(&mut self) {
        match build(&self.lane.settings, Manner::HANDED_OVER) {
            Ok(writer) => {
                self.lane.opened(writer.tracker());
                self.writer = Some(writer);
            }
            Err(error) => {
                self.failed(Some(error));
            }
        }
    }
}
