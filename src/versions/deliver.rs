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
/// endpoint cannot be reached or asks to be left alone, the rest is not tried.
///
/// # Errors
/// The state store failed.
pub async fn deliver(
    store: &StateStore,
    client: &Client,
    options: &DeliveryOptions,
) -> Result<DeliveryReport, StateError> {
    let pass = OutboxPass::new(store, client, options);
    let mut closed = None;
    let mut delivered = DeliveryReport::default();
    for report in store.waiting_reports().await? {
        closed = closed.or_else(|| held(&report, options.now()));
        let summary = match &closed {
            Some(closed) => ReportSummary::new(&report, 0, closed.clone()),
            None => {
                let (summary, settled) = pass.deliver_payload(&report).await?;
                closed = closing(&settled, &summary.outcome);
                summary
            }
        };
        delivered.reports.push(summary);
    }
    for report in store.unsent_metadata().await? {
        closed = closed.or_else(|| held(&report, options.now()));
        let summary = match &closed {
            Some(closed) => MetadataSummary {
                report_id: report.id,
                attempts: 0,
                outcome: closed.clone(),
            },
            None => {
                let (summary, settled) = pass.deliver_metadata(&report).await?;
                closed = closing(&settled, &summary.outcome);
                summary
            }
        };
        delivered.metadata.push(summary);
    }
    Ok(delivered)
}

/// The endpoint asked, in an earlier run, to be left alone until an instant that is yet to come.
fn held(report: &Report, now: DateTime<Utc>) -> Option<DeliveryOutcome> {
    let until = report
        .next_attempt_at
        .filter(|until| *until > now && *until <= now + LONGEST_HOLD)?;
    let reason = report
        .last_error
        .clone()
        .unwrap_or_else(|| "the Versions endpoint asked to be left alone".to_owned());
    Some(DeliveryOutcome::NotTried {
        reason,
        next_attempt_at: Some(until),
    })
}

/// What the rest of the outbox meets, if an outcome says that the endpoint takes nothing at present.
fn closing(settled: &Settled, outcome: &DeliveryOutcome) -> Option<DeliveryOutcome> {
    let DeliveryOutcome::Waiting {
        reason,
        next_attempt_at,
    } = outcome
    else {
        return None;
    };
    let closes = settled.unreachable || next_attempt_at.is_some();
    closes.then(|| DeliveryOutcome::NotTried {
        reason: reason.clone(),
        next_attempt_at: *next_attempt_at,
    })
}
