//! Asking a server that may not answer: what fails is told once, and does not hold a run for ever.

use super::cause::Wait;
use super::sample::{Asked, Sample, statement};
use crate::config::Throttle;
use crate::relation::Dialect;
use crate::source::database::{DatabaseError, Session};

/// After so many failures in a row a thing is not asked any more: one that runs into its timeout each time would cost
/// the run more than it spares the server.
const MOST_FAILURES: u32 = 3;

/// What is asked, and how that went so far.
#[derive(Debug, Default)]
pub(super) struct Asking {
    server: Trouble,
    query: Trouble,
    told_of_lag: bool,
    told_of_sessions: bool,
}

#[derive(Debug, Default)]
struct Trouble {
    in_a_row: u32,
    told: bool,
}

/// Why there is no sample.
enum NoSample {
    /// The session is of no use any more.
    Over(DatabaseError),
    Failed(String),
}

impl Asking {
    /// Asks the server, as far as it has answered before.
    ///
    /// # Errors
    /// What ends the session. Any other failure is a warning, and no reason to wait.
    pub(super) async fn ask(
        &mut self,
        limits: &Throttle,
        session: &mut Session,
    ) -> Result<Option<Wait>, DatabaseError> {
        let all = asked(limits, session.dialect());
        let asked = Asked {
            server: all.server && self.server.may_pass(),
            query: all.query && self.query.may_pass(),
        };
        let sample = match sample(limits, asked, session).await {
            Ok(sample) => {
                self.server.passed(asked.server);
                self.query.passed(asked.query);
                sample
            }
            Err(NoSample::Over(error)) => return Err(error),
            Err(NoSample::Failed(message)) => self.ask_apart(limits, asked, session, message).await?,
        };
        self.tell_what_is_hidden(&sample);
        Ok(sample.wait(limits))
    }

    /// Finds out whose fault it was: without the operator's query the same statement may do.
    async fn ask_apart(
        &mut self,
        limits: &Throttle,
        asked: Asked,
        session: &mut Session,
        message: String,
    ) -> Result<Sample, DatabaseError> {
        if !asked.query {
            self.server.failed("the server's state", &message);
            return Ok(Sample::default());
        }
        let alone = Asked { query: false, ..asked };
        match sample(limits, alone, session).await {
            Ok(sample) => {
                self.server.passed(asked.server);
                self.query.failed("throttle_query", &message);
                Ok(sample)
            }
            Err(NoSample::Over(error)) => Err(error),
            Err(NoSample::Failed(message)) => {
                self.server.failed("the server's state", &message);
                Ok(Sample::default())
            }
        }
    }

    fn tell_what_is_hidden(&mut self, sample: &Sample) {
        if sample.lag_is_hidden && !self.told_of_lag {
            self.told_of_lag = true;
            tracing::warn!("{}", hidden_lag());
        }
        if sample.sessions_are_hidden && !self.told_of_sessions {
            self.told_of_sessions = true;
            tracing::warn!("{}", hidden_sessions());
        }
    }
}

impl Trouble {
    fn may_pass(&self) -> bool {
        self.in_a_row < MOST_FAILURES
    }

    fn passed(&mut self, was_asked: bool) {
        if was_asked {
            self.in_a_row = 0;
        }
    }

    fn failed(&mut self, what: &str, message: &str) {
        self.in_a_row += 1;
        if !self.told {
            self.told = true;
            tracing::warn!("The throttle cannot ask for {what}: {message}. The run goes on without it.");
        }
    }
}

/// One look for a person who wants to know what is wrong with it.
///
/// # Errors
/// Anything that a run would warn of.
pub(super) async fn try_asking(limits: &Throttle, session: &mut Session) -> Result<Option<Wait>, String> {
    let asked = asked(limits, session.dialect());
    let sample = match sample(limits, asked, session).await {
        Ok(sample) => sample,
        Err(NoSample::Over(error)) => return Err(error.to_string()),
        Err(NoSample::Failed(message)) if asked.query => {
            let alone = Asked { query: false, ..asked };
            let is_of_the_query = sample(limits, alone, session).await.is_ok();
            let what = if is_of_the_query {
                "throttle_query"
            } else {
                "the server's state"
            };
            return Err(format!("{what}: {message}"));
        }
        Err(NoSample::Failed(message)) => return Err(message),
    };
    if sample.lag_is_hidden {
        return Err(hidden_lag());
    }
    if sample.sessions_are_hidden {
        return Err(hidden_sessions());
    }
    Ok(sample.wait(limits))
}

fn asked(limits: &Throttle, dialect: Dialect) -> Asked {
    let of_the_server = limits.max_replication_lag.is_some() || limits.max_active_sessions.is_some();
    Asked {
        server: of_the_server && dialect == Dialect::Postgres,
        query: limits.throttle_query.is_some(),
    }
}

async fn sample(limits: &Throttle, asked: Asked, session: &mut Session) -> Result<Sample, NoSample> {
    if !asked.server && !asked.query {
        return Ok(Sample::default());
    }
    let dialect = session.dialect();
    let rows = match session.sample(&statement(limits, asked, dialect)).await {
        Ok(rows) => rows,
        Err(error) if error.ends_session() => return Err(NoSample::Over(error)),
        Err(error) => return Err(NoSample::Failed(error.to_string())),
    };
    Sample::read(rows.first(), dialect)
        .map_err(|_| NoSample::Failed("its first value is neither true, false nor a number".to_owned()))
}

fn hidden_lag() -> String {
    hidden("max_replication_lag", "the state of the replicas")
}

fn hidden_sessions() -> String {
    hidden("max_active_sessions", "what the sessions of other roles do")
}

fn hidden(key: &str, what: &str) -> String {
    format!("{key} cannot be kept: the role may not see {what}; GRANT pg_monitor to it")
}
