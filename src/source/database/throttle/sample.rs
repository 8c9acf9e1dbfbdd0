//! One look at a server: the statement that asks, and what its answer means.

use std::time::Duration;

use super::cause::{ThrottleCause, Wait};
use crate::config::Throttle;
use crate::relation::Dialect;
use crate::source::database::Row;
use crate::source::database::question::{NoAnswer, yes};

/// On a replica how long ago was committed what it replayed last, unless it replayed all that it received; on a primary
/// the largest lag of its replicas. NULL where there is none, or none to be seen.
const LAG: &str = "CASE WHEN NOT pg_catalog.pg_is_in_recovery() \
    THEN (SELECT max(EXTRACT(epoch FROM replay_lag)) FROM pg_catalog.pg_stat_replication) \
    WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN 0 \
    ELSE EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()) END";
/// Whether there are replicas whose state the role may not see.
const LAG_IS_HIDDEN: &str = "(SELECT count(*) FROM pg_catalog.pg_stat_replication WHERE state IS NULL)";
/// The sessions of one name are ours: those of this run, and of others like it.
const SESSIONS: &str = "(SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active' \
    AND backend_type = 'client backend' \
    AND application_name IS DISTINCT FROM pg_catalog.current_setting('application_name'))";
/// What the server shows instead of a statement that the role may not see.
const SESSIONS_ARE_HIDDEN: &str =
    "(SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE query = '<insufficient privilege>')";

/// What a statement asks, by the limits that are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// What the server says of itself.
    pub(super) server: bool,
    /// The operator's query.
    pub(super) query: bool,
}

/// What a server answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sample {
    /// Seconds.
    pub(super) lag: Option<f64>,
    pub(super) lag_is_hidden: bool,
    pub(super) sessions: Option<u64>,
    pub(super) sessions_are_hidden: bool,
    /// Whether the operator's query says that the run must wait.
    pub(super) query_says_wait: bool,
}

/// The one statement that asks all of it.
pub(super) fn statement(limits: &Throttle, asked: Asked, dialect: Dialect) -> String {
    let query = limits.throttle_query.as_deref().filter(|_| asked.query);
    // As a part of a statement it can only be one query. Its last line may be a comment.
    let query = query.map(|query| format!("(SELECT * FROM (\n{query}\n) AS answer LIMIT 1) AS asked"));
    match (dialect, query) {
        (Dialect::Postgres, None) => format!("SELECT {}", server_columns(limits, asked)),
        (Dialect::Postgres, Some(query)) => format!(
            "SELECT server.*, asked.* FROM (SELECT {}) AS server LEFT JOIN {query} ON true",
            server_columns(limits, asked)
        ),
        (Dialect::Sqlite, query) => format!(
            "SELECT asked.* FROM {}",
            query.unwrap_or_else(|| "(SELECT 0) AS asked".to_owned())
        ),
    }
}

fn server_columns(limits: &Throttle, asked: Asked) -> String {
    let shown = |sql: &'static str, wanted: bool| if wanted && asked.server { sql } else { "NULL" };
    let (lag, sessions) = (
        limits.max_replication_lag.is_some(),
        limits.max_active_sessions.is_some(),
    );
    format!(
        "{} AS lag, {} AS lag_is_hidden, {} AS sessions, {} AS sessions_are_hidden",
        shown(LAG, lag),
        shown(LAG_IS_HIDDEN, lag),
        shown(SESSIONS, sessions),
        shown(SESSIONS_ARE_HIDDEN, sessions),
    )
}

impl Sample {
    /// # Errors
    /// What the operator's query gave is no answer.
    pub(super) fn read(row: Option<&Row>, dialect: Dialect) -> Result<Sample, NoAnswer> {
        let cell = |index: usize| row.and_then(|row| row.get(index)).and_then(Option::as_deref);
        let is_some = |index: usize| cell(index).is_some_and(|count| count != "0");
        Ok(match dialect {
            Dialect::Sqlite => Sample {
                query_says_wait: yes(cell(0))?,
                ..Sample::default()
            },
            Dialect::Postgres => Sample {
                lag: cell(0).and_then(|seconds| seconds.parse().ok()),
                lag_is_hidden: is_some(1),
                sessions: cell(2).and_then(|count| count.parse().ok()),
                sessions_are_hidden: is_some(3),
                query_says_wait: yes(cell(4))?,
            },
        })
    }

    /// The first of what is over its limit.
    pub(super) fn wait(&self, limits: &Throttle) -> Option<Wait> {
        let lag = self.lag.zip(limits.max_replication_lag);
        if let Some((lag, most)) = lag.filter(|(lag, most)| *lag > most.as_secs_f64()) {
            let says = format!("replication lag {lag:.1} s, over {}", shown_seconds(most));
            return Some(Wait::new(ThrottleCause::ReplicationLag, says));
        }
        let sessions = self.sessions.zip(limits.max_active_sessions);
        if let Some((sessions, most)) = sessions.filter(|(sessions, most)| *sessions > u64::from(*most)) {
            let says = format!("{sessions} active sessions, over {most}");
            return Some(Wait::new(ThrottleCause::ActiveSessions, says));
        }
        self.query_says_wait
            .then(|| Wait::new(ThrottleCause::Query, "throttle_query".to_owned()))
    }
}

fn shown_seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests;
