//! PostgreSQL: a session that cannot write, cannot wait for ever, and leaves nothing behind.

mod table;

use std::str::FromStr;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgErrorPosition, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row as _, ValueRef};

use super::error::{ServerError, cancelled, from_server, one_line};
use super::session::{Answer, MOST_ROWS, TooManyRows};
use super::{DatabaseError, DatabaseOptions, Interrupt, Row, Stop};

pub(super) use table::{describe_table, regclass};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);
/// The same where the run's budget is over: a run ends within a second of it. What is not cancelled by then the server
/// cancels itself, a second after the connection is gone.
const LAST_CANCEL_TIMEOUT: Duration = Duration::from_millis(700);
/// How much longer than its statement timeout we wait for a server that does not keep it.
const GRACE: Duration = Duration::from_secs(5);

pub(super) struct PostgresSession {
    connection: PgConnection,
    options: DatabaseOptions,
    pid: i32,
    version: u32,
    transaction: Transaction,
}

/// Whether statements stand in one transaction, which none of them may spoil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    /// Each is its own.
    Own,
    /// They stand in one that is never committed, and may write.
    Writing,
    /// They stand in the same one, and may only read what was written.
    Reading,
}

impl PostgresSession {
    pub(super) async fn open(options: &DatabaseOptions) -> Result<PostgresSession, DatabaseError> {
        let mut connection = connect(options).await?;
        let (pid, version) = prepare_session(&mut connection, options)
            .await
            .map_err(|error| unavailable(options, &error))?;
        Ok(PostgresSession {
            connection,
            options: options.clone(),
            pid,
            version,
            transaction: Transaction::Own,
        })
    }

    /// A session whose statements all stand in one transaction, which may write and is never committed.
    pub(super) async fn in_transaction(options: &DatabaseOptions) -> Result<PostgresSession, DatabaseError> {
        let mut session = PostgresSession::open(options).await?;
        sqlx::raw_sql("BEGIN READ WRITE")
            .execute(&mut session.connection)
            .await
            .map_err(|error| unavailable(options, &error))?;
        session.transaction = Transaction::Writing;
        Ok(session)
    }

    /// From here on statements of the transaction may only read.
    pub(super) fn only_read(&mut self) {
        self.transaction = Transaction::Reading;
    }

    /// Ends the transaction, and with it all that was done in it.
    pub(super) async fn roll_back(&mut self, interrupt: &mut Interrupt) -> Result<(), DatabaseError> {
        self.transaction = Transaction::Own;
        self.run("ROLLBACK", Answer::Rows(&mut Vec::new()), interrupt).await
    }

    pub(super) fn version(&self) -> u32 {
        self.version
    }

    pub(super) async fn run(
        &mut self,
        sql: &str,
        answer: Answer<'_>,
        interrupt: &mut Interrupt,
    ) -> Result<(), DatabaseError> {
        let begun = Instant::now();
        let timeout = self.options.statement_timeout;
        let given_up = tokio::select! {
            result = answered(&mut self.connection, sql, answer, self.transaction) => {
                return result.map_err(|error| sorted(&error, sql, begun.elapsed(), timeout));
            }
            () = interrupt.raised() => DatabaseError::Interrupted,
            () = tokio::time::sleep(timeout + GRACE) => cancelled(timeout, timeout),
        };
        let patience = match interrupt.cause() {
            Some(Stop::Budget(_)) => LAST_CANCEL_TIMEOUT,
            _ => CANCEL_TIMEOUT,
        };
        self.cancel_on_server(patience).await;
        match given_up {
            // The connection stands in the middle of an answer that nobody reads.
            DatabaseError::Cancelled { .. } => Err(DatabaseError::Lost("the server did not keep the timeout".into())),
            other => Err(other),
        }
    }

