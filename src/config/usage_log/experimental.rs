//! `[experimental]`: the table that the Runner's file has it in.

use schemars::JsonSchema;

use super::settings::UsageLogSettings;
use crate::config::section::Section;

/// Parts that bear the names of the GitLab Runner's own file.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema)]
pub struct Experimental {
    /// Where records of finished jobs go, under the keys of the GitLab Runner's own file.
    pub usage_logger: UsageLogSettings,
}

impl Experimental {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Experimental {
        let usage_logger = UsageLogSettings::read(section.section("usage_logger"));
        section.finish();
        Experimental { usage_logger }
    }
}
