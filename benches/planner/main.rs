//! The planner against the same work by hand, and against itself without sharing, as ratios measured in one run on one
//! server: `cargo bench --bench planner`, with the names of cases after `--` for some of them only, and `--quick` for
//! small data, whose ratios say nothing.
//!
//! Starts its own PostgreSQL from the system's packages. Times are of whole processes, ours as those by hand; each is the
//! median of five, taken in turn. Prints a table; exits 1 where a ratio misses its target. `--rows FILE` writes the table
//! as Markdown too.

#[path = "../../tests/support/mod.rs"]
mod support;

mod broken;
mod budget;
mod by_hand;
mod hybrid;
mod issues;
mod metric;
mod operations;
mod ours;
mod overhead;
mod ping;
mod ping_data;
mod replicas;
mod shared_scan;
mod table;
mod turns;

use std::cell::OnceCell;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use support::postgres::{Database, Postgres, Setup};
use table::Table;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Case = for<'a, 'b, 'c> fn(&'a Bench<'b>, &'c mut Table) -> Result<()>;

/// In this order: replicas copy the whole server, so they come before the large ping.
const CASES: [(&str, Case); 9] = [
    ("operations", operations::case),
    ("shared", shared_scan::case),
    ("hybrid", hybrid::case),
    ("replicas", replicas::case),
    ("broken", broken::case),
    ("plan", overhead::planning),
    ("ping", ping::case),
    ("memory", overhead::memory),
    ("budget", budget::case),
];

/// Enough memory for the tables, and every plan the same from run to run; what takes over a second is logged.
const SETTINGS: &str = "
shared_buffers = 2GB
max_wal_size = 8GB
checkpoint_timeout = 1h
maintenance_work_mem = 512MB
max_parallel_workers_per_gather = 0
jit = off
log_statement = none
log_min_duration_statement = 1000
";

/// What the cases share.
pub struct Bench<'a> {
    pub server: &'a Postgres,
    pub rounds: usize,
    /// Rows are divided by this.
    pub scale: u64,
    issues: OnceCell<Database<'a>>,
    ping: OnceCell<Database<'a>>,
}

impl<'a> Bench<'a> {
    /// So many rows of a table that has `full` in a measured run.
    pub fn rows(&self, full: u64) -> u64 {
        full / self.scale
    }

    /// The database with the one large table, made where this is the first to ask.
    pub fn issues(&self) -> &Database<'a> {
        self.issues.get_or_init(|| {
            let database = self.server.database();
            issues::make(&database, self.rows(issues::ROWS));
            database
        })
    }

    /// The database with the tables of the large ping.
    pub fn ping(&self) -> &Database<'a> {
        self.ping.get_or_init(|| {
            let database = self.server.database();
            ping_data::make(&database, self.scale);
            database
        })
    }
}

struct Arguments {
    quick: bool,
    rows: Option<PathBuf>,
    cases: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let server = Postgres::dedicated_with(&Setup {
        settings: SETTINGS.to_owned(),
        core: None,
    });
    let bench = Bench {
        server: &server,
        rounds: if arguments.quick { 1 } else { 5 },
        scale: if arguments.quick { 50 } else { 1 },
        issues: OnceCell::new(),
        ping: OnceCell::new(),
    };
    let mut table = Table::new();
    let chosen = |name: &str| arguments.cases.is_empty() || arguments.cases.iter().any(|case| case == name);
    for (name, case) in CASES.into_iter().filter(|(name, _)| chosen(name)) {
        eprintln!("{name}");
        if let Err(error) = guarded(case, &bench, &mut table) {
            table.failed(name, &error);
        }
    }
    if let Some(path) = &arguments.rows
        && let Err(error) = std::fs::write(path, table.markdown())
    {
        eprintln!("{}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    ExitCode::from(u8::from(table.missed() > 0))
}

/// An error of one case, or a panic of the harness in it, does not lose the others.
fn guarded(case: Case, bench: &Bench<'_>, table: &mut Table) -> std::result::Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| case(bench, table))) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("it panicked; standard error says why".to_owned()),
    }
}

fn arguments() -> Result<Arguments> {
    let mut parsed = Arguments {
        quick: false,
        rows: None,
        cases: Vec::new(),
    };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            // Cargo says so to every bench.
            "--bench" => {}
            "--quick" => parsed.quick = true,
            "--rows" => parsed.rows = Some(given.next().ok_or("--rows takes a file")?.into()),
            case if CASES.iter().any(|(name, _)| *name == case) => parsed.cases.push(case.to_owned()),
            other => {
                let names = CASES.map(|(name, _)| name).join(", ");
                return Err(format!("unknown argument {other}; cases are {names}").into());
            }
        }
    }
    Ok(parsed)
}
