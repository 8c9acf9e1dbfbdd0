//! One metric read before a person's eyes: every statement with its time, then the value and what there is to say of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::output::{counted, seconds};
use super::setup::{Patience, Setup};
use super::{CliError, lookalikes, value_schema};
use crate::batch::{Sharing, Strategy};
use crate::definition::MetricDefinition;
use crate::measure::{Fact, Failure, Measure, Reason, ServerFact};
use crate::report::{NoProgress, Outcome, OutcomeState, Plan, collect, plan_one};
use crate::source::database::{Interrupt, StatementLog};

/// A statement that was sent.
#[derive(Debug, Clone)]
struct Sent {
    sql: String,
    elapsed: Duration,
    rows: u64,
    error: Option<String>,
}

/// How a metric was read, and what came of it.
pub(super) struct Trace {
    pub(super) outcome: Outcome,
    sent: Vec<Sent>,
    /// Where values come from that no statement gives.
    origins: Vec<String>,
    /// The addresses that did not answer, with the keys of the configuration that name them.
    unreachable: Vec<String>,
    /// More to say of it: names that may have been meant, a value that does not fit its schema.
    remarks: Vec<String>,
    asked: Asked,
}

/// Whom a metric asks, where it asks one kind of source alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Events,
    Prometheus,
    Others,
}

impl Asked {
    fn of(leaves: &[&Measure]) -> Asked {
        let all = |is: fn(&Measure) -> bool| !leaves.is_empty() && leaves.iter().all(|leaf| is(leaf));
        if all(|leaf| matches!(leaf, Measure::Event(_))) {
            Asked::Events
        } else if all(|leaf| matches!(leaf, Measure::Prometheus(_))) {
            Asked::Prometheus
        } else {
            Asked::Others
        }
    }
}

/// Reads one definition; `None` where it is removed, so that nothing is computed for it.
///
/// # Errors
/// [`CliError::Interrupted`], or the state store where the metric asks for the instance's uuid.
pub(super) async fn traced(
    setup: &Setup,
    definition: &MetricDefinition,
    interrupt: Interrupt,
) -> Result<Option<Trace>, CliError> {
    let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
    let listener = sent.clone();
    let log = StatementLog::new(move |statement| {
        let sent = Sent {
            sql: statement.sql.to_owned(),
            elapsed: statement.elapsed,
            rows: statement.rows,
            error: statement.error.clone(),
        };
        if let Ok(mut list) = listener.lock() {
            list.push(sent);
        }
    });
    // By itself, in batches of fixed size: the very statements that `explain` and `dump` show, and a Rails console.
    let alone = Strategy {
        sharing: Sharing::Never,
        ..Strategy::default()
    };
    let plan = plan_one(definition, &setup.registry, &setup.context()).with(alone);
    let uuid = match asks_uuid(&plan) {
        true => Some(setup.uuid(&setup.state().await?).await?),
        false => None,
    };
    let sources = setup.sources(uuid, interrupt, log, Patience::TryOnce)?;
    let collection = collect(&plan, &sources, &NoProgress).await;
    if sources.interrupt.is_raised() {
        return Err(CliError::Interrupted);
    }
    let sent = sent.lock().map(|list| list.clone()).unwrap_or_default();
    let Some(outcome) = collection.outcomes.into_iter().next() else {
        return Ok(None);
    };
    let leaves: Vec<&Measure> = plan.readings.iter().map(|(measure, _)| measure).collect();
    let mut remarks = lookalikes::of(&leaves, outcome.failure(), &sources).await;
    if outcome.state == OutcomeState::Ok {
        remarks.extend(value_schema::misfit(setup, definition, &outcome.value));
    }
    Ok(Some(Trace {
        sent,
        origins: leaves.iter().filter_map(|leaf| origin(leaf)).collect(),
        unreachable: unreachable(setup, &leaves, outcome.failure()),
        remarks,
        asked: Asked::of(&leaves),
        outcome,
    }))
}

fn asks_uuid(plan: &Plan<'_>) -> bool {
    plan.readings
        .iter()
        .any(|(measure, _)| *measure == Measure::Fact(Fact::Uuid))
}

fn origin(leaf: &Measure) -> Option<String> {
    Some(match leaf {
        Measure::Setting(setting) => setting.in_words(),
        Measure::GeoNodes => "what secondary sites told this one, as [state] keeps it".to_owned(),
        Measure::License(attribute) => format!("{} of the file that [license] names", attribute.as_str()),
        Measure::Server(measure) if measure.fact == ServerFact::Adapter => {
            format!("the scheme of [database.{}] url", measure.database)
        }
        Measure::Constant(_) => "the value that the definition gives".to_owned(),
        Measure::Fact(Fact::Uuid) => "[instance] uuid, or the one that [state] keeps".to_owned(),
        Measure::Fact(Fact::Hostname) => "[instance] hostname, or this machine's".to_owned(),
        Measure::Fact(Fact::Version) => "[instance] version".to_owned(),
        Measure::Fact(Fact::InstallationType) => "[instance] installation_type".to_owned(),
        Measure::Fact(Fact::Edition) => "[instance] edition".to_owned(),
        Measure::Fact(Fact::RecordedAt) => "the run's clock".to_owned(),
        _ => return None,
    })
}

/// The addresses of the sources that a failure may be of, as the configuration names them, without their secrets.
fn unreachable(setup: &Setup, leaves: &[&Measure], failure: Option<&Failure>) -> Vec<String> {
    let away = [
        Reason::SourceUnavailable,
        Reason::SourceNotReady,
        Reason::ConnectionLost,
    ];
    let is_away = |failure: &Failure| {
        away.contains(&failure.reason)
            || (failure.reason == Reason::PartFailed
                && away.iter().any(|reason| failure.message.contains(reason.code())))
    };
    if !failure.is_some_and(is_away) {
        return Vec::new();
    }
    let mut places: Vec<String> = leaves.iter().filter_map(|leaf| address(setup, leaf)).collect();
    places.dedup();
    places
}

