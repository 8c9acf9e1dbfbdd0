//! One server for all tests of a run.
//!
//! `cargo test` runs a crate's tests in one process: the server is that process'. nextest runs each test in a process of
//! its own, all children of the runner: the first of them starts the server for the runner, and the others find it
//! through a file named for the run.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Postgres;
use super::cluster::Cluster;
use super::watchdog::Owner;

static SHARED: OnceLock<Postgres> = OnceLock::new();

pub fn shared() -> &'static Postgres {
    SHARED.get_or_init(|| Postgres {
        cluster: match std::env::var("NEXTEST_RUN_ID") {
            Ok(run) => of_the_run(&run),
            Err(_) => Cluster::start(Owner::ThisValue, None),
        },
    })
}

/// The server of this nextest run: found, or started by whoever holds the lock first.
fn of_the_run(run: &str) -> Cluster {
    let meeting = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("postgres-run-{run}"));
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&meeting);
    let file = file.as_mut().expect("the target folder is writable");
    file.lock().expect("a lock on the run's meeting point");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("the meeting point is readable");
    match parse(&text) {
        Some((port, folder)) => Cluster::join(folder, port),
        None => {
            let cluster = Cluster::start(Owner::Process(std::os::unix::process::parent_id()), Some(&meeting));
            let written = write!(file, "{} {}", cluster.port, cluster.folder.display());
            written.expect("the meeting point is writable");
            cluster
        }
    }
}

fn parse(text: &str) -> Option<(u16, PathBuf)> {
    let (port, folder) = text.split_once(' ')?;
    Some((port.parse().ok()?, PathBuf::from(folder)))
}
