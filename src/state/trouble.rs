//! What is wrong with a store that does not do its part, in words that say what to do. An error's own text may quote a
//! row, and is not shown; its code is enough.

use std::fmt;

use sqlx::migrate::MigrateError;

use super::sqlite::result_code;

/// Codes of SQLite: <https://www.sqlite.org/rescode.html>.
mod code {
    pub(super) const BUSY: u32 = 5;
    pub(super) const LOCKED: u32 = 6;
    pub(super) const READONLY: u32 = 8;
    pub(super) const IOERR: u32 = 10;
    pub(super) const CORRUPT: u32 = 11;
    pub(super) const FULL: u32 = 13;
    pub(super) const CANTOPEN: u32 = 14;
    pub(super) const NOTADB: u32 = 26;
    /// What a write that a quota or a limit refuses ends with.
    pub(super) const IOERR_WRITE: u32 = IOERR | (3 << 8);
    /// The file beside it that ends in -shm cannot grow.
    pub(super) const IOERR_SHMSIZE: u32 = IOERR | (19 << 8);
}

/// Why a store does not do its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Full,
    ReadOnly,
    Damaged,
    NoStore,
    NotOpened,
    Busy,
    Disk,
    /// Another version of the program has brought it up to a version that this one does not know.
    Newer(i64),
    /// A migration stopped in the middle, or is not the one that the store has been through.
    Half(i64),
    /// No code says what to do.
    Other,
}

impl Trouble {
    pub(super) fn of(error: &sqlx::Error) -> Trouble {
        let sqlx::Error::Database(inner) = error else {
            return Trouble::Other;
        };
        match result_code(error) {
            Some(code) if inner.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() => of_sqlite(code),
            _ => inner.code().map_or(Trouble::Other, |code| of_postgres(&code)),
        }
    }

    pub(super) fn of_migration(error: &MigrateError) -> Trouble {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Trouble::of(error),
            MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => Trouble::Newer(*version),
            MigrateError::VersionMismatch(version) | MigrateError::Dirty(version) => Trouble::Half(*version),
            _ => Trouble::Other,
        }
    }
}

fn of_sqlite(code: u32) -> Trouble {
    match (code, code & 0xff) {
        (code::IOERR_WRITE | code::IOERR_SHMSIZE, _) | (_, code::FULL) => Trouble::Full,
        (_, code::READONLY) => Trouble::ReadOnly,
        (_, code::CORRUPT) => Trouble::Damaged,
        (_, code::NOTADB) => Trouble::NoStore,
        (_, code::CANTOPEN) => Trouble::NotOpened,
        (_, code::BUSY | code::LOCKED) => Trouble::Busy,
        (_, code::IOERR) => Trouble::Disk,
        _ => Trouble::Other,
    }
}

/// Codes of PostgreSQL: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_postgres(code: &str) -> Trouble {
    match code {
        // disk_full
        "53100" => Trouble::Full,
        // read_only_sql_transaction, insufficient_privilege
        "25006" | "42501" => Trouble::ReadOnly,
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => Trouble::Damaged,
        // lock_not_available, query_canceled: what lock_timeout and statement_timeout end with
        "55P03" | "57014" => Trouble::Busy,
        "58030" => Trouble::Disk,
        _ => Trouble::Other,
    }
}

/// What follows a sentence that says what could not be done.
impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let says = match self {
            Trouble::Full => {
                ": its disk, or a quota on it, is full: make room; what it holds is kept, and what waits is sent then"
            }
            Trouble::ReadOnly => {
                ": it may only be read here: let the user that runs service-ping write the file and its folder, or the tables"
            }
            Trouble::Damaged => {
                ": it is damaged: move it away and save what it holds (sqlite3 FILE .recover, or a backup); without it, a new \
                 one is made, with a new uuid unless [instance] uuid is set"
            }
            Trouble::NoStore => {
                ": it is no SQLite database, or its beginning is damaged: name the right file, or move this one away and put a \
                 backup in its place"
            }
            Trouble::NotOpened => {
                ": the file, or those beside it that end in -wal and -shm, cannot be opened: check that the user that runs \
                 service-ping may write them and their folder"
            }
            Trouble::Busy => ": another process writes to it for too long: see which one, then try again",
            Trouble::Disk => ": its disk does not read or write it: look at the system's log, then try again",
            Trouble::Newer(version) => {
                return write!(
                    formatter,
                    ": a newer version of service-ping has written it (its schema is {version}): install that version again, \
                     or name another store; nothing in it was changed"
                );
            }
            Trouble::Half(version) => {
                return write!(
                    formatter,
                    ": step {version} of its schema is not what this version of service-ping makes: put a backup in its place"
                );
            }
            Trouble::Other => "",
        };
        formatter.write_str(says)
    }
}
