//! The fields of a known event, as they are written. Their docs are the schema's and the reference's.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Aggregation;

/// An event whose unique values are counted, and how long and where its counts are kept. A file lists any number.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Known events")]
pub(super) struct KnownEventFields {
    /// The event's name, unique among all events: letters, digits, underscores, hyphens and colons.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_:-]+$"))]
    pub name: String,
    /// What the event belongs to: its counts stand under `redis_hll_counters.<category>`. Without it they do not.
    #[schemars(regex(pattern = r"^[^.\s]+$"))]
    pub category: Option<String>,
    /// The part of the name that events counted together share; the whole name if it is not said.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_]+$"))]
    pub redis_slot: Option<String>,
    /// Whether a key holds a day or a week.
    pub aggregation: Aggregation,
    /// How many days a key lives after its last write: 29 for daily and 42 for weekly ones if it is not said.
    #[schemars(range(min = 1, max = 36_500))]
    pub expiry: Option<u32>,
    /// The feature flag without which the event is not tracked.
    #[schemars(length(min = 1))]
    pub feature_flag: Option<String>,
    /// Codes of warnings that are known and meant to stay, such as `distinct_count_column`.
    #[expect(dead_code, reason = "silences read it as it is written")]
    pub no_lint: Option<Vec<String>>,
}
