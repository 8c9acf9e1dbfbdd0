//! Holding a run back while its server has better things to do.
//!
//! After gh-ost's model: before each statement the server is looked at, at most once in 100 ms for all sessions of a
//! run, and while anything is over its limit no session sends anything but the next look. Nothing is held meanwhile:
//! each look is a statement and transaction of its own.

mod asking;
mod cause;
mod sample;
mod waited;

use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::{Database, DatabaseError, Interrupt, Session};
use crate::config;
use asking::Asking;
pub use cause::ThrottleCause;
use cause::Wait;
use waited::Waited;

/// How often a server is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(100);

/// The throttle of one database, which all its sessions share.
#[derive(Debug)]
pub(super) struct Throttle {
    limits: config::Throttle,
    /// Held during a look: the other sessions wait for its answer instead of asking, too.
    state: Mutex<State>,
    waiting: watch::Sender<Option<String>>,
}

#[derive(Debug, Default)]
struct State {
    waited: Waited,
    asking: Asking,
}

impl Throttle {
    pub(super) fn new(limits: config::Throttle) -> Throttle {
        Throttle {
            limits,
            state: Mutex::default(),
            waiting: watch::Sender::new(None),
        }
    }

    /// Waits for the hours alone: that needs no session, and none stands idle for the night.
    async fn wait_for_hours(&self, interrupt: &Interrupt) -> Result<(), DatabaseError> {
        while let Some(wait) = self.outside_hours() {
            self.note(&mut *self.state.lock().await, Some(wait));
            self.pause(interrupt).await?;
        }
        Ok(())
    }

    async fn pass(&self, session: &mut Session) -> Result<(), DatabaseError> {
        let interrupt = session.interrupt().clone();
        loop {
            match self.must_wait(session).await {
                Ok(false) => return Ok(()),
                Ok(true) => self.pause(&interrupt).await?,
                Err(error) => return self.give_up(error).await,
            }
        }
    }

    /// The answer of the last look, or of a new one where that is old.
    async fn must_wait(&self, session: &mut Session) -> Result<bool, DatabaseError> {
        let mut state = self.state.lock().await;
        if let Some(answer) = state.waited.within(SAMPLE_EVERY) {
            return Ok(answer);
        }
        let wait = match self.outside_hours() {
            Some(wait) => Some(wait),
            None => state.asking.ask(&self.limits, session).await?,
        };
        let must_wait = wait.is_some();
        self.note(&mut state, wait);
        Ok(must_wait)
    }

    fn outside_hours(&self) -> Option<Wait> {
        let hours = self.limits.hours?;
        let now = chrono::Local::now().time();
        (!hours.contain(now)).then(|| Wait::new(ThrottleCause::Hours, format!("the hours {hours}")))
    }

    fn note(&self, state: &mut State, wait: Option<Wait>) {
        state.waited.look(Instant::now(), wait.as_ref().map(|wait| wait.cause));
        let says = wait.map(|wait| wait.says);
        self.waiting.send_if_modified(|said| {
            let is_news = *said != says;
            *said = says;
            is_news
        });
    }

    async fn pause(&self, interrupt: &Interrupt) -> Result<(), DatabaseError> {
        let mut interrupt = interrupt.clone();
        tokio::select! {
            () = tokio::time::sleep(SAMPLE_EVERY) => Ok(()),
            () = interrupt.raised() => self.give_up(DatabaseError::Interrupted).await,
        }
    }

    /// Whoever gives up waits no more.
    async fn give_up(&self, error: DatabaseError) -> Result<(), DatabaseError> {
        self.note(&mut *self.state.lock().await, None);
        Err(error)
    }
}

impl Database {
    /// Called before a range is read: waits while the throttle says so, and holds nothing meanwhile.
    ///
    /// # Errors
    /// [`DatabaseError::Interrupted`] where the run is to stop; what ends the session.
    pub async fn pass(&self, session: &mut Session) -> Result<(), DatabaseError> {
        if session.interrupt().is_raised() {
            return Err(DatabaseError::Interrupted);
        }
        if self.is_throttled() {
            self.throttle.pass(session).await?;
        }
        Ok(())
    }

    /// As [`Database::pass`], before there is a session.
    pub(super) async fn pass_hours(&self, interrupt: &Interrupt) -> Result<(), DatabaseError> {
        if self.is_throttled() {
            self.throttle.wait_for_hours(interrupt).await?;
        }
        Ok(())
    }

    /// Nobody sits and waits for a throttle, and a rehearsal's rows are its own.
    fn is_throttled(&self) -> bool {
        !self.throttle.limits.is_off() && !self.patience.is_zero() && self.rehearsal.is_none()
    }

    /// What it waits for, while it waits.
    pub fn waiting(&self) -> watch::Receiver<Option<String>> {
        self.throttle.waiting.subscribe()
    }

    /// How long it has waited so far, by what it waited for.
    pub async fn waited(&self) -> Vec<(ThrottleCause, Duration)> {
        self.throttle.state.lock().await.waited.totals()
    }

    /// What the throttle says of the server now, for a person; `None` where nothing throttles.
    ///
    /// # Errors
    /// What is asked cannot be answered, and what to do about it.
    pub async fn try_throttle(&self, session: &mut Session) -> Result<Option<String>, String> {
        let limits = &self.throttle.limits;
        if limits.is_off() {
            return Ok(None);
        }
        let asked = asking::try_asking(limits, session).await?;
        let wait = self.throttle.outside_hours().or(asked);
        Ok(Some(match wait {
            Some(wait) => format!("a run would wait now: {}", wait.says),
            None => "a run would not wait now".to_owned(),
        }))
    }
}
