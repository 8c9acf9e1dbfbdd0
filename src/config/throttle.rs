//! What a database is spared for: the keys of `[database.NAME]` that hold a run back.

use std::time::Duration;

use schemars::JsonSchema;

use super::hours::Hours;
use super::product::select;
use super::section::Section;

/// When a run waits before it sends the next statement. Any one of them is enough.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
pub struct Throttle {
    /// A run waits while replication is behind by more than this: the replay of the replica that is read, or of the
    /// slowest replica that a primary shows. PostgreSQL alone; left empty, nothing is asked.
    #[schemars(with = "Option<String>", example = "")]
    pub max_replication_lag: Option<Duration>,
    /// A run waits while more sessions than this, beside its own, run a statement on the server. PostgreSQL alone; 0
    /// asks nothing.
    #[schemars(with = "u32", example = 0)]
    pub max_active_sessions: Option<u32>,
    /// A SELECT of your own: a run waits while the first value of its first row is true, or a number other than 0.
    #[schemars(with = "Option<String>", example = "")]
    pub throttle_query: Option<String>,
    /// The hours in which a run may read, such as `22:00-06:00`, in the local time of this machine; outside of them it
    /// waits. Left empty, always.
    #[schemars(with = "Option<String>", example = "")]
    pub hours: Option<Hours>,
}

impl Throttle {
    /// Reads the keys out of their section.
    pub(super) fn read(section: &mut Section<'_>) -> Throttle {
        Throttle {
            max_replication_lag: section.duration("max_replication_lag"),
            max_active_sessions: section
                .integer("max_active_sessions", 0..=100_000)
                .filter(|most| *most > 0),
            throttle_query: section.parsed("throttle_query", "one SELECT", select),
            hours: section.parsed("hours", "hours such as \"22:00-06:00\"", Hours::parse),
        }
    }

    /// Whether nothing ever holds a run back.
    pub fn is_off(&self) -> bool {
        *self == Throttle::default()
    }
}
