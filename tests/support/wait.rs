//! Waiting for what another process does, with an end.

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Returns as soon as `condition` holds; panics, saying `what` was awaited, once [`PATIENCE`] is over. For conditions
/// that nothing announces: the end of a process that is not ours, a row in a server's view.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
