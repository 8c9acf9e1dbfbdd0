//! The folders of metrics, and what each says of those in it (spec 15).

use super::super::{TimeFrame, ValueType};

/// A folder of `metrics/` that generators write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Weekly,
    Monthly,
    WholeLife,
    Settings,
    License,
}

impl Section {
    /// The folder's name.
    pub fn folder(self) -> &'static str {
        match self {
            Section::Weekly => "counts_7d",
            Section::Monthly => "counts_28d",
            Section::WholeLife => "counts_all",
            Section::Settings => "settings",
            Section::License => "license",
        }
    }

    pub fn time_frame(self) -> TimeFrame {
        match self {
            Section::Weekly => TimeFrame::SevenDays,
            Section::Monthly => TimeFrame::TwentyEightDays,
            Section::WholeLife => TimeFrame::All,
            Section::Settings | Section::License => TimeFrame::None,
        }
    }

    pub fn value_type(self) -> ValueType {
        match self {
            Section::Weekly | Section::Monthly | Section::WholeLife => ValueType::Number,
            Section::Settings => ValueType::Boolean,
            Section::License => ValueType::String,
        }
    }

    /// The recommended top of key paths (spec 1.5).
    pub fn top_key(self) -> &'static str {
        match self {
            Section::Weekly => "counts_weekly",
            Section::Monthly => "counts_monthly",
            Section::WholeLife => "counts",
            Section::Settings => "settings",
            Section::License => "license",
        }
    }
}
