//! A run's turn: the lease of the job, held for as long as the run lasts, and the run that it goes on with.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::{Instrument, Span, field};
use uuid::Uuid;

use crate::cli::CliError;
use crate::cli::message::note;
use crate::cli::setup::Setup;
use crate::source::database::{Stop, Switch};
use crate::source::facts::iso8601;
use crate::state::{LeaseAnswer, Run, RunLease, StateStore};

/// A run that began longer ago is not gone on with: its values would be of another week.
pub(in crate::cli) const PERIOD: TimeDelta = TimeDelta::days(7);

/// The right to run, and where to begin.
pub(in crate::cli) struct Turn {
    /// The store under the lease.
    pub(in crate::cli) state: StateStore,
    /// The run that is begun, or gone on with.
    pub(in crate::cli) run_id: Uuid,
    /// The span that every line of the log about the run stands in.
    pub(in crate::cli) span: Span,
    /// The run to go on with.
    pub(in crate::cli) resumes: Option<Run>,
    lease: RunLease,
    renewal: JoinHandle<()>,
    /// Thrown once the lease is lost.
    pub(in crate::cli) stop: Switch,
}

impl Turn {
    /// Takes the lease, and looks for a run to go on with that recorded nothing before `since`, if that is asked for.
    ///
    /// # Errors
    /// [`CliError::LeaseHeld`] where another process has it; the state store failed.
    pub(in crate::cli) async fn take(
        state: StateStore,
        lasts: Duration,
        since: Option<DateTime<Utc>>,
        stop: Switch,
    ) -> Result<Turn, CliError> {
        let lease = match state.take_run_lease(lasts).await? {
            LeaseAnswer::Taken(lease) => lease,
            LeaseAnswer::Held(held) => return Err(CliError::LeaseHeld(Box::new(held))),
        };
        // As severe as anything that may be said in it, so that no level of the log leaves it out.
        let span = tracing::error_span!("run", run_id = field::Empty);
        let renewal = renew(state.clone(), lease.clone(), stop.clone()).instrument(span.clone());
        let renewal = tokio::spawn(renewal);
        let mut turn = Turn {
            state: state.under(&lease),
            run_id: Uuid::now_v7(),
            span,
            resumes: None,
            lease,
            renewal,
            stop,
        };
        match turn.unfinished(since).await {
            Ok(resumes) => {
                turn.run_id = resumes.as_ref().map_or(turn.run_id, |run| run.id);
                turn.resumes = resumes;
                turn.span.record("run_id", field::display(turn.run_id));
                Ok(turn)
            }
            Err(error) => {
                turn.end().await;
                Err(error)
            }
        }
    }

    async fn unfinished(&self, since: Option<DateTime<Utc>>) -> Result<Option<Run>, CliError> {
        let Some(since) = since else { return Ok(None) };
        Ok(self.state.unfinished_run(since).await?)
    }

    /// Has the setup measure for the instant of the run that is gone on with.
    pub(in crate::cli) fn begin(&self, setup: &mut Setup) {
        if let Some(run) = &self.resumes {
            note(&format!(
                "goes on with the run of {}, which ended in the middle",
                iso8601(run.recorded_at)
            ));
            setup.now = run.recorded_at;
        }
    }

    /// Gives the lease back. A store that fails now keeps it until it runs out.
    pub(in crate::cli) async fn end(self) {
        self.renewal.abort();
        if let Err(error) = self.state.release_run_lease(&self.lease).await {
            tracing::warn!(%error, "The lease of the run was not given back: it runs out by itself.");
        }
        self.state.close().await;
    }
}

/// Renews the lease well before it runs out, for as long as it is ours. A store that is away is asked again: nobody else
/// gets the lease from it meanwhile.
async fn renew(state: StateStore, lease: RunLease, stop: Switch) {
    let period = lease.duration() / 3;
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match state.renew_run_lease(&lease).await {
            Ok(true) => {}
            Ok(false) => return stop.throw(Stop::LeaseLost),
            Err(error) => tracing::warn!(%error, "The lease of the run was not renewed yet."),
        }
    }
}
