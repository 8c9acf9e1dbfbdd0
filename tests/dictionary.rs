//! The dictionary, as its readers have it: a document, or a site in a real browser.

#[path = "dictionary/browser.rs"]
mod browser;
#[path = "dictionary/documents.rs"]
mod documents;
#[path = "dictionary/escaping.rs"]
mod escaping;
#[path = "dictionary/history.rs"]
mod history;
#[path = "dictionary/search.rs"]
mod search;
#[path = "dictionary/site.rs"]
mod site;

mod support;

use std::path::Path;

use serde_json::Value;

use support::cli::Cli;

/// The definitions that the repository ships.
fn shipped() -> &'static str {
    env!("CARGO_MANIFEST_DIR")
}

/// The dictionary as YAML, read as YAML.
fn entries(cli: &Cli, more: &[&str]) -> Vec<Value> {
    let run = cli.run(&[&["dictionary"], more].concat()).expect_code(0);
    serde_yaml::from_str(&run.stdout).expect("YAML")
}

/// Writes a definition with these lines beside the usual ones.
fn metric(cli: &Cli, file: &str, key_path: &str, more: &str) {
    let usual = "value_type: number\nstatus: active\ntime_frame: all\ndata_source: system\n\
                 instrumentation_class: StaticMetric\noptions: {value: 1}\n";
    let key_path = Value::from(key_path);
    cli.write(
        &format!("metrics/{file}.yml"),
        &format!("key_path: {key_path}\n{more}{usual}"),
    );
}

fn read(folder: &Path, name: &str) -> String {
    let file = folder.join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
