//! The end of a run before its time.

use std::time::Duration;

use tokio::sync::watch;

/// Why everything that runs is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Somebody asked for it: Ctrl-C, or the system.
    Asked,
    /// The budget of the run, so long, is over.
    Budget(Duration),
    /// Another process has taken over what this one does.
    LeaseLost,
}

/// Throws an [`Interrupt`].
#[derive(Debug, Clone)]
pub struct Switch(watch::Sender<Option<Stop>>);

impl Switch {
    /// Asks everything to stop. The first cause stands, but for the end of a budget: whoever asks, and whoever takes over, is heard
    /// after it, too.
    pub fn throw(&self, stop: Stop) {
        self.0.send_if_modified(|thrown| {
            let is_heard = match thrown {
                None => true,
                Some(Stop::Budget(_)) => !matches!(stop, Stop::Budget(_)),
                Some(Stop::Asked | Stop::LeaseLost) => false,
            };
            if is_heard {
                *thrown = Some(stop);
            }
            is_heard
        });
    }
}

/// Asks everything that runs to stop; statements in flight are cancelled on their servers.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<Option<Stop>>);

impl Interrupt {
    /// A switch and the interrupt it throws.
    pub fn channel() -> (Switch, Interrupt) {
        let (sender, receiver) = watch::channel(None);
        (Switch(sender), Interrupt(receiver))
    }

    pub fn is_raised(&self) -> bool {
        self.cause().is_some()
    }

    /// Why it was raised, if it was.
    pub fn cause(&self) -> Option<Stop> {
        *self.0.borrow()
    }

    /// Ends when the interrupt is raised; never if its switch is gone.
    pub async fn raised(&mut self) {
        if self.0.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
