//! A line, run: expressions become definitions, which are planned and read as any other.

use serde_json::{Value, json};

use super::super::setup::Setup;
use super::super::trace::traced;
use super::super::wanted::{self, did_you_mean};
use super::super::{CliError, Global, events};
use super::answer::Answer;
use super::explain::explain;
use super::mistake::Refusal;
use super::names;
use crate::config::MetricGlobs;
use crate::definition::{KeyPath, MetricDefinition};
use crate::expression::{self, Asked, Bindings, Expression, ExpressionError, Line, MetricAsked, TOPICS};
use crate::keyspace::EventError;
use crate::report::plan_one;
use crate::source::database::Interrupt;

/// The key path of what has none.
const NAMELESS: &str = "console";

/// What lines are run in.
pub(super) struct Console {
    pub(super) setup: Setup,
    pub(super) global: Global,
    pub(super) bindings: Bindings,
}

impl Console {
    pub(super) fn new(setup: Setup, global: Global) -> Console {
        Console {
            setup,
            global,
            bindings: Bindings::new(),
        }
    }

    /// Runs a line. The clock moves from line to line, unless it is frozen.
    pub(super) async fn answer(&mut self, text: &str, interrupt: &Interrupt) -> Result<Answer, Refusal> {
        self.setup.now = self.global.now();
        match expression::parse(text)? {
            Line::Empty => Ok(Answer::Nothing),
            Line::Quit => Ok(Answer::Quit),
            Line::Value(expression) => self.value(&expression, text, interrupt).await,
            Line::Bind { name, expression } => {
                let bound = self.bound(&expression, text)?;
                let answer = self.value(&expression, text, interrupt).await?;
                self.bindings.insert(name, bound);
                Ok(answer)
            }
            Line::Metric(asked) => self.metric(asked, text, interrupt).await,
            Line::Sql(asked) => self.sql(asked, text, interrupt).await,
            Line::Explain(asked) => {
                let definition = self.definition(&asked, text)?;
                Ok(explain(&self.setup, &definition, interrupt).await?)
            }
            Line::Track { name, values } => self.track(&name, values, text).await,
            Line::UniqueEvents { names, from, to } => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let counted = events::unique_count(&self.setup, &names, from, to, None).await;
                let (value, counted) = counted.map_err(|error| self.named_event(error, text))?;
                Ok(Answer::Text {
                    human: format!("=> {value}\n"),
                    json: events::unique_document(&value, counted.as_ref()),
                })
            }
            Line::Tables(glob) => {
                let matches = matcher(glob.as_deref(), text)?;
                Ok(names::tables(&self.setup, interrupt, &matches).await?)
            }
            Line::Columns(table) => names::columns(&self.setup, interrupt, &table, text).await,
            Line::Metrics(glob) => {
                let matches = matcher(glob.as_deref(), text)?;
                Ok(names::list(
                    "metrics",
                    wanted::names(&self.setup).filter(|name| matches(name)),
                ))
            }
            Line::Events(glob) => {
                let matches = matcher(glob.as_deref(), text)?;
                let all = names::event_names(&self.setup.keyspace);
                Ok(names::list(
                    "events",
                    all.iter().map(String::as_str).filter(|name| matches(name)),
                ))
            }
            Line::Help(topic) => help(topic.as_deref(), text),
        }
    }

    async fn value(&self, expression: &Expression, text: &str, interrupt: &Interrupt) -> Result<Answer, Refusal> {
        let definition = match self.bound(expression, text)? {
            Expression::Name(name) => wanted::named(&self.setup, &name)?,
            bound => bound.definition(nameless()?, &|name| self.is_class(name)),
        };
        self.read(&definition, interrupt).await
    }

    async fn read(&self, definition: &MetricDefinition, interrupt: &Interrupt) -> Result<Answer, Refusal> {
        let trace = traced(&self.setup, definition, interrupt.clone()).await?;
        let removed = || CliError::Usage(format!("metric {:?} is removed", definition.key_path.as_str()));
        let trace = Box::new(trace.ok_or_else(removed)?);
        Ok(Answer::Value {
            value: trace.outcome.value.clone(),
            trace,
        })
    }

    async fn metric(&self, asked: MetricAsked, text: &str, interrupt: &Interrupt) -> Result<Answer, Refusal> {
        self.check_name(&asked.name, text)?;
        let definition = wanted::asked(&self.setup, &asked.name, asked.time_frame, asked.options)?;
        self.read(&definition, interrupt).await
    }

    /// The one statement of an expression, or the value of a query.
    async fn sql(&self, asked: Asked, text: &str, interrupt: &Interrupt) -> Result<Answer, Refusal> {
        let definition = self.definition(&asked, text)?;
        if let Asked::Query(_) = asked {
            let answer = self.read(&definition, interrupt).await?;
            return Ok(match answer {
                Answer::Value { value, trace } => Answer::Value {
                    value: value.as_str().map_or(value.clone(), expression::printed),
                    trace,
                },
                other => other,
            });
        }
        let plan = plan_one(&definition, &self.setup.registry, &self.setup.context());
        let measure = plan.metrics.first().map(|metric| &metric.measure);
        let none = || CliError::Usage("no one statement of a database gives this".to_owned());
        let measure = match measure {
            Some(Ok(Some(measure))) => measure,
            Some(Err(failure)) => return Err(CliError::from(failure.clone()).into()),
            _ => return Err(none().into()),
        };
        let statement = measure
            .statement(&|database| self.setup.dialect(database))
            .ok_or_else(none)?;
        let sql = statement.map_err(|error| CliError::Usage(error.to_string()))?;
        Ok(Answer::Text {
            human: format!("{sql}\n"),
            json: json!({"sql": sql}),
        })
    }

    async fn track(&self, name: &str, values: Vec<String>, text: &str) -> Result<Answer, Refusal> {
        let tracked = events::tracked_values(&self.setup, name, values);
        let tracked = tracked.map_err(|error| self.named_event(CliError::Event(error), text))?;
        events::written(&self.setup, tracked).await?;
        Ok(Answer::Text {
            human: format!("=> tracked {name}\n"),
            json: json!({"tracked": name}),
        })
    }

    /// The definition that asks the same.
    fn definition(&self, asked: &Asked, text: &str) -> Result<MetricDefinition, Refusal> {
        let asked = match asked {
            Asked::Query(sql) => Asked::Query(sql.clone()),
            Asked::Expression(expression) => match self.bound(expression, text)? {
                Expression::Name(name) => return Ok(wanted::named(&self.setup, &name)?),
                bound => Asked::Expression(bound),
            },
        };
        Ok(asked.definition(nameless()?, &|name| self.is_class(name)))
    }

    fn bound(&self, expression: &Expression, text: &str) -> Result<Expression, Refusal> {
        let names = expression.names();
        let mut unbound = names.into_iter().filter(|name| !self.bindings.contains_key(*name));
        unbound.try_for_each(|name| self.check_name(name, text))?;
        let whole = 0..text.len();
        let too_large = |error: expression::Unbound| ExpressionError {
            message: error.to_string(),
            help: None,
            span: whole,
        };
        Ok(expression.bound(&self.bindings).map_err(too_large)?)
    }

    fn is_class(&self, name: &str) -> bool {
        let catalog = &self.setup.loaded.catalog;
        catalog.metric(name).is_none() && self.setup.registry.class(name, catalog).is_some()
    }

    fn check_name(&self, name: &str, text: &str) -> Result<(), Refusal> {
        if self.setup.loaded.catalog.metric(name).is_some() || self.is_class(name) {
            return Ok(());
        }
        let known = wanted::names(&self.setup).chain(self.bindings.keys().map(String::as_str));
        let help = did_you_mean(name, known).unwrap_or_else(|| "`metrics` lists metrics and classes".to_owned());
        Err(misnamed(
            format!("there is no metric, class or bound name {name:?}"),
            Some(help),
            name,
            text,
        ))
    }

    /// An event that is not known, with its place and the nearest three.
    fn named_event(&self, error: CliError, text: &str) -> Refusal {
        match error {
            CliError::Event(EventError::UnknownEvent { name, .. } | EventError::UnknownCounter { name, .. }) => {
                let known = names::event_names(&self.setup.keyspace);
                let help = did_you_mean(&name, known.iter().map(String::as_str));
                let help = Some(help.unwrap_or_else(|| "`events` lists all that can be tracked".to_owned()));
                misnamed(format!("there is no event {name:?}"), help, &name, text)
            }
            other => other.into(),
        }
    }
}

