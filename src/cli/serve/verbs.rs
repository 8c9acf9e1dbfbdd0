//! What the server asks for, done as the verbs do it. Each question is answered on a thread of its own, so that one that
//! computes keeps nobody waiting who tracks; definitions and configuration are read anew, as a verb would.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::Value;

use crate::cli::consented::{consented, standing};
use crate::cli::dump;
use crate::cli::explain::explained;
use crate::cli::generate::collected_for;
use crate::cli::output::counted;
use crate::cli::preview::where_it_goes;
use crate::cli::setup::{DefinitionArgs, OnlyArgs, Patience, Setup};
use crate::cli::trace::traced;
use crate::cli::wanted::WantedArgs;
use crate::cli::{CliError, Global, dictionary};
use crate::config::ConsentMode;
use crate::dictionary::Dictionary;
use crate::report::{nested, payload};
use crate::server::{Answer, ConsentView, Engine, EngineError, MeasuredNow, Preview};
use crate::source::database::{Interrupt, StatementLog};
use crate::source::facts::iso8601;
use crate::state::ConsentAnswer;

/// How long a dictionary is shown before the definitions are read again.
const FRESH: Duration = Duration::from_secs(30);
const ALL: OnlyArgs = OnlyArgs { only: Vec::new() };

/// The ways of the verbs, for the server.
#[derive(Debug)]
pub(super) struct Verbs {
    asker: Asker,
    dictionary: Mutex<Option<(Instant, Arc<Dictionary>)>>,
}

/// What a question needs.
#[derive(Debug, Clone)]
struct Asker {
    global: Global,
    definitions: DefinitionArgs,
    stop: Interrupt,
}

impl Verbs {
    pub(super) fn new(global: &Global, definitions: &DefinitionArgs, stop: Interrupt) -> Verbs {
        Verbs {
            asker: Asker {
                global: global.clone(),
                definitions: definitions.clone(),
                stop,
            },
            dictionary: Mutex::new(None),
        }
    }

    /// Answers on a thread of its own.
    fn ask<'a, T, F>(&'a self, question: impl FnOnce(Asker) -> F + Send + 'static) -> Answer<'a, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, CliError>>,
    {
        let asker = self.asker.clone();
        let runtime = tokio::runtime::Handle::current();
        let answered = tokio::task::spawn_blocking(move || runtime.block_on(question(asker)));
        async move {
            match answered.await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(EngineError(error.to_string())),
                Err(_) => Err(EngineError("the question was given up: see the log".to_owned())),
            }
        }
        .boxed()
    }
}

impl Asker {
    fn setup(&self) -> Result<Setup, CliError> {
        Setup::load(&self.global, &self.definitions)
    }
}

impl Engine for Verbs {
    fn queries(&self) -> Answer<'_, Value> {
        self.ask(|asker| async move {
            let setup = asker.setup()?;
            Ok(nested(dump::written(&setup, &ALL, asker.stop).await?))
        })
    }

    fn non_sql(&self) -> Answer<'_, Value> {
        self.ask(|asker| async move {
            let setup = asker.setup()?;
            let plan = dump::without_statement(&setup, &ALL)?;
            let collection = collected_for(&setup, &plan, asker.stop).await?;
            Ok(nested(dump::by_key_path(collection)))
        })
    }

    fn preview(&self) -> Answer<'_, Preview> {
        self.ask(|asker| async move {
            let mut setup = asker.setup()?;
            let unasked = setup.ask_permission(Patience::TryOnce).await.err();
            let plan = setup.plan(&ALL)?;
            let plan = match setup.config.reporting.consent {
                ConsentMode::Implicit => plan,
                ConsentMode::Explicit => consented(&setup, &setup.state().await?, plan).await?.plan,
            };
            let collection = collected_for(&setup, &plan, asker.stop).await?;
            let payload = payload(&collection.outcomes).to_string();
            let says = where_it_goes(&setup, payload.len(), unasked.as_ref());
            Ok(Preview {
                says: format!("Measured just now: {}.", says.trim()),
                payload,
            })
        })
    }

    fn explain<'a>(&'a self, key_path: &'a str) -> Answer<'a, String> {
        let wanted = WantedArgs::named(key_path);
        self.ask(|asker| async move {
            let setup = asker.setup()?;
            let definition = wanted.definition(&setup)?;
            let sources = setup.sources(None, asker.stop, StatementLog::default(), Patience::TryOnce)?;
            Ok(explained(&setup, &sources, &definition).await?.0)
        })
    }

    fn measure<'a>(&'a self, key_path: &'a str) -> Answer<'a, MeasuredNow> {
        let wanted = WantedArgs::named(key_path);
        self.ask(|asker| async move {
            let setup = asker.setup()?;
            let definition = wanted.definition(&setup)?;
            let trace = traced(&setup, &definition, asker.stop).await?;
            let trace =
                trace.ok_or_else(|| CliError::Usage("the metric is removed: nothing is computed for it".to_owned()))?;
            Ok(MeasuredNow {
                value: trace.outcome.value.clone(),
                statements: trace.statements(),
                details: trace.details(),
                is_well: trace.is_well(),
            })
        })
    }

    fn consent(&self) -> Answer<'_, ConsentView> {
        self.ask(|asker| async move {
            let setup = asker.setup()?;
            let state = setup.state().await?;
            let standing = standing(&setup, &state).await?;
            let last = state.consent_answers(1).await?.into_iter().next();
            state.close().await;
            Ok(ConsentView {
                standing,
                is_explicit: setup.config.reporting.consent == ConsentMode::Explicit,
                last_answer: last.as_ref().map(sentence),
            })
        })
    }

    fn dictionary(&self) -> Answer<'_, Arc<Dictionary>> {
        let kept = self.dictionary.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, dictionary)) = kept.filter(|(at, _)| at.elapsed() < FRESH) {
            return async move { Ok(dictionary) }.boxed();
        }
        let made = self.ask(|asker| async move {
            let setup = asker.setup()?;
            Ok(Arc::new(dictionary::made(&setup, &asker.global, &ALL)?))
        });
        async move {
            let dictionary = made.await?;
            let mut kept = self.dictionary.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Some((Instant::now(), dictionary.clone()));
            Ok(dictionary)
        }
        .boxed()
    }
}

fn sentence(last: &ConsentAnswer) -> String {
    let metrics = counted(usize::try_from(last.metrics).unwrap_or_default(), "metric");
    format!(
        "Last answer: {metrics} {} by {} at {}.",
        last.answer,
        last.answered_by,
        iso8601(last.answered_at)
    )
}
