//! What `job exec` adds to a command: with nothing to tell, and with a collector that never answers.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 41;
/// Of `job exec -- true` over `true`.
const OVERHEAD: Duration = Duration::from_millis(15);
/// Of a collector that never answers, over a job that nobody is told of.
const DELAY: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("service-ping-bench-jobs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    // The kernel takes connections, and nobody answers them.
    let hole = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", hole.local_addr().expect("an address"));
    let told = format!(
        r#"{{"features": {{"tracing": {{"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "otel_endpoints": ["{endpoint}"]}}}}}}"#
    );
    let config = "[job_telemetry]\nmax_age = \"1s\"\n";
    for (name, text) in [("off.json", "{}"), ("told.json", &told), ("service-ping.toml", config)] {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    let (mut bare, mut off, mut silent) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(time(Command::new("true").current_dir(&folder)));
        off.push(time(&mut job(&folder, "off.json")));
        silent.push(time(&mut job(&folder, "told.json")));
    }
    let (bare, off, silent) = (median(bare), median(off), median(silent));
    let (overhead, delay) = (off.saturating_sub(bare), silent.saturating_sub(off));
    println!("| what | median of {ROUNDS} | target |\n|---|---|---|");
    println!("| `true` | {bare:.1?} | |");
    println!("| `job exec -- true` adds | {overhead:.1?} | {OVERHEAD:?} |");
    println!("| a collector that never answers adds | {delay:.1?} | {DELAY:?} |");
    // What was written here is nobody's any more, should this fail.
    let _ = std::fs::remove_dir_all(&folder);
    let is_met = overhead < OVERHEAD && delay < DELAY;
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn job(folder: &Path, payload: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_service-ping"));
    command
        .args(["job", "exec", "--payload", payload, "--", "true"])
        .current_dir(folder);
    command
}

fn time(command: &mut Command) -> Duration {
    let begun = Instant::now();
    let status = command.stdin(Stdio::null()).status().expect("it runs");
    assert!(status.success(), "{status}");
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
