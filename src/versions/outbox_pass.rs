//! One report's delivery: claimed, tried, retried, and settled.

use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::state::{ClaimedMetadata, ClaimedReport, Delivery, DevOpsRecord, Lease, MetadataDelivery, Report};
use crate::state::{StateError, StateStore};

use super::attempts::{Attempts, TrialEnd, What};
use super::client::Client;
use super::deliver::{DeliveryOptions, LONGEST_HOLD};
use super::error_report::ErrorReport;
use super::failure::AttemptFailure;
use super::reply::{Acknowledgement, DevOpsReport};
use super::summary::{DeliveryOutcome, MetadataSummary, ReportSummary};

/// How often a report that another holds is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// One pass over the outbox.
pub(super) struct OutboxPass<'a> {
    store: &'a StateStore,
    client: &'a Client,
    options: &'a DeliveryOptions,
    lease: Lease,
}

/// What a delivery says of the endpoint itself.
#[derive(Default)]
pub(super) struct Settled {
    /// No connection came about.
    pub(super) unreachable: bool,
}

/// A claim, or what stands in its way.
enum Claim<T> {
    Ours(T),
    Not(DeliveryOutcome),
}

impl<'a> OutboxPass<'a> {
    pub(super) fn new(store: &'a StateStore, client: &'a Client, options: &'a DeliveryOptions) -> OutboxPass<'a> {
        OutboxPass {
            store,
            client,
            options,
            lease: Lease::new(options.lease),
        }
    }

    /// Delivers a payload, and tells the endpoint if that failed.
    pub(super) async fn deliver_payload(&self, report: &Report) -> Result<(ReportSummary, Settled), StateError> {
        let started = Instant::now();
        let claimed = match self.claim_payload(report.id).await? {
            Claim::Ours(claimed) => claimed,
            Claim::Not(outcome) => return Ok((ReportSummary::new(report, 0, outcome), Settled::default())),
        };
        let key = claimed.report.idempotency_key;
        let post = || self.client.post_payload(key, claimed.payload.clone());
        let trial = self.attempts().until_settled(report.id, What::Payload, post).await?;
        let (outcome, warning, settled) = match trial.end {
            TrialEnd::Taken(receipt) => {
                let warning = self.keep_receipt(report.id, &receipt).await?;
                let outcome = DeliveryOutcome::Sent {
                    usage_data_id: Some(receipt.usage_data_id),
                };
                (outcome, warning, Settled::default())
            }
            TrialEnd::Failed(failure) => {
                let outcome = self.keep_failure(report.id, &failure).await?;
                (outcome, None, self.tell(&failure, started.elapsed()).await)
            }
            TrialEnd::Lost => (DeliveryOutcome::HeldElsewhere, None, Settled::default()),
        };
        Ok((
            ReportSummary {
                warning,
                ..ReportSummary::new(report, trial.attempts, outcome)
            },
            settled,
        ))
    }

    /// Delivers the metadata of a report that was sent.
    pub(super) async fn deliver_metadata(&self, report: &Report) -> Result<(MetadataSummary, Settled), StateError> {
        let claimed = match self.claim_metadata(report.id).await? {
            Claim::Ours(claimed) => claimed,
            Claim::Not(outcome) => {
                return Ok((
                    MetadataSummary {
                        report_id: report.id,
                        attempts: 0,
                        outcome,
                    },
                    Settled::default(),
                ));
            }
        };
        let post = || self.client.post_metadata(claimed.key, claimed.metadata.clone());
        let trial = self.attempts().until_settled(report.id, What::Metadata, post).await?;
        let mut settled = Settled::default();
        let outcome = match trial.end {
            TrialEnd::Taken(()) => {
                self.store.mark_metadata_sent(report.id, self.options.now()).await?;
                DeliveryOutcome::Sent { usage_data_id: None }
            }
            TrialEnd::Failed(failure) => {
                settled.unreachable = matches!(failure, AttemptFailure::Unreachable(_));
                self.keep_metadata_failure(report.id, &failure).await?
            }
            TrialEnd::Lost => DeliveryOutcome::HeldElsewhere,
        };
        Ok((
            MetadataSummary {
                report_id: report.id,
                attempts: trial.attempts,
                outcome,
            },
            settled,
        ))
    }

    fn attempts(&self) -> Attempts<'_> {
        Attempts {
            store: self.store,
            config: self.client.config(),
            lease: &self.lease,
        }
    }

