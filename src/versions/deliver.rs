//! Delivery of all that waits.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::state::{Report, StateError, StateStore};

use super::client::Client;
use super::error_report::Sender;
use super::outbox_pass::{OutboxPass, Settled};
use super::summary::{DeliveryOutcome, DeliveryReport, MetadataSummary, ReportSummary};

/// How long a claim on a report lasts unless renewed: so long does a report of a killed process wait.
const LEASE: Duration = Duration::from_secs(10);
/// No endpoint is left alone for longer; a longer wait was kept by a clock that has been set back since.
pub(super) const LONGEST_HOLD: TimeDelta = TimeDelta::days(7);
/// So many in succession that are not taken say that it is the endpoint.
const UNTAKEN: u32 = 2;

/// Who delivers, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryOptions {
    pub sender: Sender,
    /// The instant to deliver at, if the clock is frozen.
    pub now: Option<DateTime<Utc>>,
    /// How long a claim on a report lasts unless renewed.
    pub lease: Duration,
}

impl DeliveryOptions {
    /// Delivers by the system's clock.
    pub fn new(sender: Sender) -> DeliveryOptions {
        DeliveryOptions {
            sender,
            now: None,
            lease: LEASE,
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now.unwrap_or_else(Utc::now)
    }
}

/// Sends every payload that waits, oldest first, then the metadata of those that were sent, now or before.
///
/// Each payload keeps its one key over retries, restarts and processes; of several deliverers one sends, and the others
/// wait for it. A failure ends nothing: it is in the report, and what it concerns waits for the next delivery. If the
/// endpoint cannot be reached, asks to be left alone, or takes two in succession neither now nor later, the rest is not
/// tried: it waits for an endpoint that is in order.
///
/// # Errors
/// The state store failed.
pub async fn deliver(
    store: &StateStore,
    client: &Client,
    options: &DeliveryOptions,
) -> Result<DeliveryReport, StateError> {
    let pass = OutboxPass::new(store, client, options);
    let mut gate = Gate::default();
    let mut delivered = DeliveryReport::default();
    for report in store.waiting_reports().await? {
        gate.look_at(&report, options.now());
        let summary = match &gate.closed {
            Some(closed) => ReportSummary::new(&report, 0, closed.clone()),
            None => {
                let (summary, settled) = pass.deliver_payload(&report).await?;
                gate.met(&settled, &summary.outcome);
                summary
            }
        };
        delivered.reports.push(summary);
    }
    for report in store.unsent_metadata().await? {
        gate.look_at(&report, options.now());
        let summary = match &gate.closed {
            Some(closed) => MetadataSummary {
                report_id: report.id,
                attempts: 0,
                outcome: closed.clone(),
            },
            None => {
                let (summary, settled) = pass.deliver_metadata(&report).await?;
                gate.met(&settled, &summary.outcome);
                summary
            }
        };
        delivered.metadata.push(summary);
    }
    Ok(delivered)
}

/// Whether the rest of the outbox is tried.
#[derive(Default)]
struct Gate {
    /// What the rest meets, if it is not.
    closed: Option<DeliveryOutcome>,
    /// How many in succession were not taken, up to now.
    untaken: u32,
}

impl Gate {
    /// Closes if the endpoint asked, in an earlier run, to be left alone until an instant that is yet to come.
    fn look_at(&mut self, report: &Report, now: DateTime<Utc>) {
        let until = report
            .next_attempt_at
            .filter(|until| *until > now && *until <= now + LONGEST_HOLD);
        if self.closed.is_some() || until.is_none() {
            return;
        }
        let reason = report
            .last_error
            .clone()
            .unwrap_or_else(|| "the Versions endpoint asked to be left alone".to_owned());
        self.close(&reason, until);
    }

    /// Closes if an outcome says that the endpoint takes nothing at present. One that is not taken may be alone in that, and
    /// holds up nobody; after two in succession it is the endpoint, and what waits must not be refused for good one after
    /// the other, nor wait for an answer each.
    fn met(&mut self, settled: &Settled, outcome: &DeliveryOutcome) {
        let (reason, until) = match outcome {
            DeliveryOutcome::Waiting {
                reason,
                next_attempt_at,
            } => (reason, *next_attempt_at),
            DeliveryOutcome::Unacknowledged { reason } | DeliveryOutcome::Rejected { reason } => (reason, None),
            DeliveryOutcome::Sent { .. } => {
                self.untaken = 0;
                return;
            }
            _ => return,
        };
        self.untaken += 1;
        if settled.unreachable || until.is_some() || self.untaken >= UNTAKEN {
            self.close(reason, until);
        }
    }

    fn close(&mut self, reason: &str, next_attempt_at: Option<DateTime<Utc>>) {
        self.closed = Some(DeliveryOutcome::NotTried {
            reason: reason.to_owned(),
            next_attempt_at,
        });
    }
}