    /// A second connection asks the server to stop what the first one runs: to walk away does not stop it.
    async fn cancel_on_server(&self, patience: Duration) {
        let cancel = async {
            let mut helper = connect(&self.options).await?;
            let sql = format!("SELECT pg_cancel_backend({})", self.pid);
            let result = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut helper).await;
            drop(helper.close().await);
            result.map_err(|error| unavailable(&self.options, &error))
        };
        match tokio::time::timeout(patience, cancel).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "A statement could not be cancelled on the server."),
            Err(_) => tracing::warn!("A statement could not be cancelled on the server in time."),
        }
    }

    pub(super) async fn close(self) {
        drop(tokio::time::timeout(CANCEL_TIMEOUT, self.connection.close()).await);
    }
}

async fn connect(options: &DatabaseOptions) -> Result<PgConnection, DatabaseError> {
    let parsed = PgConnectOptions::from_str(options.url.reveal()).map_err(|_| DatabaseError::Unavailable {
        name: options.name.clone(),
        message: "its url cannot be read as postgres://user:password@host:port/name".into(),
        may_pass: false,
    })?;
    let wanted = parsed
        .application_name(&options.application_name)
        .disable_statement_logging();
    let attempt = tokio::time::timeout(CONNECT_TIMEOUT, wanted.connect()).await;
    match attempt {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(unavailable(options, &error)),
        Err(_) => Err(DatabaseError::Unavailable {
            name: options.name.clone(),
            message: format!("no answer within {CONNECT_TIMEOUT:?}"),
            may_pass: true,
        }),
    }
}

/// Set after connecting, because poolers such as PgBouncer refuse start-up options.
///
/// A statement keeps to its own backend: how many processors a run may take is said by its connections.
/// `client_connection_check_interval` makes the server notice that we died in the middle of a statement. Notices and
/// warnings are not asked for: functions of the database may write rows into them.
async fn prepare_session(connection: &mut PgConnection, options: &DatabaseOptions) -> Result<(i32, u32), sqlx::Error> {
    let settings = format!(
        "SET default_transaction_read_only = on; SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = {statement}; SET timezone = 'UTC'; SET datestyle = 'ISO'; \
         SET client_min_messages = error; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET jit = off; \
         SET max_parallel_workers_per_gather = 0",
        statement = options.statement_timeout.as_millis(),
        lock = options.lock_timeout.as_millis(),
    );
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut *connection).await?;
    let row = sqlx::raw_sql("SELECT pg_backend_pid(), current_setting('server_version_num')")
        .fetch_one(&mut *connection)
        .await?;
    let pid = text(&row, 0)?.and_then(|pid| pid.parse().ok()).unwrap_or_default();
    let version = text(&row, 1)?
        .and_then(|version| version.parse().ok())
        .unwrap_or_default();
    if version >= 140_000 {
        let check = sqlx::raw_sql("SET client_connection_check_interval = '1s'")
            .execute(&mut *connection)
            .await;
        if check.is_err() {
            tracing::debug!("The server's system cannot watch for clients that died.");
        }
    }
    Ok((pid, version))
}

/// Within a transaction a statement that fails is taken back, so that the next one can run.
async fn answered(
    connection: &mut PgConnection,
    sql: &str,
    answer: Answer<'_>,
    transaction: Transaction,
) -> Result<(), sqlx::Error> {
    let begin = match transaction {
        Transaction::Own => return answer_into(connection, sql, answer).await,
        Transaction::Writing => "SAVEPOINT statement",
        // What a savepoint sets lasts as long as it does.
        Transaction::Reading => "SAVEPOINT statement; SET TRANSACTION READ ONLY",
    };
    sqlx::raw_sql(begin).execute(&mut *connection).await?;
    let result = answer_into(&mut *connection, sql, answer).await;
    let end = match result {
        Ok(()) => "RELEASE SAVEPOINT statement",
        Err(_) => "ROLLBACK TO SAVEPOINT statement",
    };
    let ended = sqlx::raw_sql(end).execute(connection).await;
    result.and(ended.map(drop))
}

