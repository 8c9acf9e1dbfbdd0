//! How long a run was held back, and by what.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::cause::ThrottleCause;

/// The time between two looks counts for what the first of them saw.
#[derive(Debug, Default)]
pub(super) struct Waited {
    last: Option<(Instant, Option<ThrottleCause>)>,
    totals: BTreeMap<ThrottleCause, Duration>,
}

impl Waited {
    /// The last look, if it is not older than `age`: whether it said to wait.
    pub(super) fn within(&self, age: Duration) -> Option<bool> {
        let (at, cause) = self.last?;
        (at.elapsed() < age).then_some(cause.is_some())
    }

    /// A look at `now`; without a cause the run goes on.
    pub(super) fn look(&mut self, now: Instant, cause: Option<ThrottleCause>) {
        if let Some((at, Some(waiting_for))) = self.last {
            *self.totals.entry(waiting_for).or_default() += now.saturating_duration_since(at);
        }
        self.last = Some((now, cause));
    }

    pub(super) fn totals(&self) -> Vec<(ThrottleCause, Duration)> {
        self.totals.iter().map(|(cause, time)| (*cause, *time)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_own_time() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut waited = Waited::default();
        waited.look(at(0), None);
        waited.look(at(5), Some(ThrottleCause::ReplicationLag));
        waited.look(at(7), Some(ThrottleCause::ReplicationLag));
        waited.look(at(8), Some(ThrottleCause::Query));
        waited.look(at(12), None);
        waited.look(at(20), None);
        let expected = [(ThrottleCause::ReplicationLag, 3), (ThrottleCause::Query, 4)];
        assert_eq!(
            waited.totals(),
            expected.map(|(cause, seconds)| (cause, Duration::from_secs(seconds)))
        );
    }
}
