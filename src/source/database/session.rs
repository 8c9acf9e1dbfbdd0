//! One session: statements in, rows as text out; what we give up on is cancelled on the server.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;

use super::{DatabaseError, DatabaseOptions, Interrupt, TableInfo, postgres::PostgresSession, sqlite::SqliteSession};
use crate::measure::Reason;
use crate::relation::{Dialect, IntegerWidth, MainTable};

/// A row's columns as the database prints them; `None` is NULL.
pub type Row = Vec<Option<String>>;
/// A row's columns as bytes: texts as they are printed, packed values as they are; `None` is NULL.
pub type Cells = Vec<Option<Vec<u8>>>;

/// The most rows that [`Session::rows`] holds: far above any payload, far below any table.
pub(super) const MOST_ROWS: usize = 100_000;

/// A result that no payload can carry.
#[derive(Debug, thiserror::Error)]
#[error("the result has more than {MOST_ROWS} rows")]
pub(super) struct TooManyRows;

impl From<TooManyRows> for DatabaseError {
    fn from(error: TooManyRows) -> DatabaseError {
        DatabaseError::Refused {
            reason: Reason::TooManyGroups,
            message: error.to_string(),
        }
    }
}

/// A statement that ended.
#[derive(Debug, Clone)]
pub struct Statement<'a> {
    pub sql: &'a str,
    pub elapsed: Duration,
    /// How many rows, or packed values, it gave; of the event store, how many keys it read.
    pub rows: u64,
    /// The message of its error, if it failed.
    pub error: Option<String>,
}

