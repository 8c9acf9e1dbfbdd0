//! `test`: the tests of definitions, one line each.

use clap::Args;
use serde_json::{Value, json};

use super::message::{self, note};
use super::output::{Format, counted, print};
use super::setup::{DefinitionArgs, Setup, globs, interrupt_on_signals, options, test_names};
use super::{CliError, Global, exit};
use crate::config::{Database, MetricGlobs, Url};
use crate::definition::{LoadedTests, MetricTests, load_tests, nearest};
use crate::source::database::DatabaseOptions;
use crate::trial::{Bench, Ground, Verdict, run as run_test};

#[derive(Debug, Args)]
#[command(after_help = "\
Tests stand in files *.test.yml beside the metrics:

    metric: counts_monthly.issues
    tests:
      - name: an issue of last month counts, a new one does not
        now: 2026-01-01T00:00:00Z
        rows:
          issues:
            - {created_at: 2025-12-15}
            - {created_at: 2025-12-31}
        value: 1

Exit codes: 0 where all tests pass, 1 where one fails, 3 where a file has errors.")]
pub(super) struct TestArgs {
    /// Only tests of these metrics and classes, such as 'counts.*' [default: all]
    #[arg(value_name = "GLOB")]
    wanted: Vec<String>,
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// Also on this PostgreSQL, in a schema that is rolled back: a URL, or the name of a configured database [default:
    /// SQLite in memory alone]
    #[arg(long, value_name = "URL|NAME")]
    database: Option<String>,
    /// Show the statements of each test
    #[arg(short, long)]
    verbose: bool,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) async fn run(global: &Global, args: TestArgs) -> Result<u8, CliError> {
    let setup = Setup::load(global, &args.definitions)?;
    let grounds = grounds(&setup, args.database.as_deref())?;
    let loaded = load_tests(&setup.root, &setup.loaded.catalog, &test_names(&setup.registry))?;
    if !loaded.problems.is_empty() {
        loaded
            .problems
            .iter()
            .for_each(|problem| message::problem(problem, global));
    }
    if !loaded.problems.is_empty() && !args.definitions.skip_invalid {
        return Err(CliError::InvalidDefinitions(loaded.problems.len()));
    }
    let files = wanted(&loaded, &args.wanted)?;
    let bench = Bench {
        catalog: &setup.loaded.catalog,
        registry: &setup.registry,
        keyspace: &setup.keyspace,
        interrupt: interrupt_on_signals(),
    };
    let mut verdicts = Vec::new();
    for file in files {
        if args.format == Format::Human {
            print(&format!("{}\n", file.subject.name()))?;
        }
        for test in &file.tests {
            for ground in &grounds {
                let verdict = run_test(file, test, ground, &bench).await;
                if bench.interrupt.is_raised() {
                    return Err(CliError::Interrupted);
                }
                if args.format == Format::Human {
                    print(&shown(&verdict, args.verbose))?;
                }
                verdicts.push(verdict);
            }
        }
    }
    finish(&verdicts, args.format)
}

fn finish(verdicts: &[Verdict], format: Format) -> Result<u8, CliError> {
    let failed = verdicts.iter().filter(|verdict| !verdict.passed).count();
    let passed = verdicts.len() - failed;
    match format {
        Format::Human => {
            let next = if failed > 0 {
                "; --verbose shows their statements"
            } else {
                ""
            };
            note(&format!(
                "{}: {passed} passed, {failed} failed{next}",
                counted(verdicts.len(), "test")
            ));
        }
        Format::Json => {
            let tests: Vec<Value> = verdicts.iter().map(Verdict::to_json).collect();
            print(&format!(
                "{:#}\n",
                json!({"passed": passed, "failed": failed, "tests": tests})
            ))?;
        }
    }
    Ok(if failed > 0 { exit::TEST_FAILED } else { exit::DONE })
}

fn grounds(setup: &Setup, database: Option<&str>) -> Result<Vec<Ground>, CliError> {
    let mut grounds = vec![Ground::Memory];
    if let Some(wanted) = database {
        grounds.push(Ground::Server(Box::new(server(setup, wanted)?)));
    }
    Ok(grounds)
}

/// A configured database, or one at a URL with all else as usual.
fn server(setup: &Setup, wanted: &str) -> Result<DatabaseOptions, CliError> {
    let databases = &setup.config.databases;
    let database = match databases.get(wanted) {
        Some(database) => database.clone(),
        None if wanted.contains("://") => Database::at(
            Url::parse(wanted, &["postgres", "postgresql", "sqlite"]).map_err(|error| usage(&error.to_string()))?,
        ),
        None => {
            let names: Vec<&str> = databases.keys().map(String::as_str).collect();
            let message = match nearest(wanted, names).first() {
                Some(name) => format!("there is no [database.{wanted}]; did you mean {name:?}?"),
                None => format!("there is no [database.{wanted}]; or give a URL, such as postgres://user@host/name"),
            };
            return Err(usage(&message));
        }
    };
    if database.url.scheme() == "sqlite" {
        return Err(usage("tests run on an SQLite of their own anyway; name a PostgreSQL"));
    }
    // A replica cannot be written to, not even for the length of a transaction.
    let database = Database {
        replicas: Vec::new(),
        ..database
    };
    Ok(options(wanted, &database))
}

fn usage(message: &str) -> CliError {
    CliError::Usage(format!("--database: {message}"))
}

fn wanted<'a>(loaded: &'a LoadedTests, patterns: &[String]) -> Result<Vec<&'a MetricTests>, CliError> {
    if loaded.files.is_empty() {
        let message = "there are no tests: they stand in files *.test.yml beside the metrics; --help shows one";
        return Err(CliError::Usage(message.to_owned()));
    }
    let globs: Option<MetricGlobs> = match patterns {
        [] => None,
        patterns => Some(globs(patterns)?),
    };
    let is_wanted = |file: &&MetricTests| globs.as_ref().is_none_or(|globs| globs.is_match(file.subject.name()));
    let files: Vec<&MetricTests> = loaded.files.iter().filter(is_wanted).collect();
    if files.is_empty() {
        return Err(CliError::Usage(none_of(loaded, patterns)));
    }
    Ok(files)
}

fn none_of(loaded: &LoadedTests, patterns: &[String]) -> String {
    let names = loaded.files.iter().map(|file| file.subject.name());
    let close = nearest(&patterns.join(" "), names);
    let patterns = patterns.join(", ");
    match close.as_slice() {
        [] => format!("nothing that {patterns} names has tests"),
        close => format!(
            "nothing that {patterns} names has tests; did you mean {}?",
            close.join(", ")
        ),
    }
}

fn shown(verdict: &Verdict, verbose: bool) -> String {
    let mark = if verdict.passed { "ok  " } else { "FAIL" };
    let mut text = format!("  {mark}  {:8}  {}\n", verdict.ground, verdict.name);
    if !verdict.passed {
        text += &format!("        {}\n", verdict.place);
        text += &format!("        - {}\n        + {}\n", verdict.expected, verdict.actual);
        if let Some(message) = &verdict.message {
            text += &format!("        {message}\n");
        }
    }
    if verbose {
        for sent in &verdict.sent {
            text += &format!("        {}\n", sent.sql);
            if let Some(error) = &sent.error {
                text += &format!("          failed: {error}\n");
            }
        }
    }
    text
}
