//! The receiving end under a fleet's pings of 1 MiB, held to one processor: `cargo bench --bench receiver`.
//!
//! Starts the program itself, on SQLite and on a PostgreSQL of its own, posts pings of as many instances over connections that
//! stay open, and holds the rate against bare inserts of the same bodies. Prints a table; exits 1 where a target is missed.

#[path = "../tests/state/postgres.rs"]
mod postgres;

use std::error::Error;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt, stream};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Pings that are timed, of as many instances.
const PINGS: usize = 300;
const MIB: usize = 1024 * 1024;
/// Pings that are on their way at once.
const SENDERS: usize = 32;
/// A fleet of 10,000 that pings on one day, ten times over.
const TARGET_RATE: f64 = 10.0 * 10_000.0 / 86_400.0;
const TARGET_MIB: f64 = 256.0;

fn main() -> ExitCode {
    match bench() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<bool> {
    service_ping::versions::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let by_hand = by_hand().await?;
        println!("{:<34}{:>12}{:>14}{:>12}", "", "pings/s", "a day", "peak MiB");
        println!("{:<34}{by_hand:>12.1}", "SQLite, bare inserts by hand");
        let mut met = true;
        let folder = tempfile::tempdir()?;
        let sqlite = folder.path().join("receiver.db").display().to_string();
        for (name, store) in [("SQLite", sqlite), ("PostgreSQL", postgres::new_database().await)] {
            for (kind, body) in [("4,000 metrics", body_of(4_000)), ("all of it metrics", body_of(usize::MAX))] {
                let (rate, peak) = receive(&store, kind, &body).await?;
                println!("{:<34}{rate:>12.1}{:>14.0}{peak:>12.0}", format!("{name}, {kind}"), rate * 86_400.0);
                met &= rate >= TARGET_RATE && peak <= TARGET_MIB;
            }
        }
        println!("\n{PINGS} pings of 1 MiB over {SENDERS} connections, the receiver held to one processor; targets: {TARGET_RATE:.1}");
        println!("pings/s, ten times a fleet of 10,000 in a day, and {TARGET_MIB} MiB");
        Ok(met)
    })
}

/// The rest of a payload of 1 MiB, so many metrics of it and then one long text.
fn body_of(metrics: usize) -> String {
    let mut body = String::from("\"active_user_count\":100,\"counts\":{\"issues\":5");
    let mut place = 0;
    while place < metrics && body.len() < MIB - 300 {
        let _ = write!(body, ",\"some_metric_of_the_product_{place}\":{}", place * 37 % 100_003);
        place += 1;
    }
    body.push_str("},\"text\":\"");
    body.push_str(&"x".repeat((MIB - 150).saturating_sub(body.len())));
    body.push_str("\"}");
    body
}

fn payload(instance: usize, kind: &str, rest: &str) -> String {
    format!(
        "{{\"uuid\":\"{kind} {instance}\",\"version\":\"17.{}.0\",\"hostname\":\"h{instance}\",{rest}",
        instance % 9
    )
}

struct Receiver {
    child: Child,
    url: String,
}

impl Receiver {
    fn start(store: &str) -> Result<Receiver> {
        let mut command = Command::new("taskset");
        command.args([
            "-c",
            "0",
            env!("CARGO_BIN_EXE_service-ping"),
            "versions",
            "--listen",
            "127.0.0.1:0",
        ]);
        command.env("SERVICE_PING_VERSIONS_STORE", store).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let stderr = child.stderr.take().ok_or("no stderr")?;
        let mut lines = BufReader::new(stderr).lines();
        let line = lines.find_map(|line| line.ok().filter(|line| line.contains("listening on")));
        let line = line.ok_or("the receiver did not start")?;
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .ok_or("no address")?;
        let url = url.trim_end_matches(',').to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Receiver { child, url })
    }

    /// The most memory that it ever held, in MiB.
    fn peak(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.split_whitespace().next()).ok_or("no VmHWM")?;
        Ok(kib.parse::<f64>()? / 1024.0)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn receive(store: &str, kind: &str, rest: &str) -> Result<(f64, f64)> {
    let receiver = Receiver::start(store)?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let post = async |instance: usize| -> Result<()> {
        let request = client
            .post(format!("{}/usage_data", receiver.url))
            .body(payload(instance, kind, rest));
        request.send().await?.error_for_status()?;
        Ok(())
    };
    // The names of the metrics are new but once.
    post(PINGS).await?;
    let begun = Instant::now();
    let posts = stream::iter(0..PINGS).map(post).buffer_unordered(SENDERS);
    posts.try_collect::<Vec<()>>().await?;
    Ok((PINGS as f64 / begun.elapsed().as_secs_f64(), receiver.peak()?))
}

/// What SQLite does with the same bodies where nothing is read of them, as durable.
async fn by_hand() -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("hand.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::query("CREATE TABLE payloads (id INTEGER PRIMARY KEY, payload TEXT)")
        .execute(&mut connection)
        .await?;
    let rest = body_of(4_000);
    let begun = Instant::now();
    for instance in 0..PINGS {
        sqlx::query("INSERT INTO payloads (payload) VALUES ($1)")
            .bind(payload(instance, "hand", &rest))
            .execute(&mut connection)
            .await?;
    }
    Ok(PINGS as f64 / begun.elapsed().as_secs_f64())
}
