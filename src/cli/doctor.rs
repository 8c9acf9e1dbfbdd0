//! `doctor`: the configuration and everything that it points at, looked at once.

mod emitting;
mod finding;

use clap::Args;

use self::finding::{Finding, show};
use super::message::note;
use super::output::{Format, counted};
use super::permission::Permission;
use super::setup::{DefinitionArgs, Patience, Setup, load_config};
use super::{CliError, Global, exit};
use crate::definition::{self, Severity};
use crate::relation::Dialect;
use crate::source::database::{Database, Interrupt, StatementLog};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// How the findings are written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) async fn run(global: &Global, args: DoctorArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    let mut findings = vec![Finding::well("service-ping", env!("CARGO_PKG_VERSION"))];
    findings.push(match &config.file {
        Some(path) => Finding::well("configuration", path.display().to_string()),
        None => Finding::well("configuration", "no service-ping.toml: defaults and the environment"),
    });
    let root = args
        .definitions
        .definitions
        .clone()
        .unwrap_or_else(|| config.definitions.clone());
    findings.push(definitions(&root));
    let setup = Setup {
        root,
        loaded: definition::Loaded::default(),
        registry: crate::instrumentation::Registry::built_in(),
        keyspace: std::sync::Arc::default(),
        now: global.now(),
        frozen_at: global.now,
        permission: Permission::of_config(&config.reporting),
        config,
    };
    findings.extend(databases(&setup).await);
    findings.push(event_store(&setup).await);
    findings.extend(license(&setup));
    findings.extend(components(&setup).await);
    findings.push(prometheus(&setup).await);
    findings.push(state(&setup).await);
    findings.push(versions(&setup).await);
    findings.extend(emitting::findings(&setup.config));
    show(&findings, args.format)?;
    let ill = findings.iter().filter(|finding| !finding.well).count();
    if ill > 0 {
        note(&format!("{} to correct", counted(ill, "finding")));
    }
    Ok(if ill == 0 { exit::DONE } else { exit::UNEXPECTED })
}

fn definitions(root: &std::path::Path) -> Finding {
    match definition::load(root) {
        Err(error) => Finding::ill("definitions", error.to_string()),
        Ok(loaded) => {
            let errors = loaded
                .problems
                .iter()
                .filter(|problem| problem.severity == Severity::Error)
                .count();
            let metrics = counted(loaded.catalog.metrics.len(), "metric");
            match errors {
                0 => Finding::well("definitions", format!("{metrics} in {}", root.display())),
                errors => Finding::ill(
                    "definitions",
                    format!("{}: service-ping validate", counted(errors, "error")),
                ),
            }
        }
    }
}

async fn databases(setup: &Setup) -> Vec<Finding> {
    if setup.config.databases.is_empty() {
        return vec![Finding::well(
            "databases",
            "none configured: database metrics fall back to -1",
        )];
    }
    let (_switch, interrupt) = Interrupt::channel();
    let mut findings = Vec::new();
    let sources = match setup.sources(None, interrupt.clone(), StatementLog::default(), Patience::TryOnce) {
        Ok(sources) => sources,
        Err(error) => return vec![Finding::ill("databases", error.to_string())],
    };
    for (name, database) in &sources.databases {
        let subject = format!("database {name}");
        match version_and_throttle(database, &interrupt).await {
            Ok((version, throttle)) => {
                findings.push(Finding::well(&subject, version));
                findings.extend(throttle_finding(name, throttle));
            }
            Err(error) => findings.push(Finding::ill(&subject, error.to_string())),
        }
    }
    findings
}

/// Nothing where nothing throttles.
fn throttle_finding(name: &str, throttle: Result<Option<String>, String>) -> Option<Finding> {
    let subject = format!("throttle {name}");
    match throttle {
        Ok(says) => says.map(|says| Finding::well(&subject, says)),
        Err(message) => Some(Finding::ill(&subject, message)),
    }
}

async fn version_and_throttle(
    database: &Database,
    interrupt: &Interrupt,
) -> Result<(String, Result<Option<String>, String>), CliError> {
    let mut session = database.open(interrupt, StatementLog::default()).await?;
    let version = session.server_version().await?;
    let throttle = database.try_throttle(&mut session).await;
    session.close().await;
    let product = match database.dialect() {
        Dialect::Postgres => "PostgreSQL",
        Dialect::Sqlite => "SQLite",
    };
    Ok((format!("{product} {version}, read-only session"), throttle))
}

async fn event_store(setup: &Setup) -> Finding {
    let subject = "event store";
    match setup.event_store() {
        Err(error) => Finding::ill(subject, error.to_string()),
        Ok(None) => Finding::well(subject, "none configured: metrics of events fall back to -1"),
        Ok(Some(store)) => match store.ping().await {
            Ok(()) => Finding::well(subject, store.address()),
            Err(failure) => Finding::ill(subject, failure.to_string()),
        },
    }
}

/// Nothing where there is none.
fn license(setup: &Setup) -> Option<Finding> {
    let subject = "licence";
    Some(match setup.license()? {
        Err(failure) => Finding::ill(subject, failure.to_string()),
        Ok(license) => {
            let end = license.expires_at().map(|end| format!(", until {end}"));
            Finding::well(subject, format!("{}{}", license.plan(), end.unwrap_or_default()))
        }
    })
}

/// Each is asked once: one that is away costs its metrics alone, but is worth knowing of.
async fn components(setup: &Setup) -> Vec<Finding> {
    let components = setup.components();
    let mut findings = Vec::new();
    for name in components.names() {
        let subject = format!("component {name}");
        findings.push(match components.ask(name).await {
            Ok(answer) => Finding::well(&subject, format!("answers {}", answer.status())),
            Err(failure) => Finding::ill(&subject, failure.to_string()),
        });
    }
    findings
}

async fn prometheus(setup: &Setup) -> Finding {
    let subject = "prometheus";
    let Some(prometheus) = setup.prometheus() else {
        return Finding::well(subject, "none configured: its metrics fall back");
    };
    match prometheus.version().await {
        Ok((version, place)) => Finding::well(subject, format!("Prometheus {version} at {place}")),
        Err(failure) => Finding::ill(subject, failure.to_string()),
    }
}

async fn state(setup: &Setup) -> Finding {
    let looked_through = async {
        let state = setup.state().await?;
        state.check_whole().await?;
        Ok::<_, CliError>(state.location().to_owned())
    };
    match looked_through.await {
        Ok(location) => Finding::well("state", location),
        Err(error) => Finding::ill("state", error.to_string()),
    }
}

async fn versions(setup: &Setup) -> Finding {
    let config = &setup.config;
    let permission = match Permission::ask_once(config, setup.now).await {
        Ok(permission) => permission,
        Err(error) => return Finding::ill("versions", error.to_string()),
    };
    match (&config.versions.url, permission.refusal) {
        (_, Some(refusal)) => Finding::well("versions", format!("nothing leaves: {}", refusal.says())),
        (None, None) => Finding::well("versions", "no url: nothing leaves"),
        (Some(url), None) => Finding::well("versions", format!("sends to {url}")),
    }
}
