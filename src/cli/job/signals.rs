//! The signals that a job's command is told by us.

use std::future::poll_fn;
use std::task::Poll;

use nix::sys::signal::Signal;
use nix::unistd::{getpgrp, tcgetpgrp};
use tokio::signal::unix;

/// What is handed on. Those that stop and continue reach the whole process group, and do to us what they do to it.
const HANDED_ON: [Signal; 6] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// Signals as they come.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// Listens from the call on. A signal that whoever started us has us ignore, as `nohup` does, stays ignored, by the command
    /// as well.
    pub(super) fn listen() -> Signals {
        let ignored = ignored();
        let heard = HANDED_ON
            .into_iter()
            .filter(|signal| ignored & (1 << (*signal as u32 - 1)) == 0);
        let heard = heard.filter_map(|signal| {
            let kind = unix::SignalKind::from_raw(signal as i32);
            Some((signal, unix::signal(kind).ok()?))
        });
        Signals(heard.collect())
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            for (signal, stream) in &mut self.0 {
                if let Poll::Ready(Some(())) = stream.poll_recv(context) {
                    return Poll::Ready(*signal);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Whether the command heard it as well: the terminal's keys are heard by all of the group in its foreground.
    pub(super) fn reached_the_child(&self, signal: Signal) -> bool {
        let is_key = matches!(signal, Signal::SIGINT | Signal::SIGQUIT);
        let terminal = || std::fs::File::open("/dev/tty").ok();
        is_key && terminal().is_some_and(|terminal| tcgetpgrp(&terminal) == Ok(getpgrp()))
    }
}

/// The signals that this process ignores, a bit each; none where nobody says.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}
