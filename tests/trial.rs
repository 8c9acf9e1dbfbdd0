//! Tests of definitions, as their authors run them: on SQLite, and on a real PostgreSQL that keeps nothing.

#[path = "trial/expectations.rs"]
mod expectations;
#[path = "trial/files.rs"]
mod files;
#[path = "trial/server.rs"]
mod server;
#[path = "trial/shipped.rs"]
mod shipped;

mod support;

use support::cli::Cli;

/// A folder with one metric, `counts.issues`, over this relation.
fn folder(relation: &str, time_frame: &str) -> Cli {
    let cli = Cli::new();
    cli.write(
        "metrics/issues.yml",
        &format!(
            "key_path: counts.issues\ndescription: Issues\nvalue_type: number\nstatus: active\n\
             time_frame: {time_frame}\ndata_source: database\ninstrumentation_class: DatabaseMetric\n\
             options:\n  operation: count\n  relation: {relation}\n"
        ),
    );
    cli
}
