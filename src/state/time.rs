//! Instants as both stores can keep them.

use chrono::{DateTime, SubsecRound, Utc};

/// The instant to the microsecond, which is what `timestamptz` holds; SQLite's text would keep more.
pub(super) fn micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}
