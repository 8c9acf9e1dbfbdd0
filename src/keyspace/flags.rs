//! Feature flags: what is tracked and reported at all.

use std::collections::BTreeMap;

/// The flag that stops all tracking of unique values, and the section that reports them. On unless it is switched off.
pub const GLOBAL_FLAG: &str = "redis_hll_tracking";

/// The flags of the configuration. A flag that it does not name is off, but for [`GLOBAL_FLAG`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeatureFlags(BTreeMap<String, bool>);

impl FeatureFlags {
    pub fn new(flags: BTreeMap<String, bool>) -> FeatureFlags {
        FeatureFlags(flags)
    }

    pub fn is_on(&self, name: &str) -> bool {
        self.0.get(name).copied().unwrap_or(name == GLOBAL_FLAG)
    }

    /// The flag that keeps a sketch from being written: the global one, or the event's own.
    pub(super) fn holding_back<'a>(&self, own: Option<&'a str>) -> Option<&'a str> {
        if !self.is_on(GLOBAL_FLAG) {
            return Some(GLOBAL_FLAG);
        }
        own.filter(|flag| !self.is_on(flag))
    }
}
