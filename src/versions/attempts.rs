//! Attempts at one request: counted, repeated after a wait, and made only while the lease holds.

use std::time::Duration;

use crate::state::{Lease, StateError, StateStore};

use super::client::ClientConfig;
use super::failure::AttemptFailure;

/// How attempts are made.
pub(super) struct Attempts<'a> {
    pub(super) store: &'a StateStore,
    pub(super) config: &'a ClientConfig,
    pub(super) lease: &'a Lease,
}

/// What a number of attempts came to.
pub(super) struct Trial<T> {
    pub(super) attempts: u32,
    pub(super) end: TrialEnd<T>,
}

pub(super) enum TrialEnd<T> {
    Taken(T),
    Failed(AttemptFailure),
    /// The lease was lost, and with it the right to send.
    Lost,
}

/// What is posted, and so counted.
#[derive(Clone, Copy)]
pub(super) enum What {
    Payload,
    Metadata,
}

impl Attempts<'_> {
    /// Posts until it is taken, is refused for good, has been tried often enough, or must wait longer than a run may.
    pub(super) async fn until_settled<T, F>(
        &self,
        id: i64,
        what: What,
        post: impl Fn() -> F,
    ) -> Result<Trial<T>, StateError>
    where
        F: Future<Output = Result<T, AttemptFailure>>,
    {
        let mut attempts = 0;
        let end = loop {
            if !self.count_attempt(id, what).await? {
                break TrialEnd::Lost;
            }
            attempts += 1;
            let failure = match self.holding(id, post()).await {
                Some(Ok(taken)) => break TrialEnd::Taken(taken),
                Some(Err(failure)) => failure,
                None => break TrialEnd::Lost,
            };
            tracing::debug!(report = id, attempt = attempts, %failure, "an attempt failed");
            let Some(wait) = self.wait_after(attempts, &failure) else {
                break TrialEnd::Failed(failure);
            };
            if self.holding(id, tokio::time::sleep(wait)).await.is_none() {
                break TrialEnd::Lost;
            }
        };
        Ok(Trial { attempts, end })
    }

    async fn count_attempt(&self, id: i64, what: What) -> Result<bool, StateError> {
        match what {
            What::Payload => self.store.mark_attempt(id, self.lease).await,
            What::Metadata => self.store.mark_metadata_attempt(id, self.lease).await,
        }
    }

    /// How long to wait before the next attempt; none if this run makes no other.
    fn wait_after(&self, attempts: u32, failure: &AttemptFailure) -> Option<Duration> {
        if !failure.is_retryable() || attempts >= self.config.attempts {
            return None;
        }
        let wait = failure
            .retry_after()
            .unwrap_or_else(|| self.config.backoff.after(attempts));
        (failure.retry_after().is_none() || wait <= self.config.longest_wait).then_some(wait)
    }

    /// Does something while the lease is renewed; nothing comes of it if the lease is lost.
    async fn holding<T>(&self, id: i64, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.renew_until_lost(id) => None,
        }
    }

    /// A store that fails for a moment is no reason to break off a request: the lease may well hold until it is back.
    async fn renew_until_lost(&self, id: i64) {
        loop {
            tokio::time::sleep(self.lease.duration() / 3).await;
            match self.store.renew_lease(id, self.lease).await {
                Ok(true) => (),
                Ok(false) => return,
                Err(error) => tracing::warn!(report = id, %error, "a lease could not be renewed"),
            }
        }
    }
}
