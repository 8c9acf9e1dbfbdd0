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
    /// One for each server; who waits for any of them says so in the same place.
    pub(super) fn of_servers(limits: &config::Throttle, servers: usize) -> Vec<Throttle> {
        let waiting = watch::Sender::new(None);
        let of_server = |_| Throttle {
            limits: limits.clone(),
            state: Mutex::default(),
            waiting: waiting.clone(),
        };
        (0..servers.max(1)).map(of_server).collect()
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
        match self.throttle_of(session) {
            Some(throttle) => throttle.pass(session).await,
            None => Ok(()),
        }
    }

    /// As [`Database::pass`], before there is a session.
    pub(super) async fn pass_hours(&self, interrupt: &Interrupt) -> Result<(), DatabaseError> {
        match self.throttles.first().filter(|_| self.is_throttled()) {
            Some(throttle) => throttle.wait_for_hours(interrupt).await,
            None => Ok(()),
        }
    }

    /// Nobody sits and waits for a throttle, and a rehearsal's rows are its own.
    fn is_throttled(&self) -> bool {
        !self.options.throttle.is_off() && !self.patience.is_zero() && self.rehearsal.is_none()
    }

    fn throttle_of(&self, session: &Session) -> Option<&Throttle> {
        self.throttles.get(session.server()).filter(|_| self.is_throttled())
    }

    /// What it waits for, while it waits.
    pub fn waiting(&self) -> watch::Receiver<Option<String>> {
        match self.throttles.first() {
            Some(throttle) => throttle.waiting.subscribe(),
            None => watch::Sender::new(None).subscribe(),
        }
    }

    /// How long it has waited so far, by what it waited for; of several servers the one that waited longest.
    pub async fn waited(&self) -> Vec<(ThrottleCause, Duration)> {
        let mut all: Vec<(ThrottleCause, Duration)> = Vec::new();
        for throttle in &self.throttles {
            for (cause, waited) in throttle.state.lock().await.waited.totals() {
                match all.iter_mut().find(|(known, _)| *known == cause) {
                    Some((_, total)) => *total = (*total).max(waited),
                    None => all.push((cause, waited)),
                }
            }
        }
        all
    }

    /// What the throttle says of the server now, for a person; `None` where nothing throttles.
    ///
    /// # Errors
    /// What is asked cannot be answered, and what to do about it.
    pub async fn try_throttle(&self, session: &mut Session) -> Result<Option<String>, String> {
        let limits = &self.options.throttle;
        if limits.is_off() {
            return Ok(None);
        }
        let asked = asking::try_asking(limits, session).await?;
        let outside = self.throttles.first().and_then(Throttle::outside_hours);
        let wait = outside.or(asked);
        Ok(Some(match wait {
            Some(wait) => format!("a run would wait now: {}", wait.says),
            None => "a run would not wait now".to_owned(),
        }))
    }
}
