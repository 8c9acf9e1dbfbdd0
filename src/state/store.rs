//! The store itself: where it is, and how a statement reaches it.

use std::fmt;

use sqlx::{PgPool, SqlitePool};

use super::error::StateError;
use super::location::redacted;
use super::{postgres, sqlite};

/// The engine's own store. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct StateStore {
    location: String,
    pub(super) pool: Pool,
}

/// Connections of one of the two kinds.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl StateStore {
    /// Opens a store by URL, `sqlite:…` or `postgres://…`, and brings its tables up to date.
    ///
    /// A missing SQLite file is created for its owner alone (mode 0600); on PostgreSQL everything lives in the schema
    /// `service_ping`. Processes may open one store at the same time.
    ///
    /// # Errors
    /// The URL is of another kind or cannot be read, the store cannot be reached, or a migration failed.
    pub async fn open(url: &str) -> Result<StateStore, StateError> {
        let pool = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Pool::Sqlite(sqlite::open(url, &sqlx::migrate!("migrations/sqlite")).await?),
            Some("postgres" | "postgresql") => Pool::Postgres(postgres::open(url).await?),
            _ => return Err(StateError::UnknownScheme),
        };
        Ok(StateStore {
            location: redacted(url),
            pool,
        })
    }

    /// Where the store is, without user, password and parameters.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Ends all connections; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

impl fmt::Debug for StateStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StateStore")
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

/// Runs the same statements on whichever pool the store has: the SQL is written once, in what both databases speak,
/// and typed twice.
macro_rules! on_pool {
    ($store:expr, |$pool:ident| $body:expr) => {
        match &$store.pool {
            $crate::state::store::Pool::Sqlite($pool) => $body,
            $crate::state::store::Pool::Postgres($pool) => $body,
        }
    };
}
pub(super) use on_pool;
