//! Tracking over HTTP beside a handler that only parses the same JSON, by wrk, and what good clients notice of bad ones:
//! `cargo bench --bench http`.
//!
//! Starts its own redis-server and `serve`; the bare handler is this program again. All of it on loopback, bounded in count
//! and time. Exits 1 where a ratio misses its target.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Tracking reaches at least this part of the bare handler's rate.
const RATE: f64 = 0.5;
/// The 99th percentile of good clients may be this many times the quiet one.
const NOTICED: f64 = 2.0;
const ROUNDS: usize = 3;
const SECONDS: u64 = 4;
/// Good clients, and how often each asks.
const GOOD: usize = 4;
const PAUSE: Duration = Duration::from_millis(10);
const EVENT: &str = r#"{"event":"board_created","project_id":7,"additional_properties":{"label":"x"}}"#;
const PATH: &str = "/usage_data/track_event";
const BARE: &str = "--bare";

fn main() -> ExitCode {
    let result = match env::args().any(|argument| argument == BARE) {
        true => bare().map(|()| true),
        false => bench(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What a handler costs that parses an event and answers.
#[derive(Deserialize)]
#[expect(dead_code, reason = "it is parsed, and nothing else")]
struct Event {
    event: String,
    project_id: Option<u64>,
    additional_properties: Option<std::collections::BTreeMap<String, serde_json::Value>>,
}

fn bare() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        eprintln!("listening on http://{}", listener.local_addr()?);
        let handler = async |Json(_): Json<Event>| Json(serde_json::json!({"result": "tracked"}));
        axum::serve(listener, Router::new().route(PATH, post(handler))).await?;
        Ok(())
    })
}

/// A program that says where it listens, and ends with this.
struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    fn start(command: &mut Command) -> Result<Peer> {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines();
        let address = loop {
            let line = lines.next().ok_or("it ended")??;
            if let Some((_, address)) = line.split_once("listening on http://") {
                break address.trim().to_owned();
            }
        };
        // Whatever it says later is read, lest it wait.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Peer { child, address })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bench() -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let _redis = Ended(
        Command::new("redis-server")
            .args(["--port", &port.to_string(), "--save", "", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()?,
    );
    write_instance(folder.path(), port)?;
    let token = token(folder.path(), "app")?;
    let unlimited = serving(folder.path(), 0, &token)?;
    let mut met = rates(&unlimited, &token)?;
    drop(unlimited);
    let limited = serving(folder.path(), 500, &token)?;
    let bad = self::token(folder.path(), "bad")?;
    met &= noticed(&limited, &token, &bad)?;
    Ok(met)
}

/// Kills what it holds.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn write_instance(folder: &Path, port: u16) -> Result<()> {
    std::fs::create_dir_all(folder.join("metrics/counts_all"))?;
    let metric = "key_path: counts.boards_created\ndescription: Boards that were made\nvalue_type: number\nstatus: active\n\
                  time_frame: all\ndata_source: internal_events\ndata_category: optional\nevents:\n  - name: board_created\n";
    std::fs::write(folder.join("metrics/counts_all/1_boards.yml"), metric)?;
    let config = format!("[event_store]\nurl = \"redis://127.0.0.1:{port}\"\n");
    std::fs::write(folder.join("service-ping.toml"), config)?;
    Ok(())
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_service-ping"));
    command.current_dir(folder);
    command
}

fn token(folder: &Path, name: &str) -> Result<String> {
    let made = program(folder)
        .args(["token", "add", name, "--scope", "track", "--user", "1"])
        .output()?;
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

/// A server whose limit is so many requests a second, and which tracks.
fn serving(folder: &Path, limit: u32, token: &str) -> Result<Peer> {
    let peer = Peer::start(
        program(folder)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("SERVICE_PING__SERVER__RATE_LIMIT", limit.to_string()),
    )?;
    let mut good = Connection::open(&peer.address)?;
    let status = good.ask(&request(&peer.address, token, EVENT))?;
    if status != 200 {
        return Err(format!("tracking answers {status}").into());
    }
    Ok(peer)
}

/// Both rates in turn; whether the target is met.
fn rates(serving: &Peer, token: &str) -> Result<bool> {
    let bare = Peer::start(Command::new(env::current_exe()?).arg(BARE))?;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let parsed = wrk(&bare.address, token)?;
        let tracked = wrk(&serving.address, token)?;
        println!(
            "tracked {tracked:>9.0}/s   bare {parsed:>9.0}/s   ratio {:.2}",
            tracked / parsed
        );
        ratios.push(tracked / parsed);
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ROUNDS / 2];
    println!("tracking over HTTP, of the bare handler's rate: {ratio:.2} (target: at least {RATE})");
    Ok(ratio >= RATE)
}

fn wrk(address: &str, token: &str) -> Result<f64> {
    let script = tempfile::NamedTempFile::new()?;
    let lua = format!(
        "wrk.method = \"POST\"\nwrk.body = [[{EVENT}]]\nwrk.headers[\"Content-Type\"] = \"application/json\"\n\
         wrk.headers[\"PRIVATE-TOKEN\"] = \"{token}\"\n"
    );
    std::fs::write(script.path(), lua)?;
    let output = Command::new("wrk")
        .args(["-t1", "-c32", &format!("-d{SECONDS}s"), "-s"])
        .arg(script.path())
        .arg(format!("http://{address}{PATH}"))
        .output()?;
    let said = String::from_utf8(output.stdout)?;
    if said.contains("Non-2xx") {
        return Err(format!("not every answer was 200:\n{said}").into());
    }
    let rate = said.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    Ok(rate.ok_or("wrk says no rate")?.trim().parse()?)
}

