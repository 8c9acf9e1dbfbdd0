//! What the log is told of a collector that does not take events: once for each change, not for each attempt.

use super::retry::RetryCause;

#[derive(Debug, Default)]
pub(super) struct Trouble {
    now: Option<(RetryCause, i32)>,
}

impl Trouble {
    pub(super) fn is(&mut self, cause: RetryCause, status: i32) {
        if self.now != Some((cause, status)) {
            self.now = Some((cause, status));
            tracing::warn!(
                cause = cause.label(),
                status,
                "The collector does not take events: they are kept, and tried again."
            );
        }
    }

    pub(super) fn is_over(&mut self) {
        if self.now.take().is_some() {
            tracing::info!("The collector takes events again.");
        }
    }
}
