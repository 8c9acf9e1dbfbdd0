//! `run`: the weekly job.

mod plan;
mod turn;

pub(super) use turn::{PERIOD, Turn};

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::time::Instant;
use tracing::Instrument;

use super::consented::{consented, to_leave};
use super::message::note;
use super::output::{Format, counted, print};
use super::permission::Refusal;
use super::setup::{DefinitionArgs, OnlyArgs, Patience, Setup};
use super::signal::{Budget, interrupt_after};
use super::strategy::StrategyArgs;
use super::telemetry::Telemetry;
use super::{CliError, Global, alarm, exit, progress, summary};
use crate::config::{Config, parse_duration};
use crate::report::{Delivered, Destination, Job, Plan, RunReport, RunTrace, run as run_job};
use crate::source::database::{Interrupt, StatementLog};
use crate::state::{Retention, StateStore};
use crate::versions::{Client, ClientConfig};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    #[command(flatten)]
    only: OnlyArgs,
    /// Plan only: what would be measured, and how
    #[arg(long)]
    dry_run: bool,
    /// Collect and store, but send nothing
    #[arg(long)]
    no_submit: bool,
    /// Go on with the run that was killed or told to stop within the last 7 days: only, or begin a new one where there is
    /// none [default: a new run begins]
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "only")]
    resume: Option<Resume>,
    #[command(flatten)]
    strategy: StrategyArgs,
    /// The time that measuring may take, such as 30m; what has no value by then is reported as not run
    /// [default: `budget` of [run], or else none]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    budget: Option<Duration>,
    /// Also write the payload to a file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How the run's report is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// When a run is gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Resume {
    /// Where there is none, nothing is done
    Only,
    /// Where there is none, a new run begins
    Auto,
}

/// Why nothing is tried, and what to do instead: the one line of a run in a sealed network.
const SEALED: &str = "[versions] sealed is true; it waits for service-ping bundle export";

/// What came before a plan is shown.
#[derive(Debug, Clone, Copy)]
struct Timing {
    /// To read and check configuration and definitions.
    loaded: Duration,
    /// To ask every class what its metric measures.
    planned: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "a duration is a whole number and a unit: 500ms, 15s, 2m or 1h".to_owned())
}

pub(super) async fn run(global: &Global, args: RunArgs) -> Result<u8, CliError> {
    let begun = Instant::now();
    let mut setup = Setup::load(global, &args.definitions)?;
    let loaded = begun.elapsed();
    setup.ask_permission(Patience::Wait).await?;
    if let Some(refusal) = setup.permission.refusal.filter(|refusal| refusal.is_off()) {
        return Ok(off(refusal));
    }
    let asked = begun.elapsed();
    // What the command line asks for is refused before anything is begun.
    let plan = setup.plan(&args.only)?.with(args.strategy.strategy());
    let planned = begun.elapsed() - asked;
    if args.dry_run {
        let plan = to_leave(&setup, plan).await?;
        plan::show(&setup, &plan, args.format, Timing { loaded, planned }).await?;
        return Ok(exit::DONE);
    }
    if let Some(path) = &args.output {
        must_be_writable(path)?;
    }
    let budget = args.budget.or(setup.config.run.budget);
    let (stop, interrupt) = interrupt_after(budget.map(|time| Budget { begun, time }));
    let since = args.resume.map(|_| setup.now - PERIOD);
    let telemetry = Telemetry::of(&setup.config)?;
    let turn = Turn::take(setup.state().await?, setup.config.run.lease, since, stop).await?;
    if args.resume == Some(Resume::Only) && turn.resumes.is_none() {
        turn.end().await;
        note("nothing to resume: no run of the last 7 days ended in the middle");
        note("next: service-ping run begins a new one, service-ping submit sends what waits");
        return Ok(exit::DONE);
    }
    let span = turn.span.clone();
    let ended = match &turn.resumes {
        None => {
            let whole = whole(&setup, plan, &args, &turn, interrupt, &telemetry);
            whole.instrument(span.clone()).await
        }
        Some(_) => {
            drop(plan);
            span.in_scope(|| turn.begin(&mut setup));
            let resumed = resumed(&setup, &args, &turn, interrupt, &telemetry);
            resumed.instrument(span.clone()).await
        }
    };
    let concluded = async {
        turn.end().await;
        let shown = ended.and_then(|(report, code)| {
            if let (exit::REPORTING_OFF, Some(refusal)) = (code, setup.permission.refusal) {
                refusal.note_next();
            }
            show(&report, args.format).map(|()| code)
        });
        // Whoever reads the report does not wait for a collector.
        telemetry.flush().await;
        shown
    };
    concluded.instrument(span).await
}

fn show(report: &RunReport, format: Format) -> Result<(), CliError> {
    match format {
        Format::Human => print(&summary::text(report)),
        Format::Json => print(&format!("{:#}\n", summary::json(report))),
    }
}

/// Nothing is even measured.
fn off(refusal: Refusal) -> u8 {
    note(&format!(
        "reporting is off: {}; nothing was measured or sent",
        refusal.says()
    ));
    note("next: service-ping preview shows what would leave if it were on");
    exit::REPORTING_OFF
}

/// Plans for the instant of the run that is gone on with.
async fn resumed(
    setup: &Setup,
    args: &RunArgs,
    turn: &Turn,
    interrupt: Interrupt,
    telemetry: &Telemetry,
) -> Result<(RunReport, u8), CliError> {
    let plan = setup.plan(&args.only)?.with(args.strategy.strategy());
    whole(setup, plan, args, turn, interrupt, telemetry).await
}