/// A connection that is kept.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Connection {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Sends a request and reads its answer; the status.
    fn ask(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let mut chunk = [0; 4096];
        loop {
            let read = self.stream.read(&mut chunk)?;
            if read == 0 {
                return Err("closed".into());
            }
            self.buffer.extend_from_slice(&chunk[..read]);
            let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..end])?.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.unwrap_or("0").trim().parse()?;
            if self.buffer.len() >= end + 4 + length {
                return Ok(head.split(' ').nth(1).ok_or("no status")?.parse()?);
            }
        }
    }
}

fn request(address: &str, token: &str, body: &str) -> Vec<u8> {
    post_of(address, PATH, token, "", body.as_bytes())
}

fn post_of(address: &str, path: &str, token: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nPRIVATE-TOKEN: {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{more}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// What good clients notice of each kind of bad one; whether all targets are met.
fn noticed(serving: &Peer, token: &str, bad: &str) -> Result<bool> {
    let address = serving.address.as_str();
    let many = format!("{{\"events\":[{}]}}", vec![EVENT; 51].join(","));
    let long = format!("{{\"event\":\"{}\"}}", "x".repeat(1 << 20));
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 64 << 20])?;
    let bomb = packer.finish()?;
    let kinds: [(&str, Vec<u8>, u64); 4] = [
        (
            "51 events",
            post_of(address, "/usage_data/track_events", bad, "", many.as_bytes()),
            200,
        ),
        ("a body of 1 MiB", post_of(address, PATH, bad, "", long.as_bytes()), 50),
        (
            "a gzip bomb",
            post_of(address, PATH, bad, "Content-Encoding: gzip\r\n", &bomb),
            50,
        ),
        ("10,000 requests a second", request(address, bad, EVENT), 10_000),
    ];
    let mut met = true;
    for (name, bytes, rate) in &kinds {
        let quiet = good_clients(address, token)?;
        let stop = AtomicBool::new(false);
        let sent = AtomicU64::new(0);
        let busy = std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| flood(address, bytes, *rate / 4, &stop, &sent));
            }
            let busy = good_clients(address, token);
            stop.store(true, Ordering::Relaxed);
            busy
        })?;
        met &= told(name, quiet, busy, sent.load(Ordering::Relaxed));
    }
    let quiet = good_clients(address, token)?;
    let slow: Vec<TcpStream> = (0..500)
        .filter_map(|_| {
            let mut stream = TcpStream::connect(address).ok()?;
            stream
                .write_all(b"POST /usage_data/track_event HTTP/1.1\r\nHost: loc")
                .ok()?;
            Some(stream)
        })
        .collect();
    let busy = good_clients(address, token)?;
    met &= told("500 connections that send no more", quiet, busy, slow.len() as u64);
    Ok(met)
}

fn told(name: &str, quiet: Duration, busy: Duration, sent: u64) -> bool {
    let ratio = busy.as_secs_f64() / quiet.as_secs_f64();
    println!(
        "{name}: p99 of good clients {:.2} ms, quiet {:.2} ms, ratio {ratio:.2} (target: below {NOTICED}); {sent} were sent",
        busy.as_secs_f64() * 1e3,
        quiet.as_secs_f64() * 1e3,
    );
    ratio < NOTICED
}

/// Sends the same again and again, at an even rate, until it is told to stop. A connection that is closed is opened anew.
fn flood(address: &str, bytes: &[u8], rate: u64, stop: &AtomicBool, sent: &AtomicU64) {
    let begun = Instant::now();
    let mut connection = Connection::open(address).ok();
    let mut count: u64 = 0;
    while !stop.load(Ordering::Relaxed) {
        let due = Duration::from_secs_f64(count as f64 / rate as f64);
        if let Some(wait) = due.checked_sub(begun.elapsed()) {
            std::thread::sleep(wait);
        }
        count += 1;
        sent.fetch_add(1, Ordering::Relaxed);
        let answered = connection
            .as_mut()
            .is_some_and(|connection| connection.ask(bytes).is_ok());
        if !answered {
            connection = Connection::open(address).ok();
        }
    }
}

/// The 99th percentile of what good clients wait, who each ask every few milliseconds.
fn good_clients(address: &str, token: &str) -> Result<Duration> {
    let bytes = Arc::new(request(address, token, EVENT));
    let clients: Vec<_> = (0..GOOD)
        .map(|client| {
            let (address, bytes) = (address.to_owned(), bytes.clone());
            std::thread::spawn(move || good_client(&address, &bytes, client))
        })
        .collect();
    let mut times = Vec::new();
    for client in clients {
        let waited = client.join().map_err(|_| "a client panicked")?;
        times.extend(waited.map_err(|error| format!("a good client: {error}"))?);
    }
    times.sort_unstable();
    Ok(times[times.len() * 99 / 100])
}

fn good_client(address: &str, bytes: &[u8], client: usize) -> std::result::Result<Vec<Duration>, String> {
    let mut connection = Connection::open(address).map_err(|error| error.to_string())?;
    std::thread::sleep(PAUSE / GOOD as u32 * client as u32);
    let begun = Instant::now();
    let mut times = Vec::new();
    while begun.elapsed() < Duration::from_secs(SECONDS) {
        let asked = Instant::now();
        match connection.ask(bytes).map_err(|error| error.to_string())? {
            200 => times.push(asked.elapsed()),
            status => return Err(format!("answered {status}")),
        }
        std::thread::sleep(PAUSE);
    }
    Ok(times)
}
