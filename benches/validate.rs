//! How long `validate` takes beside reading and parsing the same files alone: `cargo bench --bench validate`.
//!
//! Both are whole processes; the second is this program again. Prints the medians and their ratio; exits 1 where the
//! ratio misses its target. `SERVICE_PING_COMPAT_DATA` names the folder of real inputs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// `validate` may take this many times what the bare parse takes.
const TARGET: f64 = 2.0;
const ROUNDS: usize = 31;
/// Tells the program to be the bare parse of a folder.
const PARSE: &str = "--parse-alone";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == PARSE) {
        return parse_alone(arguments.get(at + 1).map(Path::new));
    }
    let Some(root) = real_definitions() else {
        println!("NOT RUN: the folder of real inputs is absent; set SERVICE_PING_COMPAT_DATA");
        return ExitCode::SUCCESS;
    };
    let myself = env::current_exe().expect("this program has a path");
    let metrics = root.join("config/metrics");
    // The same files for both: a folder that holds the metrics alone.
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink(metrics.canonicalize().expect("a path"), folder.path().join("metrics")).expect("a link");
    let mut validated = Vec::new();
    let mut parsed = Vec::new();
    // Taking turns, so that what else the machine does touches both alike.
    for _ in 0..ROUNDS {
        validated.push(timed(
            Command::new(env!("CARGO_BIN_EXE_service-ping"))
                .args(["validate", "--definitions"])
                .arg(folder.path()),
        ));
        parsed.push(timed(Command::new(&myself).arg(PARSE).arg(&metrics)));
    }
    let (validated, parsed) = (median(validated), median(parsed));
    let ratio = validated.as_secs_f64() / parsed.as_secs_f64();
    println!("validate      {:>8.1} ms", validated.as_secs_f64() * 1000.0);
    println!("parse alone   {:>8.1} ms", parsed.as_secs_f64() * 1000.0);
    println!("ratio         {ratio:>8.2}  (target: below {TARGET})");
    if ratio < TARGET {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What `cat` and a bare parse of each file come to.
fn parse_alone(folder: Option<&Path>) -> ExitCode {
    let Some(folder) = folder else { return ExitCode::FAILURE };
    let mut files = 0;
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "yml") {
            let text = fs::read_to_string(entry.path()).expect("a text");
            let value: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
            std::hint::black_box(value);
            files += 1;
        }
    }
    if files > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn real_definitions() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = env::var_os("SERVICE_PING_COMPAT_DATA").map_or(beside, PathBuf::from);
    Some(data.join("gitlab/v18")).filter(|root| root.is_dir())
}

fn timed(command: &mut Command) -> Duration {
    let started = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let took = started.elapsed();
    assert!(status.expect("it runs").success());
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
