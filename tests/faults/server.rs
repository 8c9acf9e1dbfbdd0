//! What the tests see of the server, and do to it, beside the run.

use sqlx::{Connection, PgConnection};
use tokio::runtime::Runtime;

use crate::support::postgres::Database;
use crate::support::wait::wait_until;

/// The database of an instance, and the name that its sessions go by.
pub struct Watched<'a> {
    pub database: &'a Database<'a>,
    pub application_name: String,
}

impl<'a> Watched<'a> {
    pub fn new(database: &'a Database<'a>) -> Watched<'a> {
        Watched {
            database,
            application_name: format!("faults of {}", database.name()),
        }
    }

    /// The line of the configuration that gives the sessions their name.
    pub fn setting(&self) -> String {
        format!("application_name = \"{}\"\n", self.application_name)
    }

    /// Waits for a running statement that contains `part`, and gives its session's process id.
    pub fn running(&self, part: &str) -> String {
        let mut found = String::new();
        wait_until(&format!("a statement with {part:?}"), || {
            found = self.database.psql(&self.sessions("pid", &active(part)));
            !found.is_empty()
        });
        assert!(!found.contains('\n'), "several sessions run {part:?}: {found}");
        found
    }

    /// Waits until the server has no session of the instance any more.
    pub fn assert_nothing_is_left(&self) {
        let left = || self.database.psql(&self.sessions("pid, state, query", "true"));
        wait_until("the end of all sessions of the instance", || left().is_empty());
    }

    /// The lines of the server's log that the instance's sessions wrote.
    pub fn log(&self) -> Vec<String> {
        let mark = format!("/{} ", self.application_name);
        let logs = self.database.logs();
        logs.lines()
            .filter(|line| line.contains(&mark))
            .map(str::to_owned)
            .collect()
    }

    fn sessions(&self, columns: &str, condition: &str) -> String {
        format!(
            "SELECT {columns} FROM pg_stat_activity WHERE application_name = '{}' AND {condition}",
            self.application_name
        )
    }

    /// Ends the statements that contain `part`, one after the other, with `function`, until `done`; each is struck
    /// once, so that no blow falls on the statement after it.
    pub fn strike_until(&self, function: &str, part: &str, mut done: impl FnMut() -> bool) -> usize {
        let mut struck: Vec<String> = Vec::new();
        wait_until("the end of the run", || {
            let found = self.database.psql(&self.sessions("pid, query_start", &active(part)));
            for statement in found.lines().filter(|line| !line.is_empty()) {
                if !struck.iter().any(|known| known == statement) {
                    let (pid, _) = statement.split_once('|').expect("two columns");
                    self.database.psql(&format!("SELECT {function}({pid})"));
                    struck.push(statement.to_owned());
                }
            }
            done()
        });
        struck.len()
    }
}

fn active(part: &str) -> String {
    format!(
        "state = 'active' AND position('{}' IN query) > 0",
        part.replace('\'', "''")
    )
}

/// A session of the superuser's that holds something, such as a lock, until it is dropped.
pub struct Holder {
    runtime: Runtime,
    connection: Option<PgConnection>,
}

impl Holder {
    /// Runs the statements, and keeps their transaction open.
    pub fn begin(database: &Database<'_>, statements: &str) -> Holder {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        let script = format!("BEGIN; {statements}");
        let connection = runtime.block_on(async {
            let mut connection = PgConnection::connect(&database.url())
                .await
                .expect("the superuser connects");
            let ran = sqlx::raw_sql(sqlx::AssertSqlSafe(script))
                .execute(&mut connection)
                .await;
            ran.expect("the statements run");
            connection
        });
        Holder {
            runtime,
            connection: Some(connection),
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = self.runtime.block_on(connection.close());
        }
    }
}
