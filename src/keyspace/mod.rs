//! Which keys an event has in the store, and which of them a time frame covers. Pure.
//!
//! Keys are byte for byte those of GitLab, so that a store it filled can be read as it is. There are two formats, and an
//! event's declaration says which it has: known events carry a slot in braces (spec 6.2), unless the configuration says
//! otherwise; whatever newer definitions declare, internal events above all, has the keys
//! of today (spec 16).
//!
//! - [`Keyspace`]: every event of a catalog, with its keys;
//! - [`Occurrence`]: an internal event that happened; tracking it gives [`Write`]s, as does [`Keyspace::track`];
//! - [`Period`]: the days that a reading covers, and the weeks that are whole in them.

mod contexts;
mod counter;
mod error;
mod event;
mod flags;
mod form;
mod hasher;
mod index;
mod occurrence;
mod period;
mod rules;
mod selection;
mod tracking;
mod unique;
mod write;

pub use contexts::CONTEXTS;
pub use counter::CounterKey;
pub use error::EventError;
pub use event::Event;
pub use flags::{FeatureFlags, GLOBAL_FLAG};
pub(crate) use hasher::NameMap;
pub use index::Keyspace;
pub use occurrence::Occurrence;
pub use period::{Period, week_of};
pub use rules::KeyRules;
pub use selection::SelectionRule;
pub use tracking::Tracked;
pub use unique::UniqueQuestion;
pub use write::{Change, Life, Write};
