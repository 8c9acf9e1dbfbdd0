//! `job exec`: a command under telemetry.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::child::{self, Ended};
use super::telemetry::Telemetry;
use super::usage::Usage;
use crate::cli::Global;
use crate::cli::message::note;
use crate::cli::setup::load_config;
use crate::config::parse_duration;
use crate::emit::job_telemetry::{Bounds, JobFacts, JobPayload};
use crate::emit::otlp::Clock;

#[derive(Debug, Args)]
pub(super) struct ExecArgs {
    /// The job's payload as JSON; without it the job still runs
    #[arg(long, value_name = "FILE")]
    payload: PathBuf,
    /// What runs the job, as its span says it
    #[arg(long, value_name = "NAME", default_value = "shell")]
    executor: String,
    /// Wait so long for collectors, as a container needs it
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    wait: Duration,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// A payload is some 100 KiB; what is longer than this is none.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Runs the command. Nothing that goes wrong beside it changes how it ends.
pub(super) async fn run(global: &Global, args: ExecArgs) -> u8 {
    let payload = payload(&args.payload);
    let config = load_config(global).map_err(|_| {
        note("the configuration has errors: the job runs, and is neither recorded nor told of; service-ping doctor shows them");
    });
    let (telemetry, usage) = match config {
        Ok(config) => (Telemetry::negotiate(&config, &payload), Usage::of(&config)),
        Err(()) => (None, None),
    };
    let (clock, began) = (Clock::now(), Instant::now());
    let Ended { code, result } = child::run(&args.command).await;
    let bounds = Bounds::between(&clock, began, Instant::now());
    let facts = JobFacts::of(&payload, &args.executor);
    if let Some(usage) = usage {
        usage.record(&payload, &facts, &result, bounds, args.wait).await;
    }
    if let Some(telemetry) = telemetry {
        telemetry.tell(&facts, &result, bounds, args.wait).await;
    }
    code
}

fn payload(path: &std::path::Path) -> JobPayload {
    use std::io::Read;

    let mut bytes = Vec::new();
    let file = std::fs::File::open(path);
    let read = file.and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    let payload = match read {
        Ok(_) => JobPayload::read(&bytes).map_err(|place| format!("it is no JSON at {place}")),
        Err(error) => Err(error.to_string()),
    };
    payload.unwrap_or_else(|error| {
        note(&format!(
            "--payload {}: {error}; the job runs, and nothing is told of it",
            path.display()
        ));
        JobPayload::default()
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a whole number and ms, s, m or h, such as 10s".to_owned())
}
