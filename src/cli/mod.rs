//! The command line: one file a verb, no logic of its own. Results go to stdout, everything else to stderr.

mod alarm;
mod bundle;
mod completions;
mod consent;
mod consented;
mod console;
mod demo;
mod demo_events;
mod dictionary;
mod diff;
mod doctor;
mod dump;
mod error;
mod event_setup;
mod events;
pub mod exit;
mod explain;
mod generate;
mod geo;
mod history;
mod init;
mod job;
mod live;
mod lookalikes;
mod man;
mod message;
mod metric;
mod new;
mod output;
mod permission;
mod preview;
mod progress;
mod run;
mod scan;
mod serve;
mod setup;
mod shipped;
mod signal;
mod site;
mod snowplow;
mod strategy;
mod submit;
mod summary;
mod telemetry;
mod test;
mod token;
mod trace;
mod usage_log;
mod validate;
mod value_schema;
mod versions;
mod wanted;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Datelike, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tokio::runtime::Builder;

pub use error::CliError;

/// Learn how an instance of your software is used, once a week and with its operator's consent.
///
/// Reads YAML metric definitions, measures them safely on the live database, and sends one JSON payload to your Versions
/// endpoint. Try `service-ping demo` first.
#[derive(Debug, Parser)]
#[command(name = "service-ping", version, max_term_width = 100, after_help = exit::help())]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// Options that every verb takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every verb")]
struct Global {
    /// The configuration; its keys also as SERVICE_PING__SECTION__KEY [default: ./service-ping.toml, if it is there]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SERVICE_PING_CONFIG",
        hide_env_values = true
    )]
    config: Option<PathBuf>,
    /// Colours in messages; auto heeds NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// What stderr is written as; SERVICE_PING_LOG sets the level of the log
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// Freeze the clock, such as 2026-11-19T00:00:00Z [default: the time it is]
    #[arg(long, global = true, value_name = "RFC3339", value_parser = instant)]
    now: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the weekly job against a sample instance and a receiver on loopback, all in ./demo
    Demo(demo::DemoArgs),
    /// Make a new folder with a configuration and three definitions
    Init(init::InitArgs),
    /// The weekly job: collect, store, submit, send metadata
    Run(run::RunArgs),
    /// The payload on stdout, nothing stored or sent
    Generate(generate::GenerateArgs),
    /// The statements of all metrics, or the values that need none, for review
    Dump(dump::DumpArgs),
    /// One metric or class: each statement with its time, then the value
    Metric(metric::MetricArgs),
    /// What a metric would cost before it runs: plan, index, slowest batch, verdict
    Explain(explain::ExplainArgs),
    /// A prompt for expressions such as count(users), with history and completion
    Console(console::ConsoleArgs),
    /// Track events, count their unique values, list them, copy a store
    Events(events::EventsArgs),
    /// Check every file; errors with file, line, column and a caret
    Validate(validate::ValidateArgs),
    /// Run the tests of definitions: rows and events in, value out
    Test(test::TestArgs),
    /// Every metric as its readers look it up: YAML, Markdown or a static site
    Dictionary(dictionary::DictionaryArgs),
    /// Files of metrics, events and aggregates that pass validate
    New(new::NewArgs),
    /// Exactly what would leave now, also while sending is off
    Preview(preview::PreviewArgs),
    /// Past runs: what failed and why, what was slow, one metric over time
    History(history::HistoryArgs),
    /// What changed between two runs: new, gone, newly failing, by more than a factor
    Diff(diff::DiffArgs),
    /// Deliver what waits in the outbox
    Submit(submit::SubmitArgs),
    /// Single events to a Snowplow collector: send, drain, look, replay
    Snowplow(snowplow::SnowplowArgs),
    /// Jobs under telemetry: run one, tell of it, keep its exit code
    Job(job::JobArgs),
    /// The usage log of finished jobs: what its configuration means
    UsageLog(usage_log::UsageLogArgs),
    /// Stay: run the weekly job when it is due, answer probes and collectors of metrics
    Serve(serve::ServeArgs),
    /// Tokens that programs and people show to serve: add, list, revoke
    Token(token::TokenArgs),
    /// Several sites of one instance: a secondary's week, and its way to the primary
    Geo(geo::GeoArgs),
    /// What may leave by your word: show, compare, accept, revoke
    Consent(consent::ConsentArgs),
    /// Reports as signed files, for networks without a way to the maker
    Bundle(bundle::BundleArgs),
    /// The receiving end: stores what instances send
    Versions(versions::VersionsArgs),
    /// Check the configuration and everything that it points at
    Doctor(doctor::DoctorArgs),
    /// Completions for a shell
    Completions(completions::CompletionsArgs),
    /// The manual pages
    Man(man::ManArgs),
}

