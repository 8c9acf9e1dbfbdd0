//! The store itself: where it is, and how a statement reaches it.

use std::fmt;

use sqlx::{PgPool, SqlitePool};

use super::names::Names;
use crate::state::postgres::Home;
use crate::state::{StateError, postgres, redacted, sqlite};

/// Where everything is on PostgreSQL. The number guards the creation of the schema: any, as long as all take the same.
const HOME: Home = Home {
    schema: "service_ping_versions",
    lock: 0x5645_5253_494f_4e53,
    application_name: "service-ping versions",
    connections: 8,
};

/// The receiving end's own store. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct ReceiverStore {
    pub(super) pool: Pool,
    pub(super) names: Names,
    location: String,
}

/// Connections of one of the two kinds.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Why the receiver's store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverStoreError {
    #[error("the store must be a file, or start with `sqlite:` or `postgres://`: correct --store")]
    UnknownScheme,
    #[error("the store's URL cannot be read: correct --store")]
    InvalidUrl,
    #[error("of the receiver: {0}")]
    State(#[source] StateError),
}

impl From<StateError> for ReceiverStoreError {
    fn from(error: StateError) -> ReceiverStoreError {
        match error {
            StateError::UnknownScheme => ReceiverStoreError::UnknownScheme,
            StateError::InvalidUrl => ReceiverStoreError::InvalidUrl,
            error => ReceiverStoreError::State(error),
        }
    }
}

impl ReceiverStore {
    /// Opens the store by a `sqlite:` or `postgres:` URL, and brings its tables up to date.
    ///
    /// A missing SQLite file is created for its owner alone; on PostgreSQL everything lives in the schema
    /// `service_ping_versions`, and any number of receivers may have it open.
    ///
    /// # Errors
    /// The URL is of another kind, the store cannot be reached, or a migration failed.
    pub async fn open(url: &str) -> Result<ReceiverStore, ReceiverStoreError> {
        let pool = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Pool::Sqlite(sqlite::open(url, &sqlx::migrate!("migrations/receiver/sqlite")).await?),
            Some("postgres" | "postgresql") => {
                let migrator = sqlx::migrate!("migrations/receiver/postgres");
                Pool::Postgres(postgres::open(url, &HOME, migrator).await?)
            }
            _ => return Err(ReceiverStoreError::UnknownScheme),
        };
        Ok(ReceiverStore {
            pool,
            names: Names::default(),
            location: redacted(url),
        })
    }

    /// Where the store is, without user, password and parameters.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Whether the store answers.
    pub(in crate::versions::receiver) async fn check(&self) -> Result<(), sqlx::Error> {
        on_pool!(self, |pool| sqlx::query("SELECT 1").execute(pool).await.map(drop))
    }

    /// Ends all connections; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        on_pool!(self, |pool| pool.close().await);
    }
}

impl fmt::Debug for ReceiverStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ReceiverStore").finish_non_exhaustive()
    }
}

/// Runs the same statements on whichever pool the store has: the SQL is written once, in what both databases speak,
/// and typed twice.
macro_rules! on_pool {
    ($store:expr, |$pool:ident| $body:expr) => {
        match &$store.pool {
            $crate::versions::receiver::store::open::Pool::Sqlite($pool) => $body,
            $crate::versions::receiver::store::open::Pool::Postgres($pool) => $body,
        }
    };
}
pub(super) use on_pool;
