//! SQLite: a read-only connection whose statements are interrupted when their time is over.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row as _, TypeInfo, ValueRef};

use super::error::{cancelled, one_line};
use super::schema::ColumnInfo;
use super::session::{Answer, MOST_ROWS, TooManyRows};
use super::{ColumnKind, DatabaseError, DatabaseOptions, Interrupt, Row, Session, TableInfo, TableKind};
use crate::measure::Reason;
use crate::relation::MainTable;

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
        Answer::PackedIntegers(each) => {
            while let Some(row) = stream.try_next().await? {
                let packed = text(&row, 0)?.unwrap_or_default();
                packed
                    .split(',')
                    .filter_map(|number| number.parse().ok())
                    .for_each(&mut *each);
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

pub(super) async fn describe_table(
    session: &mut Session,
    table: &MainTable,
) -> Result<Option<TableInfo>, DatabaseError> {
    let name = table.name.replace('\'', "''");
    let kind = session
        .rows(&format!("SELECT type, wr FROM pragma_table_list('{name}') LIMIT 1"))
        .await?;
    let Some(kind) = kind.first() else { return Ok(None) };
    let columns = session
        .rows(&format!(
            "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo('{name}')"
        ))
        .await?;
    let indexed = session
        .rows(&format!(
            "SELECT i.name, l.origin FROM pragma_index_list('{name}') l JOIN pragma_index_info(l.name) i \
             WHERE i.seqno = 0 AND l.partial = 0"
        ))
        .await?;
    Ok(Some(table_info(kind, &columns, &indexed)))
}

fn table_info(kind: &Row, columns: &[Row], indexed: &[Row]) -> TableInfo {
    let is_table = kind[0].as_deref() == Some("table");
    let without_rowid = kind[1].as_deref() != Some("0");
    let rowid_is_hidden = columns
        .iter()
        .any(|row| row[0].as_ref().is_some_and(|name| name.eq_ignore_ascii_case("rowid")));
    // A key of one integer that is the rowid itself needs no index; only such a one, and that of a table without rowid,
    // is never NULL without saying so.
    let key_has_index = indexed.iter().any(|row| row[1].as_deref() == Some("pk"));
    let key_is_not_null = is_table && (without_rowid || !key_has_index);
    let mut info = TableInfo {
        kind: if is_table { TableKind::Table } else { TableKind::Other },
        columns: Default::default(),
        primary_key: Vec::new(),
        indexed: indexed.iter().filter_map(|row| row[0].clone()).collect(),
        estimated_rows: None,
        blocks: 0,
        has_rowid: is_table && !without_rowid && !rowid_is_hidden,
        keys_print_exactly: false,
    };
    let mut key: Vec<(i64, String)> = Vec::new();
    for row in columns {
        let Some(name) = row[0].clone() else { continue };
        let position: i64 = row[3].as_deref().and_then(|text| text.parse().ok()).unwrap_or_default();
        let kind = column_kind(row[1].as_deref().unwrap_or_default());
        let nullable = row[2].as_deref() == Some("0") && !(position > 0 && key_is_not_null);
        info.columns.insert(name.clone(), ColumnInfo { kind, nullable });
        if position > 0 {
            key.push((position, name));
        }
    }
    key.sort();
    info.primary_key = key.into_iter().map(|(_, name)| name).collect();
    info.indexed.extend(info.primary_key.first().cloned());
    info
}

/// Affinity by the declared type, <https://www.sqlite.org/datatype3.html> section 3.1.
fn column_kind(type_name: &str) -> ColumnKind {
    let upper = type_name.to_uppercase();
    if upper.contains("INT") {
        ColumnKind::Integer
    } else if ["CHAR", "CLOB", "TEXT", "BLOB"].iter().any(|part| upper.contains(part)) {
        ColumnKind::Text
    } else {
        ColumnKind::Other
    }
}
