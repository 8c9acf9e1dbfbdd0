//! What is said on stderr: notes, problems and errors, as text for people or as log lines for machines.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, Severity};
use tracing_subscriber::EnvFilter;

use super::{CliError, Global, LogFormat};
use crate::state::OpenError;

/// Whether everything on stderr is a log line, set once at the start.
static AS_LOG_LINES: OnceLock<bool> = OnceLock::new();

/// Level of the log where SERVICE_PING_LOG sets none. What sqlx finds slow is not for the operator.
const QUIET: &str = "warn,sqlx=error";
/// The notes of this file, which `--log-format json` makes log lines of, and the metrics that fell back, which a person finds
/// in the summary.
const NOTES: &str = "service_ping::cli::message=info,service_ping::report=info";

pub(super) fn start_logging(global: &Global) {
    let json = global.log_format == LogFormat::Json;
    // Only the first call counts, and there is only one.
    let _ = AS_LOG_LINES.set(json);
    let quiet = if json {
        format!("{QUIET},{NOTES}")
    } else {
        QUIET.to_owned()
    };
    let filter = EnvFilter::try_from_env("SERVICE_PING_LOG").unwrap_or_else(|_| EnvFilter::new(quiet));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // A reader of stderr that went away must not end a run.
        .log_internal_errors(false);
    match global.log_format {
        LogFormat::Text => builder.with_ansi(global.colored()).with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// Says something that is not the result: how far it is, what was written, what to do next.
pub(super) fn note(text: &str) {
    if as_log_lines() {
        tracing::info!("{}", text.trim());
    } else {
        write(&format!("{text}\n"));
    }
}

/// Asks something of a person at the terminal; the answer follows on the same line.
pub(super) fn question(text: &str) {
    write(text);
}

/// Says why the verb ended, each problem of a configuration with its place.
pub(super) fn error(error: &CliError, global: &Global) {
    if let CliError::Config(errors) = error {
        errors.problems().iter().for_each(|found| problem(found, global));
    }
    let mut text = error.to_string();
    if let Some(cause) = system_error(error) {
        text += &format!("\n  because: {cause}");
    }
    if as_log_lines() {
        tracing::error!("{text}");
    } else {
        write(&format!("error: {text}\n"));
    }
}

/// Shows a problem of a file with its line, a caret and what to do.
pub(super) fn problem(diagnostic: &dyn Diagnostic, global: &Global) {
    if as_log_lines() {
        log_problem(diagnostic);
    } else {
        write(&rendered(diagnostic, global));
    }
}

/// A diagnostic with its source and caret, as wide as the terminal.
fn rendered(diagnostic: &dyn Diagnostic, global: &Global) -> String {
    let theme = match (global.colored(), io::stderr().is_terminal()) {
        (true, _) => GraphicalTheme::unicode(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (false, false) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(super::output::terminal_width())
        .with_links(false);
    let mut text = format!("{}: ", severity(diagnostic));
    match handler.render_report(&mut text, diagnostic) {
        Ok(()) => text + "\n",
        Err(_) => format!("{}: {diagnostic}\n", severity(diagnostic)),
    }
}

fn log_problem(diagnostic: &dyn Diagnostic) {
    let code = diagnostic.code().map(|code| code.to_string()).unwrap_or_default();
    let help = diagnostic.help().map(|help| help.to_string()).unwrap_or_default();
    let place = place(diagnostic).unwrap_or_default();
    match severity(diagnostic) {
        "error" => tracing::error!(code, place, help, "{diagnostic}"),
        _ => tracing::warn!(code, place, help, "{diagnostic}"),
    }
}

/// `file:line:column` of the first label.
fn place(diagnostic: &dyn Diagnostic) -> Option<String> {
    let label = diagnostic.labels()?.next()?;
    let contents = diagnostic.source_code()?.read_span(label.inner(), 0, 0).ok()?;
    let file = contents.name().unwrap_or_default();
    Some(format!("{file}:{}:{}", contents.line() + 1, contents.column() + 1))
}

fn severity(diagnostic: &dyn Diagnostic) -> &'static str {
    match diagnostic.severity() {
        None | Some(Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
        Some(Severity::Advice) => "advice",
    }
}

/// What the operating system said. Other causes may quote a URL or a row, and are not printed.
fn system_error(error: &CliError) -> Option<&io::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref::<io::Error>() {
            return Some(found);
        }
        if let Some(OpenError::File(found)) = current.downcast_ref::<OpenError>() {
            return Some(found);
        }
        cause = current.source();
    }
    None
}

fn as_log_lines() -> bool {
    AS_LOG_LINES.get().copied().unwrap_or(false)
}

/// A reader of stderr that went away, as `head` does, is no error: the work goes on.
fn write(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
