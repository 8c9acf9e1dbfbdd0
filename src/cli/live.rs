//! What the live databases say of the definitions, for `validate --database`.

use std::sync::Arc;

use super::permission::Permission;
use super::setup::{Patience, Setup, interrupt_on_signals};
use super::{CliError, Global};
use crate::config::Config;
use crate::definition::{Diagnostic, Loaded};
use crate::explain::{prepare, statements_of};
use crate::instrumentation::Registry;
use crate::report::plan_one;
use crate::source::database::{DatabaseError, StatementLog};

/// Problems of every metric's statements on the live schemas, by file and place.
///
/// # Errors
/// No database is configured, or one cannot be asked.
pub(super) async fn problems(global: &Global, config: Config, loaded: Loaded) -> Result<Vec<Diagnostic>, CliError> {
    if config.databases.is_empty() {
        return Err(CliError::NoDatabase);
    }
    let setup = Setup {
        root: config.definitions.clone(),
        loaded,
        registry: Registry::built_in(),
        keyspace: Arc::default(),
        now: global.now(),
        frozen_at: global.now,
        permission: Permission::of_config(&config.reporting),
        config,
    };
    let sources = setup.sources(None, interrupt_on_signals(), StatementLog::default(), Patience::TryOnce)?;
    let context = setup.context();
    let mut statements = Vec::new();
    for definition in &setup.loaded.catalog.metrics {
        for metric in plan_one(definition, &setup.registry, &context).metrics {
            if let Ok(Some(measure)) = metric.measure {
                statements.extend(statements_of(definition, &measure));
            }
        }
    }
    let measures: Vec<_> = statements.iter().map(|statement| &statement.measure).collect();
    let prepared = prepare(&measures, &sources)
        .await
        .map_err(|(name, error)| refused(&setup, &name, error))?;
    let diagnostics = statements
        .iter()
        .flat_map(|statement| statement.diagnostics(&prepared, &setup.loaded.catalog));
    let mut problems: Vec<Diagnostic> = Vec::new();
    for diagnostic in diagnostics {
        // Metrics of one class share what is wrong with it.
        if !problems.contains(&diagnostic) {
            problems.push(diagnostic);
        }
    }
    Ok(problems)
}

fn refused(setup: &Setup, name: &str, error: DatabaseError) -> CliError {
    match error {
        DatabaseError::Interrupted => CliError::Interrupted,
        other => CliError::unreachable(&setup.config, name, &other.to_string()),
    }
}
