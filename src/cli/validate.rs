//! `validate`: every file, every problem at once.

mod baseline;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::message::{self, note};
use super::output::{counted, print};
use super::setup::{license, load_config, test_names};
use super::{CliError, Global, exit, live};
use crate::definition::{self, Comparison, Diagnostic, findings, load_tests};
use crate::instrumentation::Registry;

#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// The folder that holds metrics/ [default: `definitions` of the configuration]
    #[arg(long, value_name = "FOLDER")]
    definitions: Option<PathBuf>,
    /// Refuse what measures something else than at a git ref, or in a folder of definitions [default: nothing is compared]
    #[arg(long, value_name = "REF_OR_FOLDER")]
    baseline: Option<String>,
    /// Warnings are errors, for CI
    #[arg(long)]
    deny_warnings: bool,
    /// Also prepare every statement on the live databases: tables, columns, types, indexes; exit code 1 where one is away
    #[arg(long)]
    database: bool,
    /// github gives workflow commands, which annotate a change
    #[arg(long, value_enum, default_value_t = ValidateFormat::Human)]
    format: ValidateFormat,
    /// Also write the JSON Schemas for editors into metrics/schema/
    #[arg(long)]
    write_schema: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ValidateFormat {
    Human,
    Json,
    Github,
}

pub(super) async fn run(global: &Global, args: ValidateArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    let license = license(&config, global.now());
    let root = args.definitions.clone().unwrap_or_else(|| config.definitions.clone());
    let loaded = definition::load(&root)?;
    let registry = Registry::built_in();
    let mut problems = loaded.problems.clone();
    problems.extend(findings(&loaded.catalog, &|name| registry.knows(name)));
    problems.extend(definition::value_schemas(&root, &loaded.catalog));
    problems.extend(load_tests(&root, &loaded.catalog, &test_names(&registry))?.problems);
    let comparison = match &args.baseline {
        Some(baseline) => Some(baseline::compare(global, &config, &root, &loaded, baseline)?),
        None => None,
    };
    if let Some(comparison) = &comparison {
        problems.extend(comparison.problems.iter().cloned());
    }
    if args.database {
        problems.extend(live::problems(global, config, loaded.clone()).await?);
    }
    let problems = definition::silence(&loaded.catalog, problems, args.database);
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let warnings = problems.len() - errors;
    show(&problems, comparison.as_ref(), args.format, global)?;
    if args.format != ValidateFormat::Json {
        note(&format!(
            "{} and {}: {}, {}",
            counted(loaded.catalog.metrics.len(), "metric"),
            counted(loaded.catalog.classes.len(), "declared class"),
            counted(errors, "error"),
            counted(warnings, "warning")
        ));
        if let (Some(comparison), Some(baseline)) = (&comparison, &args.baseline) {
            note(&baseline::in_words(comparison, baseline));
        }
    }
    // No definition's problem: it is told, and fails nothing.
    if let Some(Err(failure)) = license
        && args.format != ValidateFormat::Json
    {
        note(&failure.to_string());
    }
    if args.write_schema {
        write_schemas(&root)?;
    }
    let fails = errors > 0 || (args.deny_warnings && warnings > 0);
    // The process ends: to take thousands of definitions apart would only take time.
    std::mem::forget((loaded, problems));
    Ok(if fails { exit::INVALID } else { exit::DONE })
}

fn show(
    problems: &[Diagnostic],
    comparison: Option<&Comparison>,
    format: ValidateFormat,
    global: &Global,
) -> Result<(), CliError> {
    match format {
        ValidateFormat::Human => {
            problems.iter().for_each(|problem| message::problem(problem, global));
            Ok(())
        }
        ValidateFormat::Json => {
            let list: Vec<Value> = problems.iter().map(Diagnostic::to_json).collect();
            let mut document = json!({"problems": list});
            if let (Some(comparison), Some(document)) = (comparison, document.as_object_mut()) {
                document.insert("baseline".to_owned(), baseline::to_json(comparison));
            }
            print(&format!("{document:#}\n"))
        }
        ValidateFormat::Github => {
            let lines: Vec<String> = problems.iter().map(|problem| problem.to_github() + "\n").collect();
            print(&lines.concat())
        }
    }
}

fn write_schemas(root: &std::path::Path) -> Result<(), CliError> {
    let folder = root.join("metrics/schema");
    std::fs::create_dir_all(&folder).map_err(|error| CliError::file(&folder, error))?;
    for (name, text) in definition::schemas() {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| CliError::file(&path, error))?;
        note(&format!("wrote {}", path.display()));
    }
    Ok(())
}