/// Where a measure is read from: the key of the configuration, and the address without its secrets.
fn address(setup: &Setup, measure: &Measure) -> Option<String> {
    let name = match measure {
        Measure::Database(measure) => &measure.database,
        Measure::SqlValue(measure) => &measure.database,
        Measure::Event(_) => {
            let store = setup.config.event_store.as_ref()?;
            return Some(format!("[event_store] url = \"{}\"", store.url));
        }
        Measure::Server(measure) => &measure.database,
        Measure::Http(measure) => {
            let component = setup.config.components.get(&measure.component)?;
            return Some(format!(
                "[components.{}] url = \"{}\"",
                measure.component, component.url
            ));
        }
        Measure::Prometheus(_) => {
            let config = setup.config.prometheus.as_ref()?;
            let url = config.url.as_ref().map(|url| format!("[prometheus] url = \"{url}\""));
            let consul = || {
                config
                    .consul_url
                    .as_ref()
                    .map(|url| format!("[prometheus] consul_url = \"{url}\""))
            };
            return url.or_else(consul);
        }
        _ => return None,
    };
    let database = setup.config.databases.get(name)?;
    Some(match database.replicas.first() {
        Some(replica) => format!("[database.{name}] replicas = [\"{replica}\", …]"),
        None => format!("[database.{name}] url = \"{}\"", database.url),
    })
}

impl Trace {
    /// Whether the value is the metric's own.
    pub(super) fn is_well(&self) -> bool {
        self.outcome.failure().is_none()
    }

    /// Every statement on a line of its own, as the Rails console shows them.
    pub(super) fn statements(&self) -> String {
        let mut text = String::new();
        for sent in &self.sent {
            let milliseconds = sent.elapsed.as_secs_f64() * 1000.0;
            text += &format!("  ({milliseconds:.1}ms)  {}\n", sent.sql);
            if let Some(error) = &sent.error {
                text += &format!("    failed: {error}\n");
            }
        }
        for origin in &self.origins {
            text += &format!("  (config)  {origin}\n");
        }
        text
    }

    /// What there is to say of the value.
    pub(super) fn details(&self) -> String {
        let mut text = String::new();
        let outcome = &self.outcome;
        if let Some(bound) = outcome.error_bound {
            text += &format!("  estimated, within {:.1} % in 99 of 100 cases\n", bound * 100.0);
        }
        if let Some(window) = outcome.window {
            text += &format!("  from {} to {}\n", window.from.to_rfc3339(), window.to.to_rfc3339());
        }
        text += &self.state();
        text += &self
            .remarks
            .iter()
            .map(|remark| format!("  {remark}\n"))
            .collect::<String>();
        text + &self.tally()
    }

    fn state(&self) -> String {
        match &self.outcome.state {
            OutcomeState::Ok => String::new(),
            OutcomeState::Unreliable(failure) => {
                format!("  unreliable: {}\n  {}\n", failure.message, failure.reason.advice())
            }
            OutcomeState::Binned(failure) => format!("  binned: {}\n  {}\n", failure.message, failure.reason.advice()),
            OutcomeState::Deprecated => "  deprecated: kept for compatibility, nothing is computed\n".to_owned(),
            OutcomeState::Fallback(failure) => {
                let places: String = self.unreachable.iter().map(|place| format!("  {place}\n")).collect();
                let (reason, message) = (failure.reason, &failure.message);
                format!("  fell back: {reason}: {message}\n{places}  {}\n", reason.advice())
            }
        }
    }

    fn tally(&self) -> String {
        let rows: u64 = self.sent.iter().map(|sent| sent.rows).sum();
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let what = match (self.sent.len(), self.asked) {
            (0, _) => "no statement".to_owned(),
            (sent, Asked::Prometheus) => format!("{} that gave {}", counted(sent, "query"), counted(rows, "sample")),
            (sent, Asked::Events) => format!("{} that read {}", counted(sent, "command"), counted(rows, "key")),
            (sent, Asked::Others) => format!("{} that gave {}", counted(sent, "statement"), counted(rows, "row")),
        };
        let retries = counted(self.outcome.retries as usize, "retry");
        format!("  {what}, {retries}, {}\n", seconds(self.outcome.elapsed))
    }

    /// All of it as one document.
    pub(super) fn to_json(&self) -> Value {
        let mut json = self.outcome.to_json();
        let sent = self.sent.iter().map(|sent| {
            let elapsed = sent.elapsed.as_secs_f64();
            json!({"sql": sent.sql, "elapsed": elapsed, "rows": sent.rows, "error": sent.error})
        });
        let entries = [
            ("sent", sent.collect::<Vec<Value>>()),
            (
                "origins",
                self.origins.iter().map(|text| Value::from(text.as_str())).collect(),
            ),
            (
                "unreachable",
                self.unreachable.iter().map(|text| Value::from(text.as_str())).collect(),
            ),
            (
                "remarks",
                self.remarks.iter().map(|text| Value::from(text.as_str())).collect(),
            ),
        ];
        if let Some(object) = json.as_object_mut() {
            // An empty list says nothing, but for the statements, which are always told.
            let said = entries
                .into_iter()
                .filter(|(name, list)| *name == "sent" || !list.is_empty());
            object.extend(said.map(|(name, list)| (name.to_owned(), Value::from(list))));
        }
        json
    }
}