/// The error of a name, where it stands in the line.
pub(super) fn misnamed(message: String, help: Option<String>, name: &str, text: &str) -> Refusal {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let whole = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    };
    let at = text.match_indices(name).map(|(at, _)| at).find(whole);
    Refusal::Expression(ExpressionError {
        message,
        help,
        span: at.map_or(0..text.len(), |at| at..at + name.len()),
    })
}

fn nameless() -> Result<KeyPath, CliError> {
    KeyPath::new(NAMELESS).ok_or_else(|| CliError::Other("the expression has no name".to_owned()))
}

/// Whether a name is one of those that a glob wants.
type Matcher = Box<dyn Fn(&str) -> bool>;

fn matcher(glob: Option<&str>, text: &str) -> Result<Matcher, Refusal> {
    let Some(glob) = glob else {
        return Ok(Box::new(|_| true));
    };
    let globs = MetricGlobs::new(&[glob.to_owned()])
        .map_err(|error| misnamed(format!("this is no glob: {error}"), None, glob, text))?;
    Ok(Box::new(move |name| globs.is_match(name)))
}

fn help(topic: Option<&str>, text: &str) -> Result<Answer, Refusal> {
    let Some(says) = expression::help(topic) else {
        let name = topic.unwrap_or_default();
        let help = did_you_mean(name, TOPICS).unwrap_or_else(|| format!("the topics are {}", TOPICS.join(", ")));
        return Err(misnamed(format!("there is no topic {name:?}"), Some(help), name, text));
    };
    Ok(Answer::Text {
        human: says.to_owned(),
        json: Value::from(says),
    })
}
