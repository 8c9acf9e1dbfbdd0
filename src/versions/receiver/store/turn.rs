//! A turn to write: a transaction in which nobody else writes of the same instance.

use sqlx::{Postgres, Sqlite, Transaction};

use super::open::{Pool, ReceiverStore};

/// A transaction of one of the two kinds.
pub(super) enum Turn {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl ReceiverStore {
    /// Waits for the turn to write of an instance. SQLite has one writer at all; on PostgreSQL writers of other instances go on
    /// beside it, of whichever receiver they are. The lock comes first, so that of two equal requests one finds what the
    /// other kept.
    pub(super) async fn turn(&self, uuid: &str) -> Result<Turn, sqlx::Error> {
        match &self.pool {
            Pool::Sqlite(pool) => Ok(Turn::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?)),
            Pool::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                    .bind(uuid)
                    .execute(&mut *transaction)
                    .await?;
                Ok(Turn::Postgres(transaction))
            }
        }
    }
}

impl Turn {
    /// Keeps all that was written. A turn that is dropped keeps nothing.
    pub(super) async fn end(self) -> Result<(), sqlx::Error> {
        match self {
            Turn::Sqlite(transaction) => transaction.commit().await,
            Turn::Postgres(transaction) => transaction.commit().await,
        }
    }
}

/// Runs the same statement on whichever connection the turn has.
macro_rules! in_turn {
    ($turn:expr, |$connection:ident| $body:expr) => {
        match $turn {
            $crate::versions::receiver::store::turn::Turn::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            $crate::versions::receiver::store::turn::Turn::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}
pub(super) use in_turn;
