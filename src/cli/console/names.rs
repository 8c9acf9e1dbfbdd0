//! The names that lines can be written with: tables, columns, metrics, events.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::super::setup::{Patience, Setup};
use super::super::wanted::{self, did_you_mean};
use super::super::{CliError, output::counted};
use super::answer::Answer;
use super::evaluate::misnamed;
use super::mistake::Refusal;
use crate::keyspace::Keyspace;
use crate::source::database::{Database, Interrupt, ListedTable, StatementLog};

/// Names for completion; tables come when a server has told them.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) metrics: Vec<String>,
    pub(super) events: Vec<String>,
    pub(super) tables: Mutex<Vec<ListedTable>>,
    /// What was bound at the prompt.
    pub(super) bound: Mutex<Vec<String>>,
}

/// All names that are known by now; tables are looked up in the background, so that a server that is slow or away never
/// keeps anybody from typing.
pub(super) fn gather(setup: &Setup) -> Arc<Names> {
    let names = Arc::new(Names {
        metrics: wanted::names(setup).map(str::to_owned).collect(),
        events: event_names(&setup.keyspace),
        ..Names::default()
    });
    let (_switch, interrupt) = Interrupt::channel();
    let log = StatementLog::default();
    // What cannot be listed is not completed; the first expression says why.
    let databases = setup
        .sources(None, interrupt.clone(), log, Patience::TryOnce)
        .map(|sources| sources.databases);
    for database in databases.unwrap_or_default().into_values() {
        let (names, interrupt) = (names.clone(), interrupt.clone());
        tokio::spawn(async move {
            if let Ok(listed) = listed(&database, &interrupt).await
                && let Ok(mut tables) = names.tables.lock()
            {
                tables.extend(listed);
            }
        });
    }
    names
}

async fn listed(database: &Database, interrupt: &Interrupt) -> Result<Vec<ListedTable>, CliError> {
    let mut session = database.open(interrupt, StatementLog::default()).await?;
    let tables = session.list_tables().await;
    session.close().await;
    Ok(tables?)
}

/// Every event, however it is tracked.
pub(super) fn event_names(keyspace: &Keyspace) -> Vec<String> {
    let events = keyspace.events().into_iter().map(|event| event.name.clone());
    let internal = keyspace.internal_events().into_iter().map(|(name, _)| name.to_owned());
    let counters = keyspace.counters().map(|counter| counter.name.clone());
    let mut names: Vec<String> = events.chain(internal).chain(counters).collect();
    names.sort();
    names.dedup();
    names
}

/// Names, one a line.
pub(super) fn list<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Answer {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    let noun = what.trim_end_matches('s');
    let lines: String = names.iter().map(|name| format!("  {name}\n")).collect();
    Answer::Text {
        human: format!("{lines}{}\n", counted(names.len(), noun)),
        json: json!({ what: names }),
    }
}

/// The tables of every database.
pub(super) async fn tables(
    setup: &Setup,
    interrupt: &Interrupt,
    matches: &dyn Fn(&str) -> bool,
) -> Result<Answer, CliError> {
    let all = all_tables(setup, interrupt).await?;
    let names = all.iter().map(|table| table.name.as_str()).filter(|name| matches(name));
    Ok(list("tables", names))
}

/// The columns of a table, in its order.
pub(super) async fn columns(setup: &Setup, interrupt: &Interrupt, name: &str, text: &str) -> Result<Answer, Refusal> {
    let all = all_tables(setup, interrupt).await?;
    let Some(table) = all.iter().find(|table| table.name == name) else {
        let help = did_you_mean(name, all.iter().map(|table| table.name.as_str()));
        let help = Some(help.unwrap_or_else(|| "`tables` lists all".to_owned()));
        return Err(misnamed(format!("there is no table {name:?}"), help, name, text));
    };
    let width = table
        .columns
        .iter()
        .map(|column| column.name.chars().count())
        .max()
        .unwrap_or_default();
    let lines = table
        .columns
        .iter()
        .map(|column| format!("  {:width$}  {}\n", column.name, column.type_name));
    let columns = table
        .columns
        .iter()
        .map(|column| json!({"name": column.name, "type": column.type_name}));
    Ok(Answer::Text {
        human: lines.collect(),
        json: json!({"table": name, "columns": columns.collect::<Vec<Value>>()}),
    })
}

async fn all_tables(setup: &Setup, interrupt: &Interrupt) -> Result<Vec<ListedTable>, CliError> {
    let sources = setup.sources(None, interrupt.clone(), StatementLog::default(), Patience::TryOnce)?;
    let mut tables = Vec::new();
    for (name, database) in &sources.databases {
        let found = listed(database, interrupt).await.map_err(|error| {
            let url = setup
                .config
                .databases
                .get(name)
                .map(|database| database.url.to_string());
            let place = url
                .map(|url| format!("; see [database.{name}] url = \"{url}\""))
                .unwrap_or_default();
            CliError::Other(format!("{error}{place}"))
        });
        tables.extend(found?);
    }
    Ok(tables)
}
