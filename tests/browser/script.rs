//! A script that node runs, with the tools that scripts/servers.sh put by.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::cli::Cli;

/// Runs a script of this folder to its end, and shows what it printed where it fails.
pub fn run(cli: &Cli, name: &str, mut place: Value) {
    place["tools"] = tools().display().to_string().into();
    place["program"] = env!("CARGO_BIN_EXE_service-ping").into();
    let file = cli.write(&format!("{name}.json"), &place.to_string());
    let script = here().join(name);
    let output = Command::new("node")
        .arg(&script)
        .current_dir(cli.folder())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", cli.folder())
        .env("TZ", "UTC")
        .env("PLACE", file)
        .output()
        .expect("node is installed (Debian's package `nodejs`)");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        output.status.success(),
        "{name}:\n{said}\n(scripts/test installs what it needs)"
    );
    println!("{name}:\n{said}");
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// Where scripts/servers.sh puts them.
fn tools() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let tools = cache.or_else(home).expect("a home").join("service-ping");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/servers.sh");
    let script = std::fs::read_to_string(script).expect("scripts/servers.sh is there");
    let version = |name: &str| {
        let line = script
            .lines()
            .find_map(|line| line.strip_prefix(&format!("readonly {name}=")));
        line.expect("a version").to_owned()
    };
    tools.join(format!(
        "browser-{}-{}",
        version("PLAYWRIGHT_CORE"),
        version("AXE_CORE")
    ))
}
