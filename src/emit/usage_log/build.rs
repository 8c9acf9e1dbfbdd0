//! From settings to writers.

use std::thread;
use std::time::{Duration, Instant};

use super::billing::BillingWriter;
use super::error::WriteError;
use super::logrotate::LogrotateWriter;
use super::writer::Writer;
use crate::config::WriterSettings;
use crate::emit::snowplow::StorageError;

const LOOK: Duration = Duration::from_millis(5);

/// How writers begin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// How long a place on disk is waited for that another has.
    pub(super) patience: Duration,
    /// Whether other processes record jobs in turn: records go into the newest file, as long as it is young and small enough.
    pub(super) is_for_one_job: bool,
}

impl Manner {
    /// At a place that was handed over: whoever had it may be on the way out.
    pub(super) const HANDED_OVER: Manner = Manner {
        patience: Duration::from_secs(1),
        is_for_one_job: false,
    };
}

/// The writer of these settings.
///
/// # Errors
/// It cannot be had.
pub(super) fn build(settings: &WriterSettings, manner: Manner) -> Result<Box<dyn Writer>, WriteError> {
    let until = Instant::now() + manner.patience;
    loop {
        match try_build(settings, manner) {
            Err(WriteError::InUse { .. } | WriteError::Storage(StorageError::InUse { .. }))
                if Instant::now() < until =>
            {
                thread::sleep(LOOK);
            }
            built => return built,
        }
    }
}

fn try_build(settings: &WriterSettings, manner: Manner) -> Result<Box<dyn Writer>, WriteError> {
    Ok(match settings {
        WriterSettings::Logrotate(settings) => Box::new(LogrotateWriter::open(settings, manner.is_for_one_job)?),
        WriterSettings::SnowplowBilling(settings) => Box::new(BillingWriter::open(settings)?),
    })
}