type Listener = dyn Fn(&Statement<'_>) + Send + Sync;

/// Is told of each statement when it has ended.
#[derive(Clone, Default)]
pub struct StatementLog(Option<Arc<Listener>>);

impl StatementLog {
    pub fn new(listener: impl Fn(&Statement<'_>) + Send + Sync + 'static) -> StatementLog {
        StatementLog(Some(Arc::new(listener)))
    }

    /// Tells whoever listens.
    pub fn tell(&self, statement: &Statement<'_>) {
        if let Some(listener) = &self.0 {
            listener(statement);
        }
    }
}

/// A read-only session of one connection.
pub struct Session {
    connection: Held,
    dialect: Dialect,
    interrupt: Interrupt,
    log: StatementLog,
    statements: u64,
    server: usize,
}

pub(super) enum Connection {
    Postgres(Box<PostgresSession>),
    Sqlite(Box<SqliteSession>),
}

/// A session's connection: its own, or one that a rehearsal lends.
enum Held {
    Own(Connection),
    Lent(OwnedMutexGuard<Connection>),
}

impl Deref for Held {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Held::Own(connection) => connection,
            Held::Lent(connection) => connection,
        }
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Connection {
        match self {
            Held::Own(connection) => connection,
            Held::Lent(connection) => connection,
        }
    }
}

impl Connection {
    /// An empty SQLite database of this connection alone.
    pub(super) async fn in_memory(options: &DatabaseOptions) -> Result<Connection, DatabaseError> {
        Ok(Connection::Sqlite(Box::new(SqliteSession::in_memory(options).await?)))
    }

    /// A PostgreSQL connection within a transaction that may write.
    pub(super) async fn in_transaction(options: &DatabaseOptions) -> Result<Connection, DatabaseError> {
        let session = PostgresSession::in_transaction(options).await?;
        Ok(Connection::Postgres(Box::new(session)))
    }

    pub(super) async fn roll_back(&mut self, interrupt: &mut Interrupt) -> Result<(), DatabaseError> {
        match self {
            Connection::Postgres(session) => session.roll_back(interrupt).await,
            Connection::Sqlite(_) => Ok(()),
        }
    }

    /// From here on statements of a transaction may only read. SQLite's own database is nobody else's.
    pub(super) fn only_read(&mut self) {
        if let Connection::Postgres(session) = self {
            session.only_read();
        }
    }

    async fn run(&mut self, sql: &str, answer: Answer<'_>, interrupt: &mut Interrupt) -> Result<(), DatabaseError> {
        match self {
            Connection::Postgres(session) => session.run(sql, answer, interrupt).await,
            Connection::Sqlite(session) => session.run(sql, answer, interrupt).await,
        }
    }

    async fn close(self) {
        match self {
            Connection::Postgres(session) => session.close().await,
            Connection::Sqlite(session) => session.close().await,
        }
    }
}

impl Session {
    pub(super) async fn open(
        options: &DatabaseOptions,
        dialect: Dialect,
        interrupt: Interrupt,
        log: StatementLog,
    ) -> Result<Session, DatabaseError> {
        let connection = match dialect {
            Dialect::Postgres => Connection::Postgres(Box::new(PostgresSession::open(options).await?)),
            Dialect::Sqlite => Connection::Sqlite(Box::new(SqliteSession::open(options).await?)),
        };
        Ok(Session {
            connection: Held::Own(connection),
            dialect,
            interrupt,
            log,
            statements: 0,
            server: 0,
        })
    }

    /// A session over a connection that goes back when the session ends.
    pub(super) fn lent(
        connection: OwnedMutexGuard<Connection>,
        dialect: Dialect,
        interrupt: Interrupt,
        log: StatementLog,
    ) -> Session {
        Session {
            connection: Held::Lent(connection),
            dialect,
            interrupt,
            log,
            statements: 0,
            server: 0,
        }
    }

    /// The same session, said to be of this one of the database's servers.
    pub(super) fn at(self, server: usize) -> Session {
        Session { server, ..self }
    }

    /// Which of the database's servers it is on.
    pub fn server(&self) -> usize {
        self.server
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// How many statements this session has sent, those of its opening and of the throttle not counted.
    pub fn statements(&self) -> u64 {
        self.statements
    }

    /// Whether ranges of blocks (`ctid`) are read without reading the whole table: PostgreSQL from 14 on.
    pub fn reads_block_ranges(&self) -> bool {
        matches!(&*self.connection, Connection::Postgres(session) if session.version() >= 140_000)
    }

    /// The server's version as it says it.
    pub async fn server_version(&mut self) -> Result<String, DatabaseError> {
        let sql = match self.dialect {
            Dialect::Postgres => "SHOW server_version",
            Dialect::Sqlite => "SELECT sqlite_version()",
        };
        let rows = self.rows(sql).await?;
        Ok(rows.into_iter().flatten().flatten().next().unwrap_or_default())
    }

    /// All rows of a statement; for statements whose result is small whatever the table's size.
    ///
    /// # Errors
    /// Any [`DatabaseError`]; a cancelled statement leaves the session usable. More than 100,000 rows are refused.
    pub async fn rows(&mut self, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        let mut rows = Vec::new();
        self.run(sql, Answer::Rows(&mut rows)).await?;
        Ok(rows)
    }

    /// All rows of a statement, each column as bytes; where one is packed, or there are parameters, values come as they
    /// are, not as text. Parameters are byte strings, of PostgreSQL alone.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub async fn cells(
        &mut self,
        sql: &str,
        packed: bool,
        parameters: &[Parameter],
    ) -> Result<Vec<Cells>, DatabaseError> {
        let mut rows = Vec::new();
        self.run(
            sql,
            Answer::Cells {
                rows: &mut rows,
                packed: packed || !parameters.is_empty(),
                parameters,
            },
        )
        .await?;
        Ok(rows)
    }

    /// The plans of statements, as JSON on PostgreSQL, in one round trip as far as none fails. Nothing is run.
    ///
    /// # Errors
    /// Of each statement its own; what ends the session is said of all that follow.
    pub async fn plans(&mut self, statements: &[String]) -> Vec<Result<String, DatabaseError>> {
        let mut plans = Vec::with_capacity(statements.len());
        while let Some(left) = statements.get(plans.len()..).filter(|left| !left.is_empty()) {
            let sql: Vec<String> = left.iter().map(|sql| format!("EXPLAIN (FORMAT JSON) {sql}")).collect();
            let mut rows = Vec::new();
            let result = self.run(&sql.join(";\n"), Answer::Rows(&mut rows)).await;
            let found = rows
                .into_iter()
                .map(|row| Ok(row.into_iter().flatten().next().unwrap_or_default()));
            plans.extend(found.take(left.len()));
            match result {
                // None is passed over: whoever asks counts on a plan for each.
                Ok(()) => plans.resize(statements.len(), Err(no_plan())),
                Err(error) if error.ends_session() => {
                    plans.resize(statements.len(), Err(error));
                }
                Err(error) => plans.push(Err(error)),
            }
        }
        plans.truncate(statements.len());
        plans
    }

    /// The text of the first column of every row, one call each, a row in memory at a time; NULLs are passed over.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub async fn values(&mut self, sql: &str, each: &mut (dyn FnMut(&[u8]) + Send)) -> Result<(), DatabaseError> {
        self.run(sql, Answer::Values(each)).await
    }

    /// Has the server parse and plan a statement, and check our rights to it, without running it.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub async fn explain(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.rows(&format!("EXPLAIN {sql}")).await.map(drop)
    }

    pub(super) async fn describe_table(&mut self, table: &MainTable) -> Result<Option<TableInfo>, DatabaseError> {
        match self.dialect {
            Dialect::Postgres => super::postgres::describe_table(self, table).await,
            Dialect::Sqlite => super::sqlite::describe_table(self, table).await,
        }
    }

    /// All rows of a statement that is no metric's: it is logged, and not counted.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub(super) async fn sample(&mut self, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        let mut rows = Vec::new();
        self.send_logged(sql, Answer::Rows(&mut rows)).await?;
        Ok(rows)
    }

    async fn run(&mut self, sql: &str, answer: Answer<'_>) -> Result<(), DatabaseError> {
        self.statements += 1;
        self.send_logged(sql, answer).await
    }

    async fn send_logged(&mut self, sql: &str, answer: Answer<'_>) -> Result<(), DatabaseError> {
        let begun = Instant::now();
        let mut rows = 0;
        let result = self.send_counting(sql, answer, &mut rows).await;
        let error = result.as_ref().err().map(ToString::to_string);
        self.log.tell(&Statement {
            sql,
            elapsed: begun.elapsed(),
            rows,
            error,
        });
        result
    }

    async fn send_counting(&mut self, sql: &str, answer: Answer<'_>, rows: &mut u64) -> Result<(), DatabaseError> {
        match answer {
            Answer::Rows(all) => {
                let result = self.send(sql, Answer::Rows(all)).await;
                *rows = all.len() as u64;
                result
            }
            Answer::Cells {
                rows: all,
                packed,
                parameters,
            } => {
                let result = self
                    .send(
                        sql,
                        Answer::Cells {
                            rows: &mut *all,
                            packed,
                            parameters,
                        },
                    )
                    .await;
                *rows = all.len() as u64;
                result
            }
            Answer::Values(each) => {
                let mut counting = |value: &[u8]| {
                    *rows += 1;
                    each(value);
                };
                self.send(sql, Answer::Values(&mut counting)).await
            }
        }
    }

    async fn send(&mut self, sql: &str, answer: Answer<'_>) -> Result<(), DatabaseError> {
        self.connection.run(sql, answer, &mut self.interrupt).await
    }

    /// Ends the session in good order.
    pub async fn close(self) {
        if let Held::Own(connection) = self.connection {
            connection.close().await;
        }
    }
}

