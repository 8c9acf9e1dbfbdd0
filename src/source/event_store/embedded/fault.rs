//! What is wrong with the file, and what to do about it.

use std::path::Path;

use sqlx::migrate::MigrateError;

use crate::measure::{Failure, Reason};
use crate::state::sqlite::result_code;

/// Names the file in what goes wrong with it. SQLite's own messages are not shown: they may quote what is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault<'a>(pub(super) &'a Path);

impl Fault<'_> {
    pub(super) fn of(self, error: &sqlx::Error) -> Failure {
        match (error, result_code(error)) {
            (_, Some(code)) => self.of_result_code(code),
            (sqlx::Error::PoolTimedOut, _) => self.failure(
                Reason::LockTimeout,
                "is kept busy by other calls of this process: try again",
            ),
            (sqlx::Error::Io(error), _) => {
                self.failure(Reason::SourceUnavailable, &format!("cannot be read: {}", error.kind()))
            }
            _ => self.failure(Reason::StatementFailed, "holds something that this version cannot read"),
        }
    }

    fn of_result_code(self, code: u32) -> Failure {
        let unavailable = Reason::SourceUnavailable;
        match code & 0xff {
            5 | 6 => self.failure(
                Reason::LockTimeout,
                "is locked by another process that writes: try again when it has ended",
            ),
            3 | 8 | 23 => self.failure(
                unavailable,
                "may not be written: give this user the right to write it and its folder",
            ),
            10 => self.failure(
                unavailable,
                &format!("cannot be read or written, the disk failed (SQLite's code {code}): look at the system's log"),
            ),
            11 => self.failure(
                unavailable,
                "is damaged: move it away with its -wal file, and restore it from a copy",
            ),
            13 => self.failure(
                unavailable,
                "cannot grow: make room on the disk, or raise the largest size that it may have",
            ),
            14 => self.cannot_open(),
            26 => self.failure(
                unavailable,
                "is no SQLite database: name another file, or move this one away",
            ),
            _ => self.failure(
                Reason::StatementFailed,
                &format!("refused a statement with SQLite's code {code}"),
            ),
        }
    }

    pub(super) fn of_migration(self, error: &MigrateError) -> Failure {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => self.of(error),
            MigrateError::VersionMissing(_) => self.newer(),
            _ => self.failure(
                Reason::SourceUnavailable,
                "cannot be brought up to date: it was made by another version of service-ping, use that one",
            ),
        }
    }

    /// The file cannot be created, or opened.
    pub(super) fn cannot_open(self) -> Failure {
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        let message = match folder {
            Some(folder) if !folder.exists() => "cannot be made, its folder does not exist: create the folder",
            _ => "cannot be opened: give this user the right to read and write it and its folder",
        };
        self.failure(Reason::SourceUnavailable, message)
    }

    pub(super) fn foreign(self) -> Failure {
        self.failure(
            Reason::SourceUnavailable,
            "is a SQLite database of something else: name another file",
        )
    }

    pub(super) fn newer(self) -> Failure {
        self.failure(
            Reason::SourceUnavailable,
            "was written by a newer version of service-ping: use that one, or a newer one still",
        )
    }

    fn failure(self, reason: Reason, message: &str) -> Failure {
        Failure::new(reason, format!("the event store {} {message}", self.0.display()))
    }
}
