//! SQLite files of the engine: made for their owner alone, written ahead, and migrated under a lock.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::error::{OpenError, StateError};
use super::location::redacted;

/// How long a statement waits for another process to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes that the write-ahead log is cut to once a large payload has passed through it.
const JOURNAL_SIZE_LIMIT: &str = "4194304";
/// Readers beside the one writer.
const CONNECTIONS: u32 = 4;
/// How often opening is tried when processes open a new file at once: switching a file to write-ahead logging needs it
/// alone and, unlike a statement, does not wait.
const OPEN_ATTEMPTS: u32 = 200;
const OPEN_PAUSE: Duration = Duration::from_millis(50);

/// Opens a SQLite database by URL, creating the file with mode 0600 if it is missing, and migrates it.
///
/// # Errors
/// The URL cannot be read, the folder is missing, the file cannot be opened, or a migration failed.
pub(crate) async fn open(url: &str, migrator: &Migrator) -> Result<SqlitePool, StateError> {
    let options = options(url)?;
    let in_memory = is_in_memory(url);
    if !in_memory {
        create_file(options.get_filename(), url)?;
    }
    let pool = connect(options, in_memory)
        .await
        .map_err(|source| opening(url, source.into()))?;
    migrate(&pool, migrator).await.map_err(|source| StateError::Migrate {
        location: redacted(url),
        source,
    })?;
    Ok(pool)
}

/// One more connection to a store that is open, for what a power cut may take: it does not wait for the disk. What waits
/// for it later takes this along. A store in memory has but its one connection.
///
/// # Errors
/// The URL cannot be read.
pub(super) fn hasty(url: &str, pool: &SqlitePool) -> Result<SqlitePool, StateError> {
    if is_in_memory(url) {
        return Ok(pool.clone());
    }
    let options = options(url)?.synchronous(SqliteSynchronous::Normal);
    Ok(SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options))
}

fn options(url: &str) -> Result<SqliteConnectOptions, StateError> {
    let options = SqliteConnectOptions::from_str(url).map_err(|_| StateError::InvalidUrl)?;
    Ok(options
        .journal_mode(SqliteJournalMode::Wal)
        // A report's key must outlive a power cut, or the report could be sent again under another.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Checkpoints hold keys of rows: once deleted, they are gone from the file.
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging())
}

fn is_in_memory(url: &str) -> bool {
    url.ends_with(":memory:") || url.contains("mode=memory")
}

fn create_file(path: &Path, url: &str) -> Result<(), StateError> {
    match create_private_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path
                .parent()
                .map(|folder| folder.display().to_string())
                .unwrap_or_default();
            Err(StateError::MissingFolder { folder })
        }
        Err(error) => Err(opening(url, error.into())),
    }
}

/// Creates a file for its owner alone; one that is there is not even opened, because to close it would drop the locks
/// that this process holds on it.
pub(crate) fn create_private_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn opening(url: &str, source: OpenError) -> StateError {
    StateError::Open {
        location: redacted(url),
        source,
    }
}

async fn connect(options: SqliteConnectOptions, in_memory: bool) -> Result<SqlitePool, sqlx::Error> {
    switch_to_write_ahead_logging(&options).await?;
    let pool = SqlitePoolOptions::new();
    let pool = if in_memory {
        // The database lives as long as its one connection does.
        pool.max_connections(1).idle_timeout(None).max_lifetime(None)
    } else {
        pool.max_connections(CONNECTIONS)
    };
    pool.connect_with(options).await
}

/// Opens a connection once, so that those that follow find the file in its mode.
pub(crate) async fn switch_to_write_ahead_logging(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let mut attempt = 1;
    loop {
        match options.connect().await {
            Ok(connection) => return connection.close().await,
            Err(error) if is_busy(&error) && attempt < OPEN_ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(OPEN_PAUSE).await;
    }
}

/// SQLITE_BUSY, SQLITE_LOCKED and their extended codes.
fn is_busy(error: &sqlx::Error) -> bool {
    result_code(error).is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// SQLite's own code of an error: <https://www.sqlite.org/rescode.html>.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(error) = error else {
        return None;
    };
    error.code().and_then(|code| code.parse().ok())
}

/// Runs the migrations inside one write transaction: the migrator takes no lock of its own on SQLite, so two processes
/// that open a new file at once would both create its tables.
pub(crate) async fn migrate(pool: &SqlitePool, migrator: &Migrator) -> Result<(), MigrateError> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    migrator.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    Ok(())
}
