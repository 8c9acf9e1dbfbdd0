//! The file: looked at before it is touched, made by the first write, opened once.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::OnceCell;

use super::EmbeddedOptions;
use super::fault::Fault;
use crate::measure::Failure;
use crate::state::sqlite;

static MIGRATOR: Migrator = sqlx::migrate!("migrations/event_store");

/// As the migration sets it.
const APPLICATION_ID: i64 = 1_397_777_782;
/// SQLite's own default, and so that of every file that we make.
const PAGE_BYTES: u64 = 4096;
/// More do not read faster: a read is bound by the processor.
const READERS: u32 = 4;
/// What opening a connection may take, beside the time that others wait with theirs.
const OPENING: Duration = Duration::from_secs(10);

/// The one connection that writes and the few that read, each opened when it is first asked for.
#[derive(Debug)]
pub(super) struct File {
    pub(super) options: EmbeddedOptions,
    writer: OnceCell<SqlitePool>,
    readers: OnceCell<SqlitePool>,
}

/// What is under the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Nothing yet, or a file into which nobody wrote.
    Nothing,
    Ours,
}

impl File {
    pub(super) fn new(options: EmbeddedOptions) -> File {
        File {
            options,
            writer: OnceCell::new(),
            readers: OnceCell::new(),
        }
    }

    pub(super) fn fault(&self) -> Fault<'_> {
        Fault(&self.options.path)
    }

    /// The writer; the file is made if there is none.
    pub(super) async fn writer(&self) -> Result<&SqlitePool, Failure> {
        self.writer.get_or_try_init(|| self.open_writer()).await
    }

    /// The readers; `None` while there is nothing to read.
    pub(super) async fn readers(&self) -> Result<Option<&SqlitePool>, Failure> {
        if self.readers.get().is_none() && self.look().await? == Found::Nothing {
            return Ok(None);
        }
        self.readers.get_or_try_init(|| self.open_readers()).await.map(Some)
    }

    pub(super) async fn ping(&self) -> Result<(), Failure> {
        let Some(readers) = self.readers().await? else {
            return Ok(());
        };
        let answer = sqlx::query("SELECT count(*) FROM store").execute(readers).await;
        answer.map(drop).map_err(|error| self.fault().of(&error))
    }

    pub(super) async fn close(&self) {
        for pool in [&self.readers, &self.writer].into_iter().filter_map(OnceCell::get) {
            pool.close().await;
        }
    }

    async fn open_writer(&self) -> Result<SqlitePool, Failure> {
        self.look().await?;
        sqlite::create_private_file(&self.options.path).map_err(|_| self.fault().cannot_open())?;
        let options = self.writing();
        let sorted = |error| self.fault().of(&error);
        sqlite::switch_to_write_ahead_logging(&options).await.map_err(sorted)?;
        let pool = self.pool(1).connect_with(options).await.map_err(sorted)?;
        let migrated = sqlite::migrate(&pool, &MIGRATOR).await;
        migrated.map_err(|error| self.fault().of_migration(&error))?;
        Ok(pool)
    }

    async fn open_readers(&self) -> Result<SqlitePool, Failure> {
        let opened = self.pool(READERS).connect_with(self.reading()).await;
        opened.map_err(|error| self.fault().of(&error))
    }

    fn pool(&self, connections: u32) -> SqlitePoolOptions {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(self.options.timeout + OPENING)
            .test_before_acquire(false)
    }

    fn writing(&self) -> SqliteConnectOptions {
        let options = self
            .connecting()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true);
        match self.options.largest {
            Some(bytes) => options.pragma("max_page_count", (bytes / PAGE_BYTES).max(1).to_string()),
            None => options,
        }
    }

    /// The journal's mode is not named: to set it is to write.
    fn reading(&self) -> SqliteConnectOptions {
        self.connecting().read_only(true)
    }

    fn connecting(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.options.path)
            .busy_timeout(self.options.timeout)
            .disable_statement_logging()
    }

    /// Looks without a trace: a file of somebody else is left as it is, down to the mode of its journal.
    async fn look(&self) -> Result<Found, Failure> {
        match tokio::fs::metadata(&self.options.path).await {
            Ok(file) if file.len() == 0 => return Ok(Found::Nothing),
            Ok(file) if !file.is_file() => return Err(self.fault().cannot_open()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(_) => return Err(self.fault().cannot_open()),
        }
        let looked = async {
            let mut connection = self.reading().connect().await?;
            let signs = signs(&mut connection).await;
            connection.close().await?;
            signs
        };
        let signs = looked.await.map_err(|error| self.fault().of(&error))?;
        self.sorted(signs)
    }

    fn sorted(&self, signs: Signs) -> Result<Found, Failure> {
        match signs {
            Signs {
                tables: 0,
                application: 0,
                ..
            } => Ok(Found::Nothing),
            Signs { application, .. } if application != APPLICATION_ID => Err(self.fault().foreign()),
            Signs {
                version: Some(version), ..
            } if !MIGRATOR.version_exists(version) => Err(self.fault().newer()),
            _ => Ok(Found::Ours),
        }
    }
}

/// Gives a connection back, unless its work failed: SQLite ends a transaction by itself when the disk is full or fails,
/// of which the pool knows nothing.
pub(super) fn give_back<T, E>(mut connection: PoolConnection<Sqlite>, result: Result<T, E>) -> Result<T, E> {
    if result.is_err() {
        connection.close_on_drop();
    }
    result
}

/// By what a file is known.
#[derive(sqlx::FromRow)]
struct Signs {
    tables: i64,
    application: i64,
    #[sqlx(skip)]
    version: Option<i64>,
}

async fn signs(connection: &mut SqliteConnection) -> Result<Signs, sqlx::Error> {
    let signs: Signs = sqlx::query_as(
        "SELECT (SELECT count(*) FROM sqlite_schema) AS tables, \
         (SELECT application_id FROM pragma_application_id) AS application",
    )
    .fetch_one(&mut *connection)
    .await?;
    if signs.application != APPLICATION_ID {
        return Ok(signs);
    }
    let version = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(connection)
        .await?;
    Ok(Signs { version, ..signs })
}
