//! SQLite: a read-only connection whose statements are interrupted when their time is over.

mod table;

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row as _, TypeInfo, ValueRef};

use super::error::{cancelled, one_line};
use super::session::{Answer, MOST_ROWS, TooManyRows};
use super::{DatabaseError, DatabaseOptions, Interrupt, Row};
use crate::measure::Reason;

pub(super) use table::describe_table;

/// Virtual-machine instructions between two looks at the clock: some tens of microseconds.
const INSTRUCTIONS_BETWEEN_LOOKS: i32 = 10_000;

pub(super) struct SqliteSession {
    name: String,
    connection: SqliteConnection,
    timeout: Duration,
    brake: Arc<Brake>,
}

/// Stops the statement that runs, from any thread.
struct Brake {
    epoch: Instant,
    /// Milliseconds after the epoch.
    deadline: AtomicU64,
    pulled: AtomicBool,
}

impl Brake {
    fn holds(&self) -> bool {
        self.pulled.load(Ordering::Relaxed)
            || self.epoch.elapsed().as_millis() as u64 >= self.deadline.load(Ordering::Relaxed)
    }

    fn release_until(&self, timeout: Duration) {
        self.pulled.store(false, Ordering::Relaxed);
        self.deadline
            .store((self.epoch.elapsed() + timeout).as_millis() as u64, Ordering::Relaxed);
    }
}

impl SqliteSession {
    pub(super) async fn open(options: &DatabaseOptions) -> Result<SqliteSession, DatabaseError> {
        let unavailable = |error: &sqlx::Error| DatabaseError::Unavailable {
            name: options.name.clone(),
            message: explained(error),
            may_pass: false,
        };
        let wanted = SqliteConnectOptions::from_str(options.url.reveal())
            .map_err(|error| unavailable(&error))?
            .read_only(true)
            .create_if_missing(false)
            .busy_timeout(options.lock_timeout)
            .disable_statement_logging();
        let connection = wanted.connect().await.map_err(|error| unavailable(&error))?;
        SqliteSession::over(connection, options)
            .await
            .map_err(|error| unavailable(&error))
    }

    /// A database of this connection alone, which may write.
    pub(super) async fn in_memory(options: &DatabaseOptions) -> Result<SqliteSession, DatabaseError> {
        let unavailable = |error: &sqlx::Error| DatabaseError::Unavailable {
            name: options.name.clone(),
            message: explained(error),
            may_pass: false,
        };
        let wanted = SqliteConnectOptions::new().in_memory(true).disable_statement_logging();
        let connection = wanted.connect().await.map_err(|error| unavailable(&error))?;
        SqliteSession::over(connection, options)
            .await
            .map_err(|error| unavailable(&error))
    }

    async fn over(mut connection: SqliteConnection, options: &DatabaseOptions) -> Result<SqliteSession, sqlx::Error> {
        let brake = Arc::new(Brake {
            epoch: Instant::now(),
            deadline: AtomicU64::new(u64::MAX),
            pulled: AtomicBool::new(false),
        });
        let watched = brake.clone();
        connection
            .lock_handle()
            .await?
            .set_progress_handler(INSTRUCTIONS_BETWEEN_LOOKS, move || !watched.holds());
        Ok(SqliteSession {
            name: options.name.clone(),
            connection,
            timeout: options.statement_timeout,
            brake,
        })
    }

    pub(super) async fn run(
        &mut self,
        sql: &str,
        answer: Answer<'_>,
        interrupt: &mut Interrupt,
    ) -> Result<(), DatabaseError> {
        let begun = Instant::now();
        self.brake.release_until(self.timeout);
        let result = tokio::select! {
            result = answer_into(&mut self.connection, sql, answer) => result,
            () = interrupt.raised() => {
                self.brake.pulled.store(true, Ordering::Relaxed);
                return Err(DatabaseError::Interrupted);
            }
        };
        result.map_err(|error| sorted(&error, &self.name, begun.elapsed(), self.timeout))
    }

    pub(super) async fn close(self) {
        drop(self.connection.close().await);
    }
}