    async fn claim_payload(&self, id: i64) -> Result<Claim<ClaimedReport>, StateError> {
        let patience = Instant::now() + self.lease.duration() * 2;
        loop {
            if let Some(claimed) = self.store.claim_report(id, &self.lease).await? {
                return Ok(Claim::Ours(claimed));
            }
            let waits = self
                .store
                .report(id)
                .await?
                .is_some_and(|report| report.delivery == Delivery::Waiting);
            if let Some(outcome) = in_the_way(waits, patience) {
                return Ok(Claim::Not(outcome));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn claim_metadata(&self, id: i64) -> Result<Claim<ClaimedMetadata>, StateError> {
        let patience = Instant::now() + self.lease.duration() * 2;
        loop {
            if let Some(claimed) = self.store.claim_metadata(id, &self.lease).await? {
                return Ok(Claim::Ours(claimed));
            }
            let report = self.store.report(id).await?;
            let waits = report.is_some_and(|report| report.metadata_delivery == MetadataDelivery::Waiting);
            if let Some(outcome) = in_the_way(waits, patience) {
                return Ok(Claim::Not(outcome));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Keeps a receipt; a DevOps report that is not valid is a warning.
    async fn keep_receipt(&self, report_id: i64, receipt: &Acknowledgement) -> Result<Option<String>, StateError> {
        let now = self.options.now();
        self.store.mark_sent(report_id, now, receipt.usage_data_id).await?;
        match &receipt.dev_ops {
            DevOpsReport::Absent => Ok(None),
            DevOpsReport::Invalid(problem) => {
                tracing::warn!(
                    report = report_id,
                    problem,
                    "the DevOps report of the reply is not valid"
                );
                Ok(Some(format!("the DevOps report of the reply is not valid: {problem}")))
            }
            DevOpsReport::Valid(metrics) => {
                let record = DevOpsRecord {
                    report_id,
                    created_at: now,
                    metrics: metrics.clone(),
                };
                self.store.record_dev_ops(&record).await?;
                Ok(None)
            }
        }
    }

    async fn keep_failure(&self, id: i64, failure: &AttemptFailure) -> Result<DeliveryOutcome, StateError> {
        let reason = failure.to_string();
        if failure.is_final() {
            self.store.mark_rejected(id, &self.lease, &reason).await?;
            return Ok(DeliveryOutcome::Rejected { reason });
        }
        let next_attempt_at = self.next_attempt_at(failure);
        self.store
            .mark_waiting(id, &self.lease, &reason, next_attempt_at)
            .await?;
        Ok(match failure {
            AttemptFailure::Unacknowledged(_) => DeliveryOutcome::Unacknowledged { reason },
            _ => DeliveryOutcome::Waiting {
                reason,
                next_attempt_at,
            },
        })
    }

    async fn keep_metadata_failure(&self, id: i64, failure: &AttemptFailure) -> Result<DeliveryOutcome, StateError> {
        let reason = failure.to_string();
        if failure.is_final() {
            self.store.mark_metadata_rejected(id, &self.lease, &reason).await?;
            return Ok(DeliveryOutcome::Rejected { reason });
        }
        let next_attempt_at = self.next_attempt_at(failure);
        self.store
            .mark_metadata_waiting(id, &self.lease, &reason, next_attempt_at)
            .await?;
        Ok(DeliveryOutcome::Waiting {
            reason,
            next_attempt_at,
        })
    }

    fn next_attempt_at(&self, failure: &AttemptFailure) -> Option<DateTime<Utc>> {
        let wait = TimeDelta::from_std(failure.retry_after()?).unwrap_or(LONGEST_HOLD);
        // To the microsecond, as it is kept.
        Some((self.options.now() + wait.min(LONGEST_HOLD)).trunc_subsecs(6))
    }

    /// Tells the endpoint of a failure, unless nothing listens there at all.
    async fn tell(&self, failure: &AttemptFailure, elapsed: Duration) -> Settled {
        if matches!(failure, AttemptFailure::Unreachable(_)) {
            return Settled { unreachable: true };
        }
        let message = failure.to_string();
        let report = ErrorReport {
            sender: &self.options.sender,
            time: self.options.now(),
            elapsed,
            message: &message,
        };
        self.client.report_error(&report).await;
        Settled::default()
    }
}

/// What stands in the way of a claim, unless it is worth another look.
fn in_the_way(waits: bool, patience: Instant) -> Option<DeliveryOutcome> {
    if !waits {
        Some(DeliveryOutcome::SettledElsewhere)
    } else if Instant::now() >= patience {
        Some(DeliveryOutcome::HeldElsewhere)
    } else {
        None
    }
}
