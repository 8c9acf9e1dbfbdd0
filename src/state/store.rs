//! The store itself: where it is, and how a statement reaches it.

use std::fmt;

use sqlx::{PgPool, SqlitePool};

use super::error::StateError;
use super::location::redacted;
use super::{postgres, sqlite};

/// The engine's own store. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct StateStore {
    pub(super) location: String,
    pub(super) pool: Pool,
    /// Connections that do not wait for the disk: what they write outlives the process, not a power cut.
    pub(super) hasty: Pool,
    /// The fence of the lease that runs and reports are written under.
    pub(super) fence: Option<i64>,
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
        let (pool, hasty) = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => {
                let pool = sqlite::open(url, &sqlx::migrate!("migrations/sqlite")).await?;
                let hasty = sqlite::hasty(url, &pool)?;
                (Pool::Sqlite(pool), Pool::Sqlite(hasty))
            }
            Some("postgres" | "postgresql") => {
                let pool =
                    Pool::Postgres(postgres::open(url, &postgres::STATE, sqlx::migrate!("migrations/postgres")).await?);
                (pool.clone(), pool)
            }
            _ => return Err(StateError::UnknownScheme),
        };
        Ok(StateStore {
            location: redacted(url),
            pool,
            hasty,
            fence: None,
        })
    }

    /// Where the store is, without user, password and parameters.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Ends all connections; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        for pool in [&self.hasty, &self.pool] {
            match pool {
                Pool::Sqlite(pool) => pool.close().await,
                Pool::Postgres(pool) => pool.close().await,
            }
        }
    }

    /// The same store over connections that do not wait for the disk.
    pub(super) fn hasty(&self) -> StateStore {
        StateStore {
            pool: self.hasty.clone(),
            ..self.clone()
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