fn no_plan() -> DatabaseError {
    DatabaseError::Refused {
        reason: Reason::InvalidStatement,
        message: "the database gave no plan of the statement".to_owned(),
    }
}

/// The integers that a packed value holds ([`crate::relation::Aggregate::PackedIntegers`]).
pub fn unpacked(dialect: Dialect, width: IntegerWidth, packed: &[u8], mut each: impl FnMut(i64)) {
    match (dialect, width) {
        (Dialect::Postgres, IntegerWidth::Four) => {
            let chunks = packed.as_chunks::<4>().0.iter();
            chunks.for_each(|chunk| each(i32::from_be_bytes(*chunk).into()));
        }
        (Dialect::Postgres, IntegerWidth::Eight) => {
            let chunks = packed.as_chunks::<8>().0.iter();
            chunks.for_each(|chunk| each(i64::from_be_bytes(*chunk)));
        }
        (Dialect::Sqlite, _) => {
            let numbers = packed.split(|byte| *byte == b',');
            let numbers = numbers.filter_map(|number| std::str::from_utf8(number).ok()?.parse().ok());
            numbers.for_each(each);
        }
    }
}

/// A byte string that a statement is given beside its text; it is not logged.
pub type Parameter = Arc<[u8]>;

/// Where the rows of a statement go.
pub(super) enum Answer<'a> {
    Rows(&'a mut Vec<Row>),
    Cells {
        rows: &'a mut Vec<Cells>,
        packed: bool,
        parameters: &'a [Parameter],
    },
    Values(&'a mut (dyn FnMut(&[u8]) + Send)),
}
