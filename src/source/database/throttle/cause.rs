//! What a run waits for.

use std::fmt;

/// What holds a run back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ThrottleCause {
    /// The hours in which a run may read have not begun.
    Hours,
    ReplicationLag,
    ActiveSessions,
    /// The operator's own query.
    Query,
}

impl ThrottleCause {
    /// The stable name of the cause, which reports carry.
    pub fn code(self) -> &'static str {
        match self {
            ThrottleCause::Hours => "hours",
            ThrottleCause::ReplicationLag => "replication_lag",
            ThrottleCause::ActiveSessions => "active_sessions",
            ThrottleCause::Query => "throttle_query",
        }
    }
}

impl fmt::Display for ThrottleCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ThrottleCause::Hours => "the hours",
            ThrottleCause::ReplicationLag => "replication lag",
            ThrottleCause::ActiveSessions => "active sessions",
            ThrottleCause::Query => "throttle_query",
        })
    }
}

/// A cause with what was seen, as the status line says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) cause: ThrottleCause,
    pub(super) says: String,
}

impl Wait {
    pub(super) fn new(cause: ThrottleCause, says: String) -> Wait {
        Wait { cause, says }
    }
}
