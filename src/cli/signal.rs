//! The ends of a verb that come from outside: signals, and the end of its budget.

use std::time::Duration;

use tokio::time::Instant;

use super::message::note;
use crate::source::database::{Interrupt, Stop, Switch};

/// A time that a run may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) begun: Instant,
    pub(super) time: Duration,
}

/// An interrupt that the first Ctrl-C or SIGTERM raises; the second ends the process at once.
pub(super) fn interrupt_on_signals() -> Interrupt {
    let (_, interrupt) = interrupt_after(None);
    interrupt
}

/// As [`interrupt_on_signals`]; the end of the budget raises it, too, and whoever has its switch.
pub(super) fn interrupt_after(budget: Option<Budget>) -> (Switch, Interrupt) {
    let (thrown, interrupt) = interrupt_at_end(budget);
    let switch = thrown.clone();
    let asked_to_end = terminate_signal();
    tokio::spawn(async move {
        asked_to_end.await;
        note("interrupted: cancelling what runs");
        switch.throw(Stop::Asked);
        terminate_signal().await;
        std::process::exit(i32::from(super::exit::INTERRUPTED));
    });
    (thrown, interrupt)
}

/// An interrupt that the end of the budget raises, and whoever has its switch.
pub(super) fn interrupt_at_end(budget: Option<Budget>) -> (Switch, Interrupt) {
    let (switch, interrupt) = Interrupt::channel();
    if let Some(budget) = budget {
        tokio::spawn(throw_at_end(budget, switch.clone()));
    }
    (switch, interrupt)
}

async fn throw_at_end(budget: Budget, switch: Switch) {
    tokio::time::sleep_until(budget.begun + budget.time).await;
    switch.throw(Stop::Budget(budget.time));
}

/// Ends when the process is asked to end: Ctrl-C, or SIGTERM where there is one. Listens from the call on, so that what is
/// said after it can be relied on.
pub(super) fn terminate_signal() -> impl Future<Output = ()> + Send {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        async move {
            match signals {
                (Ok(mut terminate), Ok(mut interrupt)) => {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                }
                _ => drop(tokio::signal::ctrl_c().await),
            }
        }
    }
    #[cfg(not(unix))]
    async {
        drop(tokio::signal::ctrl_c().await);
    }
}

/// Has a file that may not grow any more be an error of the write, which says so, and not the end of the process.
#[cfg(target_os = "linux")]
pub(super) fn outlive_size_limits() {
    use tokio::signal::unix::{SignalKind, signal};
    /// What Linux sends on the processors that we are built for.
    const SIGXFSZ: i32 = 25;
    // The handler stays when this is dropped. Where there is none, the limit ends the process as before.
    drop(signal(SignalKind::from_raw(SIGXFSZ)));
}

#[cfg(not(target_os = "linux"))]
pub(super) fn outlive_size_limits() {}
