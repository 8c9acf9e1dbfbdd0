//! Statements over rows that are made up for them and gone afterwards: a database in memory, or one transaction of a server
//! that is never committed.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::session::{Connection, Session};
use super::{Database, DatabaseError, DatabaseOptions, Interrupt, Row, StatementLog};
use crate::relation::Dialect;

/// A connection whose changes nobody else ever sees, and that ends with them: with [`Rehearsal::end`], with the process,
/// or with the connection.
#[derive(Clone)]
pub struct Rehearsal {
    options: DatabaseOptions,
    dialect: Dialect,
    connection: Arc<Mutex<Connection>>,
    interrupt: Interrupt,
}

impl std::fmt::Debug for Rehearsal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Rehearsal")
            .field("options", &self.options)
            .finish()
    }
}

impl Rehearsal {
    /// An empty SQLite database in memory.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`].
    pub async fn in_memory(options: DatabaseOptions, interrupt: &Interrupt) -> Result<Rehearsal, DatabaseError> {
        let connection = Connection::in_memory(&options).await?;
        Ok(Rehearsal::over(options, Dialect::Sqlite, connection, interrupt))
    }

    /// One transaction of a PostgreSQL server.
    ///
    /// # Errors
    /// As [`Database::open`]; [`DatabaseError::Unsupported`] for any other kind of server.
    pub async fn on_server(options: DatabaseOptions, interrupt: &Interrupt) -> Result<Rehearsal, DatabaseError> {
        if options.url.dialect() != Some(Dialect::Postgres) {
            return Err(DatabaseError::Unsupported(options.name));
        }
        let connection = Connection::in_transaction(&options).await?;
        Ok(Rehearsal::over(options, Dialect::Postgres, connection, interrupt))
    }

    fn over(options: DatabaseOptions, dialect: Dialect, connection: Connection, interrupt: &Interrupt) -> Rehearsal {
        Rehearsal {
            // There is one connection to share.
            options: DatabaseOptions {
                connections: 1,
                batch_time: std::time::Duration::from_millis(500),
                ..options
            },
            dialect,
            connection: Arc::new(Mutex::new(connection)),
            interrupt: interrupt.clone(),
        }
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Prepares the stage: tables, rows.
    ///
    /// # Errors
    /// As any statement; the ones before it stand.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        let mut session = self.session(self.interrupt.clone(), StatementLog::default()).await;
        session.rows(sql).await
    }

    /// The stage as a database that measures are read from, one session at a time. From here on nothing is written.
    ///
    /// # Errors
    /// As [`Database::new`].
    pub async fn database(&self) -> Result<Database, DatabaseError> {
        self.connection.lock().await.only_read();
        Ok(Database::new(self.options.clone())?.rehearsed(self.clone()))
    }

    pub(super) async fn session(&self, interrupt: Interrupt, log: StatementLog) -> Session {
        let connection: OwnedMutexGuard<Connection> = self.connection.clone().lock_owned().await;
        Session::lent(connection, self.dialect, interrupt, log)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// As any statement: the server takes everything back by itself where the connection is gone.
    pub async fn end(self) -> Result<(), DatabaseError> {
        match self.dialect {
            Dialect::Postgres => {
                self.connection
                    .lock()
                    .await
                    .roll_back(&mut self.interrupt.clone())
                    .await
            }
            Dialect::Sqlite => Ok(()),
        }
    }
}