/// Parses the command line, runs its verb and says how it ended.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { exit::USAGE } else { exit::DONE };
            drop(error.print());
            return ExitCode::from(code);
        }
    };
    let global = cli.global.clone();
    message::start_logging(&global);
    quiet_panics();
    let runtime = match runtime_for(&cli.verb).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = CliError::Other(format!("the runtime cannot be started: {error}"));
            message::error(&error, &global);
            return ExitCode::from(error.exit_code());
        }
    };
    let code = match runtime.block_on(dispatch(cli)) {
        Ok(code) => code,
        Err(error) => {
            message::error(&error, &global);
            error.exit_code()
        }
    };
    // What still runs, such as a statement that was given up on, is not waited for.
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// A run waits for its databases, and does what they answer in one place: with threads of the runtime's own, each piece of an
/// answer would wake one of them that then wakes us.
fn runtime_for(verb: &Verb) -> Builder {
    match verb {
        // A job's own command is all there is to wait for.
        Verb::Run(_) | Verb::Generate(_) | Verb::Job(_) => Builder::new_current_thread(),
        _ => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(2);
            builder
        }
    }
}

async fn dispatch(cli: Cli) -> Result<u8, CliError> {
    signal::outlive_size_limits();
    let global = &cli.global;
    match cli.verb {
        Verb::Demo(args) => demo::run(global, args).await,
        Verb::Init(args) => init::run(args),
        Verb::Run(args) => run::run(global, args).await,
        Verb::Generate(args) => generate::run(global, args).await,
        Verb::Dump(args) => dump::run(global, args).await,
        Verb::Metric(args) => metric::run(global, args).await,
        Verb::Explain(args) => explain::run(global, args).await,
        Verb::Console(args) => console::run(global, args).await,
        Verb::Events(args) => events::run(global, args).await,
        Verb::Validate(args) => validate::run(global, args).await,
        Verb::Test(args) => test::run(global, args).await,
        Verb::Dictionary(args) => dictionary::run(global, args).await,
        Verb::New(args) => new::run(global, args).await,
        Verb::Preview(args) => preview::run(global, args).await,
        Verb::History(args) => history::run(global, args).await,
        Verb::Diff(args) => diff::run(global, args).await,
        Verb::Submit(args) => submit::run(global, args).await,
        Verb::Snowplow(args) => snowplow::run(global, args).await,
        Verb::Job(args) => job::run(global, args).await,
        Verb::UsageLog(args) => usage_log::run(global, args),
        Verb::Serve(args) => serve::run(global, args).await,
        Verb::Token(args) => token::run(global, args).await,
        Verb::Geo(args) => geo::run(global, args).await,
        Verb::Consent(args) => consent::run(global, args).await,
        Verb::Bundle(args) => bundle::run(global, args).await,
        Verb::Versions(args) => versions::run(global, args).await,
        Verb::Doctor(args) => doctor::run(global, args).await,
        Verb::Completions(args) => completions::run(args),
        Verb::Man(args) => man::run(args),
    }
}

impl Global {
    fn now(&self) -> DateTime<Utc> {
        // The payload carries milliseconds: nothing may depend on more.
        let now = self.now.unwrap_or_else(Utc::now);
        DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    /// Whether messages on stderr are coloured.
    fn colored(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal(),
        }
    }
}

/// A time such as `2026-11-19T00:00:00Z`, in years that windows and samples can be computed in.
fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let parsed = DateTime::parse_from_rfc3339(text).map_err(|error| error.to_string())?;
    if !(1970..=9000).contains(&parsed.year()) {
        return Err("choose a year between 1970 and 9000".to_owned());
    }
    Ok(parsed.to_utc())
}

/// A panic of a counter is an outcome; its text may hold a row's value and is not printed.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "A part of the program panicked.");
    }));
}