async fn whole<'a>(
    setup: &'a Setup,
    plan: Plan<'a>,
    args: &RunArgs,
    turn: &Turn,
    interrupt: Interrupt,
    telemetry: &Telemetry,
) -> Result<(RunReport, u8), CliError> {
    let ended = weekly_under(setup, plan, args.no_submit, interrupt, turn, Trigger::Cli, telemetry).await;
    let (report, code) = ended?;
    if let (Some(path), false) = (&args.output, report.interrupted) {
        std::fs::write(path, &report.payload).map_err(|error| CliError::file(path, error))?;
    }
    Ok((report, code))
}

/// Found out before anything is measured or sent, not after. What the file holds stays until the payload is there.
fn must_be_writable(path: &Path) -> Result<(), CliError> {
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map(drop).map_err(|error| CliError::file(path, error))
}

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    Cli,
    Schedule,
}

impl Trigger {
    /// The word that the state store keeps.
    pub(super) fn name(self) -> &'static str {
        match self {
            Trigger::Cli => "cli",
            Trigger::Schedule => "schedule",
        }
    }
}

/// Runs the job over what of the plan may leave, and gives the exit code that its end deserves.
pub(super) async fn weekly<'a>(
    setup: &'a Setup,
    plan: Plan<'a>,
    no_submit: bool,
    budget: Option<Budget>,
) -> Result<(RunReport, u8), CliError> {
    let (stop, interrupt) = interrupt_after(budget);
    let telemetry = Telemetry::of(&setup.config)?;
    let turn = Turn::take(setup.state().await?, setup.config.run.lease, None, stop).await?;
    let span = turn.span.clone();
    let ended = weekly_under(setup, plan, no_submit, interrupt, &turn, Trigger::Cli, &telemetry);
    let ended = ended.instrument(span).await;
    turn.end().await;
    telemetry.flush().await;
    ended
}

/// As [`weekly`], for a caller that has a turn and an interrupt of its own.
pub(super) async fn weekly_under<'a>(
    setup: &'a Setup,
    plan: Plan<'a>,
    no_submit: bool,
    interrupt: Interrupt,
    turn: &Turn,
    trigger: Trigger,
    telemetry: &Telemetry,
) -> Result<(RunReport, u8), CliError> {
    let state = &turn.state;
    let plan = &consented(setup, state, plan).await?.plan_to_leave()?;
    let uuid = setup.uuid(state).await?;
    let sources = setup.sources(Some(uuid), interrupt, StatementLog::default(), Patience::Wait)?;
    let client = client(&setup.config)?;
    let trace = telemetry.is_on().then(|| RunTrace::new(turn.run_id));
    let job = Job {
        plan,
        sources: &sources,
        state,
        stop: &turn.stop,
        run_id: turn.run_id,
        resumes: turn.resumes.is_some(),
        destination: destination(setup, client.as_ref(), no_submit),
        frozen_at: setup.frozen_at,
        uuid,
        definitions_digest: setup.loaded.catalog.digest.clone(),
        trigger: trigger.name().to_owned(),
        trace: trace.as_ref(),
    };
    let ended = run_job(&job, progress::progress().as_ref()).await;
    if let Some(trace) = &trace {
        telemetry.add(uuid, trace.take());
    }
    let report = ended?;
    let code = exit_code(setup, &report, no_submit);
    alarm::sound(&setup.config.hooks, state, &report, code).await?;
    release(setup, state).await;
    Ok((report, code))
}

/// Lets go of what the store holds beyond its bounds; of what was given up somebody has to know. A store that cannot do it
/// now is asked again by the next run: this one has done its work.
async fn release(setup: &Setup, state: &StateStore) {
    let config = &setup.config.state;
    let bounds = Retention {
        runs: config.keep_runs,
        history_bytes: u64::from(config.history_mib) << 20,
        waiting_reports: config.outbox_reports,
        waiting_bytes: u64::from(config.outbox_mib) << 20,
    };
    let released = match state.release(&bounds).await {
        Ok(released) => released,
        Err(error) => return note(&format!("the bounds of [state] are not kept for now: {error}")),
    };
    for (number, what) in [
        (released.reports, "payload"),
        (released.metadata, "document of metadata"),
    ] {
        if number > 0 {
            let given_up = counted(usize::try_from(number).unwrap_or(usize::MAX), what);
            note(&format!(
                "{given_up} gave way to newer ones, never to be sent: more waited than [state] outbox_reports and outbox_mib \
                 allow"
            ));
        }
    }
}

pub(super) fn client(config: &Config) -> Result<Option<Client>, CliError> {
    let versions = &config.versions;
    let Some(url) = &versions.url else { return Ok(None) };
    let config = ClientConfig {
        timeout: versions.timeout,
        attempts: versions.attempts,
        ..ClientConfig::new(url.expose())
    };
    Client::new(config)
        .map(Some)
        .map_err(|error| CliError::Other(error.to_string()))
}

fn destination<'a>(setup: &Setup, client: Option<&'a Client>, no_submit: bool) -> Destination<'a> {
    match (client, setup.permission.refusal) {
        _ if no_submit => Destination::Nowhere("--no-submit".to_owned()),
        (_, Some(refusal)) => Destination::Nowhere(refusal.says().to_owned()),
        _ if setup.config.versions.sealed => Destination::Outbox(SEALED.to_owned()),
        (None, None) => Destination::Nowhere("[versions] has no url".to_owned()),
        (Some(client), None) => Destination::Versions(client),
    }
}

fn exit_code(setup: &Setup, report: &RunReport, no_submit: bool) -> u8 {
    match &report.delivery {
        _ if report.interrupted => exit::INTERRUPTED,
        Delivered::Tried(delivery) if !delivery.is_delivered() => exit::NOT_DELIVERED,
        Delivered::Kept(_) if !no_submit && setup.permission.refusal.is_some() => exit::REPORTING_OFF,
        _ => exit::DONE,
    }
}
