//! The writer `logrotate`.

use std::fs::File;
use std::io;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::current::Current;
use super::{folder, line};
use crate::config::LogrotateSettings;
use crate::emit::usage_log::error::WriteError;
use crate::emit::usage_log::record::Record;
use crate::emit::usage_log::writer::{Writer, Written};

/// Where files are made faster than their names tell moments apart, names run ahead, and go on from there at the next start;
/// what is further ahead than that was named by a clock that was wrong.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// Appends records to a file, and begins another where that has grown old or large.
pub(in crate::emit::usage_log) struct LogrotateWriter {
    settings: LogrotateSettings,
    /// Not there before the first record, where no file is gone on with, and between a file that has grown old and the next record.
    current: Option<Current>,
    last: Option<DateTime<Utc>>,
    /// Held as long as the writer is.
    _lock: File,
}

impl LogrotateWriter {
    pub(in crate::emit::usage_log) fn open(
        settings: &LogrotateSettings,
        continues: bool,
    ) -> Result<LogrotateWriter, WriteError> {
        let lock = folder::take(&settings.log_dir)?;
        let mut writer = LogrotateWriter {
            settings: settings.clone(),
            current: None,
            last: folder::newest(&settings.log_dir).filter(|made_at| *made_at < Utc::now() + AHEAD),
            _lock: lock,
        };
        writer.settle("mended", folder::mend(&settings.log_dir));
        if continues {
            // One that cannot be gone on with is left as it is.
            writer.current =
                folder::newest_open(&settings.log_dir).and_then(|path| Current::resume(path).ok().flatten());
        }
        writer.clean();
        Ok(writer)
    }

    /// The file of the next line.
    fn current(&mut self, line: usize) -> Result<&mut Current, WriteError> {
        if self.current.as_ref().is_some_and(|current| self.is_over(current, line)) {
            self.end();
        }
        if self.current.is_none() {
            let made = Current::make(&self.settings.log_dir, self.last)?;
            self.last = Some(made.made_at);
            self.current = Some(made);
            self.clean();
        }
        self.current
            .as_mut()
            .ok_or_else(|| WriteError::Other("no file is open".to_owned()))
    }

    fn is_over(&self, current: &Current, line: usize) -> bool {
        let limit = self.settings.max_file_mib.map(|mib| u64::from(mib) * 1024 * 1024);
        let is_large = limit.is_some_and(|limit| current.bytes > 0 && current.bytes + line as u64 > limit);
        is_large || current.since.elapsed() >= self.settings.max_rotation_age
    }

    /// Ends the file that is written; the next record begins another.
    fn end(&mut self) {
        if let Some(ended) = self.current.take().filter(|_| self.settings.gzip) {
            self.settle("compressed", folder::pack(&ended.path));
        }
    }

    fn clean(&self) {
        let current = self.current.as_ref().map(|current| current.path.as_path());
        let cleaned = folder::clean(&self.settings.log_dir, self.settings.max_backup_files, current);
        self.settle("deleted", cleaned);
    }

    /// What was done to older files failed: that costs no record.
    fn settle(&self, what: &str, done: io::Result<()>) {
        if let Err(error) = done {
            let folder = self.settings.log_dir.display();
            tracing::warn!(%folder, %error, "Older files of the usage log could not be {what}.");
        }
    }
}

impl Writer for LogrotateWriter {
    fn write(&mut self, record: &Record) -> Result<Written, WriteError> {
        let line = line::of(record, &self.settings.labels)?;
        let fsync = self.settings.fsync;
        self.current(line.len())?.append(&line, fsync)?;
        Ok(Written::Kept)
    }

    fn tend(&mut self) -> Option<Duration> {
        let age = self.settings.max_rotation_age;
        let left = age.saturating_sub(self.current.as_ref()?.since.elapsed());
        if left.is_zero() {
            self.end();
            return None;
        }
        Some(left)
    }

    fn close(self: Box<Self>, _deadline: Duration) -> u64 {
        0
    }
}