async fn answer_into(connection: &mut PgConnection, sql: &str, answer: Answer<'_>) -> Result<(), sqlx::Error> {
    match answer {
        Answer::Rows(rows) => {
            // The simple protocol: one round trip, and every type comes as text.
            let mut stream = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch(connection);
            while let Some(row) = stream.try_next().await? {
                if rows.len() == MOST_ROWS {
                    return Err(sqlx::Error::Decode(Box::new(TooManyRows)));
                }
                rows.push(
                    (0..row.len())
                        .map(|index| text(&row, index))
                        .collect::<Result<Row, _>>()?,
                );
            }
        }
        Answer::Cells {
            rows,
            packed,
            parameters,
        } => {
            let statement = AssertSqlSafe(sql.to_owned());
            let mut stream = match packed {
                true => {
                    let query = sqlx::query(statement).persistent(false);
                    let bound = parameters.iter().fold(query, |query, bytes| query.bind(bytes.as_ref()));
                    bound.fetch(connection)
                }
                false => sqlx::raw_sql(statement).fetch(connection),
            };
            while let Some(row) = stream.try_next().await? {
                if rows.len() == MOST_ROWS {
                    return Err(sqlx::Error::Decode(Box::new(TooManyRows)));
                }
                rows.push(
                    (0..row.len())
                        .map(|index| cell(&row, index))
                        .collect::<Result<_, _>>()?,
                );
            }
        }
        Answer::Values(each) => {
            let mut stream = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch(connection);
            while let Some(row) = stream.try_next().await? {
                let value = row.try_get_raw(0)?;
                if !value.is_null() {
                    each(value.as_bytes().map_err(sqlx::Error::Decode)?);
                }
            }
        }
    }
    Ok(())
}

fn text(row: &PgRow, index: usize) -> Result<Option<String>, sqlx::Error> {
    let value = row.try_get_raw(index)?;
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(value.as_str().map_err(sqlx::Error::Decode)?.to_owned()))
}

fn cell(row: &PgRow, index: usize) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let value = row.try_get_raw(index)?;
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(value.as_bytes().map_err(sqlx::Error::Decode)?.to_vec()))
}

fn sorted(error: &sqlx::Error, sql: &str, elapsed: Duration, timeout: Duration) -> DatabaseError {
    match error {
        sqlx::Error::Database(database) => {
            let postgres = database.try_downcast_ref::<PgDatabaseError>();
            let position = postgres.and_then(PgDatabaseError::position);
            let code = database.code().unwrap_or_default();
            let server = ServerError {
                code: &code,
                message: database.message(),
                in_statement: matches!(position, Some(PgErrorPosition::Original(_))),
            };
            from_server(&server, sql, elapsed, timeout)
        }
        sqlx::Error::Io(io) => DatabaseError::Lost(io.kind().to_string()),
        sqlx::Error::Tls(_) => DatabaseError::Lost("TLS failed".into()),
        sqlx::Error::Protocol(_) => DatabaseError::Lost("the answer was not understood".into()),
        sqlx::Error::Decode(error) if error.is::<TooManyRows>() => TooManyRows.into(),
        _ => DatabaseError::Refused {
            reason: crate::measure::Reason::WrongType,
            message: "the answer is not of the type that was asked for".into(),
        },
    }
}

/// Starting, stopping, full and not listening pass; a wrong password or database does not.
fn unavailable(options: &DatabaseOptions, error: &sqlx::Error) -> DatabaseError {
    let (message, may_pass) = match error {
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default().into_owned();
            let may_pass = code.starts_with("57P0") || code == "53300";
            (format!("{} ({code})", one_line(database.message())), may_pass)
        }
        sqlx::Error::Io(io) => (io.kind().to_string(), true),
        sqlx::Error::Tls(_) => ("TLS failed".to_owned(), false),
        _ => ("the server does not answer as PostgreSQL does".to_owned(), true),
    };
    DatabaseError::Unavailable {
        name: options.name.clone(),
        message,
        may_pass,
    }
}
