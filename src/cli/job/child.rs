//! The job's command: it has our streams and our terminal, and we hand on what we are told.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::signals::Signals;
use crate::cli::message::note;
use crate::emit::job_telemetry::{JobResult, JobStatus};

/// How a command ended.
pub(super) struct Ended {
    /// As shells say it: the command's own, or 128 and the signal that ended it.
    pub(super) code: u8,
    pub(super) result: JobResult,
}

/// As shells say that a command cannot be run, and that there is none.
const NOT_RUNNABLE: u8 = 126;
const NOT_FOUND: u8 = 127;
const OF_SIGNAL: i32 = 128;

/// Runs the command to its end. It is in our process group, so that the terminal's keys reach it as they would without us.
pub(super) async fn run(command: &[OsString]) -> Ended {
    let (program, arguments) = match command.split_first() {
        Some(command) => command,
        None => return not_run(NOT_FOUND),
    };
    // Before it begins: what is said from here on is handed on, and does not end us.
    let mut signals = Signals::listen();
    let mut child = match Command::new(program).args(arguments).spawn() {
        Ok(child) => child,
        Err(error) => {
            note(&format!("{}: {error}", program.to_string_lossy()));
            return not_run(if error.kind() == ErrorKind::NotFound {
                NOT_FOUND
            } else {
                NOT_RUNNABLE
            });
        }
    };
    let pid = i32::try_from(child.id()).map(Pid::from_raw);
    let mut ended = tokio::task::spawn_blocking(move || child.wait());
    let mut asked = None;
    loop {
        tokio::select! {
            status = &mut ended => {
                return match status.ok().and_then(Result::ok) {
                    Some(status) => of(status, asked),
                    None => not_run(NOT_RUNNABLE),
                };
            }
            signal = signals.next() => {
                asked = ends(signal).then_some(signal).or(asked);
                if let Ok(pid) = pid && !signals.reached_the_child(signal) {
                    // It may have ended by itself since.
                    let _ = kill(pid, signal);
                }
            }
        }
    }
}

/// Whether a signal asks for the end.
fn ends(signal: Signal) -> bool {
    matches!(
        signal,
        Signal::SIGHUP | Signal::SIGINT | Signal::SIGQUIT | Signal::SIGTERM
    )
}

fn not_run(code: u8) -> Ended {
    Ended {
        code,
        result: JobResult::of(JobStatus::Failed, "runner_system_failure"),
    }
}

fn of(status: ExitStatus, asked: Option<Signal>) -> Ended {
    let code = status
        .code()
        .unwrap_or_else(|| OF_SIGNAL + status.signal().unwrap_or_default());
    let result = match asked {
        _ if status.success() => JobResult::success(),
        Some(Signal::SIGINT) => JobResult::of(JobStatus::Canceled, "job_canceled"),
        Some(_) => JobResult::of(JobStatus::Terminated, "runner_interrupted"),
        None => JobResult::of(JobStatus::Failed, "script_failure"),
    };
    Ended {
        code: u8::try_from(code).unwrap_or(u8::MAX),
        result,
    }
}
