//! The weekly job inside `serve`: looks at the clock, runs what is due, and remembers it in the state store.

use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use tracing::Instrument;

use crate::cli::message::note;
use crate::cli::permission::Permission;
use crate::cli::run::{Trigger, Turn, weekly_under};
use crate::cli::setup::{DefinitionArgs, OnlyArgs, Patience, Setup, load_config};
use crate::cli::signal::{Budget, interrupt_at_end};
use crate::cli::telemetry::Telemetry;
use crate::cli::{CliError, Global, exit, submit};
use crate::config::Config;
use crate::schedule::{Decision, Schedule};
use crate::source::database::{Interrupt, Stop, Switch};
use crate::source::facts::iso8601;
use crate::state::{KeptSchedule, RunStatus, StateStore};

/// The longest sleep: a clock that is set, and a machine that wakes, are noticed within it.
const LOOK: Duration = Duration::from_secs(30);
/// How long a run may go on after it was told to stop: what it stores then, another run delivers.
const GRACE: Duration = Duration::from_secs(20);
/// Runs that are looked through for the one of a slot.
const RUNS: u32 = 50;

/// Keeps the weekly job.
pub(super) struct Weekly<'a> {
    global: &'a Global,
    definitions: &'a DefinitionArgs,
    state: StateStore,
    schedule: Schedule,
    stop: Interrupt,
    /// The due time that was said last.
    said: Option<DateTime<Utc>>,
}

