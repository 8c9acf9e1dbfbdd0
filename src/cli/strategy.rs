//! `--plan`: how the metrics of a run share the work.

use clap::{Args, ValueEnum};

use crate::batch::{Sharing, Strategy};

/// How metrics over the same table share its scans.
#[derive(Debug, Clone, Args)]
pub(super) struct StrategyArgs {
    /// Whether metrics over the same table share its scans
    #[arg(long, value_enum, default_value_t = SharingArg::Auto)]
    plan: SharingArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SharingArg {
    /// Where it costs the database less
    Auto,
    /// Wherever every value stays exact
    Shared,
    /// Never: one metric after the other, in batches of fixed size, on one connection
    Separate,
}

impl StrategyArgs {
    pub(super) fn strategy(&self) -> Strategy {
        Strategy {
            sharing: match self.plan {
                SharingArg::Auto => Sharing::Auto,
                SharingArg::Shared => Sharing::Always,
                SharingArg::Separate => Sharing::Never,
            },
            ..Strategy::default()
        }
    }
}
