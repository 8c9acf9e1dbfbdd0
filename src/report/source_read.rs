//! What was read of one source in a run.

use std::time::Duration;

use crate::batch::Taken;
use crate::measure::Reason;
use crate::state::SourceRecord;

/// What was read of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRead {
    /// Such as `database.main` or `event_store`.
    pub source: String,
    /// Whether it could be reached throughout.
    pub is_up: bool,
    pub readings: usize,
    pub failed: usize,
    pub statements: u64,
    /// From the first question to the last answer.
    pub elapsed: Duration,
}

impl SourceRead {
    /// `None` where nothing was asked of the source.
    pub(super) fn of(
        source: String,
        taken: &[(usize, Taken)],
        statements: u64,
        elapsed: Duration,
    ) -> Option<SourceRead> {
        let failures = taken.iter().filter_map(|(_, taken)| taken.result.as_ref().err());
        let is_away = |reason: Reason| {
            matches!(
                reason,
                Reason::SourceUnavailable | Reason::SourceNotReady | Reason::ConnectionLost
            )
        };
        (!taken.is_empty()).then(|| SourceRead {
            source,
            is_up: !failures.clone().any(|failure| is_away(failure.reason)),
            readings: taken.len(),
            failed: failures.count(),
            statements,
            elapsed,
        })
    }

    pub(super) fn record(&self) -> SourceRecord {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        SourceRecord {
            source: self.source.clone(),
            is_up: self.is_up,
            readings: number(self.readings),
            failed: number(self.failed),
            statements: i64::try_from(self.statements).unwrap_or(i64::MAX),
            elapsed_seconds: self.elapsed.as_secs_f64(),
        }
    }
}