impl<'a> Weekly<'a> {
    pub(super) fn new(
        global: &'a Global,
        definitions: &'a DefinitionArgs,
        state: StateStore,
        schedule: Schedule,
        stop: Interrupt,
    ) -> Weekly<'a> {
        Weekly {
            global,
            definitions,
            state,
            schedule,
            stop,
            said: None,
        }
    }

    /// Runs what is due until it is told to stop. A state store that fails is asked again.
    pub(super) async fn keep(mut self) {
        note(&format!(
            "the weekly job is due at {} (cron, UTC)",
            self.schedule.cron()
        ));
        while !self.stop.is_raised() {
            let pause = match self.look().await {
                Ok(pause) => pause,
                Err(error) => {
                    note(&format!("the schedule cannot be kept for now: {error}"));
                    LOOK
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause.min(LOOK)) => {}
                () = self.stop.raised() => {}
            }
        }
    }

    /// Does what is due now, and says how long nothing is.
    async fn look(&mut self) -> Result<Duration, CliError> {
        let now = Utc::now();
        let kept = match self.state.schedule().await? {
            Some(kept) => kept,
            None => self.state.begin_schedule(&self.schedule.begin(now)).await?,
        };
        let Some(kept) = self.settle(kept, now).await? else {
            return Ok(Duration::ZERO);
        };
        match self.schedule.decide(&kept.record, now) {
            Decision::Wait(until) => {
                self.say(until);
                Ok((until - now).to_std().unwrap_or_default())
            }
            Decision::Run(slot) => {
                self.take(kept, slot, now).await?;
                Ok(Duration::ZERO)
            }
        }
    }

    /// Keeps a record that a clock which was set back made another; `None` where somebody else has changed it.
    async fn settle(&self, kept: KeptSchedule, now: DateTime<Utc>) -> Result<Option<KeptSchedule>, CliError> {
        let settled = self.schedule.settled(&kept.record, now);
        if settled == kept.record {
            return Ok(Some(kept));
        }
        Ok(self.state.change_schedule(&kept, &settled).await?)
    }

    fn say(&mut self, until: DateTime<Utc>) {
        if self.said != Some(until) {
            note(&format!("next run at {}", iso8601(until)));
            self.said = Some(until);
        }
    }

    /// Runs the job of a slot, unless another scheduler has taken it. It counts as failed until it ends well, so that a
    /// job that kills its process is not begun again at once for ever.
    async fn take(&mut self, kept: KeptSchedule, slot: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), CliError> {
        let begun = self.schedule.failed(&kept.record, slot, now);
        let Some(taken) = self.state.change_schedule(&kept, &begun).await? else {
            return Ok(());
        };
        note(&format!("the job of {} begins", iso8601(slot)));
        let ended = match self.job(slot).await {
            Ok(exit::DONE | exit::REPORTING_OFF) => {
                note(&format!("the job of {} is done", iso8601(slot)));
                self.schedule.done(slot)
            }
            // Told to stop, which is no failure of the job: the next process begins where this one began.
            _ if self.stop.is_raised() => kept.record.clone(),
            failed => {
                note(&format!("the job of {} failed: {}", iso8601(slot), why(&failed)));
                self.schedule.failed(&kept.record, slot, Utc::now())
            }
        };
        self.state.change_schedule(&taken, &ended).await?;
        Ok(())
    }

    /// Measures and delivers; where the slot was measured before, delivers alone.
    async fn job(&self, slot: DateTime<Utc>) -> Result<u8, CliError> {
        let config = load_config(self.global)?;
        let permission = Permission::ask(&config, Utc::now(), Patience::Wait, &self.stop).await?;
        if let Some(refusal) = permission.refusal.filter(|refusal| refusal.is_off()) {
            note(&format!(
                "reporting is off: {}; nothing was measured or sent",
                refusal.says()
            ));
            return Ok(exit::REPORTING_OFF);
        }
        let code = match self.is_measured(slot).await? {
            true => self.deliver(&config, permission).await?,
            false => self.measure(config, permission, slot).await?,
        };
        if let (exit::REPORTING_OFF, Some(refusal)) = (code, permission.refusal) {
            note(&format!("nothing was sent: {}", refusal.says()));
            refusal.note_next();
        }
        Ok(code)
    }

    async fn is_measured(&self, slot: DateTime<Utc>) -> Result<bool, CliError> {
        let week = slot..slot + TimeDelta::days(7);
        let runs = self.state.runs(RUNS).await?;
        Ok(runs.iter().any(|run| {
            let ours = run.trigger == Trigger::Schedule.name() && run.status == RunStatus::Completed;
            ours && week.contains(&run.recorded_at)
        }))
    }

    async fn deliver(&self, config: &Config, permission: Permission) -> Result<u8, CliError> {
        if permission.refusal.is_some() {
            return Ok(exit::REPORTING_OFF);
        }
        let uuid = submit::instance_uuid(config, &self.state).await?;
        let report = submit::deliver_waiting(config, &self.state, uuid, None).await?;
        match report.is_delivered() {
            true => Ok(exit::DONE),
            false => Ok(exit::NOT_DELIVERED),
        }
    }

    /// A run of this slot that ended in the middle is gone on with.
    async fn measure(&self, config: Config, permission: Permission, slot: DateTime<Utc>) -> Result<u8, CliError> {
        let begun = Instant::now();
        let mut setup = Setup::with_config(config, self.global, self.definitions)?;
        setup.permission = permission;
        let budget = setup.config.run.budget.map(|time| Budget { begun, time });
        let (switch, interrupt) = interrupt_at_end(budget);
        let telemetry = Telemetry::of(&setup.config)?;
        let turn = Turn::take(setup.state().await?, setup.config.run.lease, Some(slot), switch.clone()).await?;
        let span = turn.span.clone();
        let ended = async {
            turn.begin(&mut setup);
            let ended = self.measure_under(&setup, &turn, switch, interrupt, &telemetry).await;
            turn.end().await;
            telemetry.flush().await;
            ended
        };
        ended.instrument(span).await
    }

    async fn measure_under(
        &self,
        setup: &Setup,
        turn: &Turn,
        switch: Switch,
        interrupt: Interrupt,
        telemetry: &Telemetry,
    ) -> Result<u8, CliError> {
        let plan = setup.plan(&OnlyArgs { only: Vec::new() })?;
        let mut run = pin!(weekly_under(
            setup,
            plan,
            false,
            interrupt,
            turn,
            Trigger::Schedule,
            telemetry
        ));
        let mut stop = self.stop.clone();
        tokio::select! {
            ended = &mut run => return ended.map(|(_, code)| code),
            () = stop.raised() => switch.throw(Stop::Asked),
        }
        match tokio::time::timeout(GRACE, run).await {
            Ok(ended) => ended.map(|(_, code)| code),
            Err(_) => Err(CliError::Interrupted),
        }
    }
}

fn why(failed: &Result<u8, CliError>) -> String {
    match failed {
        Ok(exit::NOT_DELIVERED) => "the payload was not delivered, and waits".to_owned(),
        Ok(code) => format!("it ended with code {code}"),
        Err(error) => error.to_string(),
    }
}
