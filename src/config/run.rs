//! `[run]`: how long a run may take, and how long it may stand still.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::duration::parse_duration;
use super::section::Section;
use super::types::Run;

/// A shorter lease would be lost to a busy disk, a longer one would keep the next run away for too long.
const LEASE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);

pub(super) fn run(mut section: Section<'_>) -> Run {
    let lease = section.parsed("lease", "a duration from \"1s\" to \"1h\"", |text| {
        parse_duration(text).filter(|lease| LEASE.contains(lease))
    });
    let run = Run {
        budget: section.duration("budget"),
        lease: lease.unwrap_or(Run::default().lease),
    };
    section.finish();
    run
}