async fn answer_into(connection: &mut SqliteConnection, sql: &str, answer: Answer<'_>) -> Result<(), sqlx::Error> {
    let mut stream = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .persistent(false)
        .fetch(connection);
    match answer {
        Answer::Rows(rows) => {
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
        Answer::Cells { rows, .. } => {
            while let Some(row) = stream.try_next().await? {
                if rows.len() == MOST_ROWS {
                    return Err(sqlx::Error::Decode(Box::new(TooManyRows)));
                }
                let cells = (0..row.len()).map(|index| Ok(text(&row, index)?.map(String::into_bytes)));
                rows.push(cells.collect::<Result<_, sqlx::Error>>()?);
            }
        }
        Answer::Values(each) => {
            while let Some(row) = stream.try_next().await? {
                if let Some(value) = text(&row, 0)? {
                    each(value.as_bytes());
                }
            }
        }
    }
    Ok(())
}

fn text(row: &SqliteRow, index: usize) -> Result<Option<String>, sqlx::Error> {
    let value = row.try_get_raw(index)?;
    // A NULL says its column's declared type, everything else its own.
    if value.is_null() {
        return Ok(None);
    }
    Ok(match value.type_info().name() {
        "INTEGER" => Some(row.try_get_unchecked::<i64, _>(index)?.to_string()),
        "REAL" => Some(real(row.try_get_unchecked::<f64, _>(index)?)),
        "BLOB" => Some(String::from_utf8_lossy(&row.try_get_unchecked::<Vec<u8>, _>(index)?).into_owned()),
        _ => Some(row.try_get_unchecked::<String, _>(index)?),
    })
}

/// As PostgreSQL prints it: a large or small one with its exponent, which no integer has.
fn real(real: f64) -> String {
    if real == 0.0 || (1e-5..1e15).contains(&real.abs()) {
        real.to_string()
    } else {
        format!("{real:e}")
    }
}

/// Result codes: <https://www.sqlite.org/rescode.html>; SQLite sorts by code only roughly, so that messages decide.
fn sorted(error: &sqlx::Error, name: &str, elapsed: Duration, timeout: Duration) -> DatabaseError {
    let database = match error {
        sqlx::Error::Database(database) => database,
        sqlx::Error::Decode(error) if error.is::<TooManyRows>() => return TooManyRows.into(),
        _ => return DatabaseError::Lost(explained(error)),
    };
    let message = database.message();
    let code: u32 = database.code().and_then(|code| code.parse().ok()).unwrap_or_default();
    let reason = match code & 0xff {
        9 => return cancelled(elapsed, timeout),
        5 | 6 => Reason::LockTimeout,
        3 | 8 | 23 => Reason::PermissionDenied,
        10 | 11 => return DatabaseError::Lost(result_code(code)),
        14 | 26 => {
            return DatabaseError::Unavailable {
                name: name.to_owned(),
                message: "the file cannot be read as a SQLite database".to_owned(),
                may_pass: false,
            };
        }
        20 => Reason::WrongType,
        _ if message.starts_with("no such table") => Reason::MissingTable,
        _ if message.starts_with("no such column") => Reason::MissingColumn,
        _ if message == "integer overflow" => Reason::Overflow,
        1 if speaks_of_the_statement(message) => Reason::InvalidStatement,
        1 => Reason::DataException,
        _ => Reason::StatementFailed,
    };
    let message = match reason {
        Reason::LockTimeout => "the file is locked by a writer".to_owned(),
        _ if speaks_of_the_statement(message) => one_line(message),
        _ => result_code(code),
    };
    DatabaseError::Refused { reason, message }
}

fn result_code(code: u32) -> String {
    format!("SQLite answered with result code {code}")
}

/// How the messages begin that SQLite makes while it prepares a statement; those of functions that meet a row may quote
/// it.
const OF_THE_STATEMENT: [&str; 10] = [
    "ambiguous column name: ",
    "integer overflow",
    "misuse of ",
    "near ",
    "no such collation sequence: ",
    "no such column: ",
    "no such function: ",
    "no such table: ",
    "sub-select returns ",
    "wrong number of arguments to function ",
];

fn speaks_of_the_statement(message: &str) -> bool {
    OF_THE_STATEMENT.iter().any(|beginning| message.starts_with(beginning))
}

fn explained(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => one_line(database.message()),
        sqlx::Error::Io(io) => io.kind().to_string(),
        _ => "the file cannot be read as a SQLite database".to_owned(),
    }
}
