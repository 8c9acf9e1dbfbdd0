//! Where the rows of tests stand.

use std::time::Duration;

use crate::source::database::{DatabaseError, DatabaseOptions, DatabaseUrl, Interrupt, Rehearsal};

const TIMEOUT: Duration = Duration::from_secs(15);

/// A kind of database to run tests on.
#[derive(Debug, Clone)]
pub enum Ground {
    /// SQLite, in memory.
    Memory,
    /// PostgreSQL, in a transaction that is rolled back.
    Server(Box<DatabaseOptions>),
}

impl Ground {
    /// As reports name it.
    pub fn name(&self) -> &'static str {
        match self {
            Ground::Memory => "sqlite",
            Ground::Server(_) => "postgres",
        }
    }

    /// A new stage, under the name of the database that a metric asks.
    pub(super) async fn rehearsal(&self, name: &str, interrupt: &Interrupt) -> Result<Rehearsal, DatabaseError> {
        match self {
            Ground::Memory => Rehearsal::in_memory(in_memory(name), interrupt).await,
            Ground::Server(options) => {
                let options = DatabaseOptions {
                    name: name.to_owned(),
                    ..options.as_ref().clone()
                };
                Rehearsal::on_server(options, interrupt).await
            }
        }
    }
}

fn in_memory(name: &str) -> DatabaseOptions {
    DatabaseOptions {
        statement_timeout: TIMEOUT,
        lock_timeout: TIMEOUT,
        connections: 1,
        ..DatabaseOptions::new(name, DatabaseUrl::new("sqlite::memory:"))
    }
}
