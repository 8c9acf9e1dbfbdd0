//! How a spool keeps events.

use std::time::Duration;

/// When the disk is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// Before an event counts as accepted; several callers wait together.
    Always,
    /// At times: the end of the machine, not of the process, may cost what was accepted since.
    Interval(Duration),
    /// When the operating system does.
    Never,
}

impl Fsync {
    /// The policy of this name: `always`, `interval` or `never`.
    pub fn parse(text: &str) -> Option<Fsync> {
        match text {
            "always" => Some(Fsync::Always),
            "interval" => Some(Fsync::Interval(Duration::from_millis(200))),
            "never" => Some(Fsync::Never),
            _ => None,
        }
    }
}

/// How much a spool holds, and how safely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolOptions {
    pub fsync: Fsync,
    /// Bytes on disk at most, dead letters among them.
    pub max_bytes: u64,
    /// A segment that has so many bytes is followed by a new one.
    pub segment_bytes: u64,
}

impl Default for SpoolOptions {
    fn default() -> SpoolOptions {
        SpoolOptions {
            fsync: Fsync::Always,
            max_bytes: 256 * 1024 * 1024,
            segment_bytes: 8 * 1024 * 1024,
        }
    }
}

impl SpoolOptions {
    /// A segment's bytes, so that there are always some: what has left goes by segments.
    pub(super) fn segment(&self) -> u64 {
        self.segment_bytes.min(self.max_bytes / 4).max(1)
    }
}
