//! What can go wrong with a statement, sorted by what it means for a metric.

use std::time::Duration;

use crate::measure::{Failure, Reason};

/// A statement or a connection failed. Messages never hold values of rows, nor secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// The URL's scheme is not one that can be read.
    #[error("database {0:?} has a url that is neither postgres:// nor sqlite://")]
    Unsupported(String),
    /// No session: nothing listens, the role is refused, the file is not there.
    #[error("database {name:?} is not available: {message}")]
    Unavailable {
        name: String,
        message: String,
        /// A server that is starting or stopping, or does not listen yet.
        may_pass: bool,
    },
    /// The statement was cancelled, by its timeout or by somebody.
    #[error("{message}")]
    Cancelled { message: String, by_timeout: bool },
    /// We were asked to stop, and cancelled the statement.
    #[error("the run was interrupted")]
    Interrupted,
    /// The server ended the connection on purpose.
    #[error("the server ended the connection: {0}")]
    Terminated(String),
    /// The connection broke.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The server answered the statement with an error.
    #[error("{message}")]
    Refused { reason: Reason, message: String },
}

impl DatabaseError {
    /// Whether the same thing may work a moment later.
    pub fn may_pass(&self) -> bool {
        matches!(self, DatabaseError::Unavailable { may_pass: true, .. })
    }

    /// Whether a smaller range may succeed where this one did not.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, DatabaseError::Cancelled { .. })
    }

    /// Whether a table of the statement is not there.
    pub fn is_missing_table(&self) -> bool {
        matches!(
            self,
            DatabaseError::Refused {
                reason: Reason::MissingTable,
                ..
            }
        )
    }

    /// Whether the session can be used no more.
    pub fn ends_session(&self) -> bool {
        matches!(
            self,
            DatabaseError::Terminated(_)
                | DatabaseError::Lost(_)
                | DatabaseError::Interrupted
                | DatabaseError::Unavailable { .. }
        )
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Failure {
        let reason = match &error {
            DatabaseError::Unsupported(_) | DatabaseError::Unavailable { .. } => Reason::SourceUnavailable,
            DatabaseError::Cancelled { by_timeout: true, .. } => Reason::StatementTimeout,
            DatabaseError::Cancelled { by_timeout: false, .. } => Reason::StatementCancelled,
            DatabaseError::Interrupted => Reason::Cancelled,
            DatabaseError::Terminated(_) => Reason::ConnectionTerminated,
            DatabaseError::Lost(_) => Reason::ConnectionLost,
            DatabaseError::Refused { reason, .. } => *reason,
        };
        Failure::new(reason, error.to_string())
    }
}

/// An error as PostgreSQL answers it.
pub(super) struct ServerError<'a> {
    /// SQLSTATE, appendix A of PostgreSQL's manual.
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    /// Whether it points to a place in the statement: then it was found while the statement was parsed, and speaks of
    /// the statement alone. What fails later may quote the row that it failed on.
    pub(super) in_statement: bool,
}

/// What a server's error means, after `elapsed` of the statement `sql` that may take `timeout`.
pub(super) fn from_server(error: &ServerError<'_>, sql: &str, elapsed: Duration, timeout: Duration) -> DatabaseError {
    let code = error.code;
    match code {
        "57014" => cancelled(elapsed, timeout),
        "57P01" | "57P02" | "57P03" | "57P05" => DatabaseError::Terminated(format!("SQLSTATE {code}")),
        _ if code.starts_with("08") => DatabaseError::Lost(format!("SQLSTATE {code}")),
        _ => DatabaseError::Refused {
            reason: reason(error),
            message: shown(error, sql),
        },
    }
}

/// The server says only that it cancelled; the time that passed says whether its timeout did.
pub(super) fn cancelled(elapsed: Duration, timeout: Duration) -> DatabaseError {
    let by_timeout = elapsed.mul_f64(1.05) >= timeout;
    let message = if by_timeout {
        format!("a statement ran into its timeout of {timeout:?}")
    } else {
        format!("a statement was cancelled on the server after {elapsed:.1?}")
    };
    DatabaseError::Cancelled { message, by_timeout }
}

fn reason(error: &ServerError<'_>) -> Reason {
    match error.code {
        "55P03" => Reason::LockTimeout,
        "42501" => Reason::PermissionDenied,
        "42883" | "42804" | "42846" | "42809" | "22P02" => Reason::WrongType,
        "22003" => Reason::Overflow,
        code if code.starts_with("22") => Reason::DataException,
        // A row's text that was taken for a name, as in a cast to regclass.
        code if names_are_at_fault(code) && !error.in_statement => Reason::DataException,
        "42P01" | "3F000" => Reason::MissingTable,
        "42703" => Reason::MissingColumn,
        code if code.starts_with("42") => Reason::InvalidStatement,
        _ => Reason::StatementFailed,
    }
}

fn names_are_at_fault(code: &str) -> bool {
    code.starts_with("42") || code == "3F000"
}

/// The server's own words where they speak of the statement; elsewhere they may quote a row's value, so that the code
/// alone is kept.
fn shown(error: &ServerError<'_>, sql: &str) -> String {
    let code = error.code;
    match code {
        "22003" => "a number is out of the range of its type (22003)".to_owned(),
        "22012" => "division by zero (22012)".to_owned(),
        "22P02" => "a value is not of the type that the statement wants (22P02)".to_owned(),
        "55P03" => "the table is locked by another session (55P03)".to_owned(),
        "42501" if names_part_of(error.message, sql) => format!("{} (42501)", one_line(error.message)),
        "42501" => "the role may not read what the statement reads (42501)".to_owned(),
        _ if names_are_at_fault(code) && error.in_statement => format!("{} ({code})", one_line(error.message)),
        _ => format!("the server answered with SQLSTATE {code}"),
    }
}

/// Whether the message is "permission denied for table users" or the like, of a name in the statement.
fn names_part_of(message: &str, sql: &str) -> bool {
    if !message.starts_with("permission denied for ") {
        return false;
    }
    let name = message
        .split_whitespace()
        .next_back()
        .map(|word| word.trim_matches('"'));
    name.is_some_and(|name| {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        sql.split(|character| !is_part(character)).any(|word| word == name)
    })
}

/// The first line, bounded.
pub(super) fn one_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().chars().take(300).collect()
}
