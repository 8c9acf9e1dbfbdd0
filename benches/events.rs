//! Reading and tracking against the same work by hand, as ratios measured in one run: `cargo bench --bench events`.
//!
//! Starts its own redis-servers from the system's packages, single and a cluster of three. Prints a table; exits 1 where
//! a ratio misses its target.

use std::error::Error;
use std::net::TcpListener;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use redis::aio::ConnectionLike;
use service_ping::definition::{Aggregation, Catalog, KnownEvent, TimeFrame};
use service_ping::event::{Tracker, TrackerOptions, read};
use service_ping::keyspace::{FeatureFlags, KeyRules, Keyspace, Period, UniqueQuestion};
use service_ping::measure::{EventMeasure, EventRead, Failure, Reading};
use service_ping::source::event_store::{EventStore, StoreOptions, open};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const EVENTS: usize = 400;
const ROUNDS: usize = 9;
/// Values of a key: far below what Redis keeps sparse, and far above.
const SPARSE: usize = 1_000;
const DENSE: usize = 20_000;
/// Commands of a pipeline, and events of a batch, where tracking is measured.
const PIPELINE: usize = 500;
const TRACKED: usize = 1_000_000;

fn main() -> ExitCode {
    match bench() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<usize> {
    // Only the first provider of a process counts.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut table = Table::new();
    runtime.block_on(async {
        // `cargo bench --bench events -- track` measures tracking alone.
        if std::env::args().any(|argument| argument == "track") {
            let server = Server::start(&[])?;
            table.rate("track", 0.6, tracking(&server).await?);
            return Ok(());
        }
        for (name, values, target) in [("dense", DENSE, 0.75), ("sparse", SPARSE, 1.2)] {
            let server = Server::start(&[])?;
            table.row(&format!("read {name}"), target, single(&server, values).await?);
        }
        for (name, values, target) in [("dense", DENSE, 0.9), ("sparse", SPARSE, 1.2)] {
            let cluster = Cluster::start()?;
            let medians = clustered(&cluster, values).await?;
            table.row(&format!("read {name}, cluster"), target, medians);
        }
        let server = Server::start(&[])?;
        table.rate("track", 0.6, tracking(&server).await?);
        Ok::<(), Box<dyn Error>>(())
    })?;
    Ok(table.missed)
}

struct Table {
    missed: usize,
}

/// Medians of the work by hand and of ours, in seconds.
type Medians = (f64, f64);

impl Table {
    fn new() -> Table {
        println!("{:<24} {:>12} {:>12} {:>7}  target", "", "by hand", "ours", "ratio");
        Table { missed: 0 }
    }

    fn row(&mut self, name: &str, target: f64, (hand, ours): Medians) {
        let ratio = ours / hand;
        let (hand, ours) = (hand * 1000.0, ours * 1000.0);
        let met = self.met(ratio <= target);
        println!("{name:<24} {hand:>9.1} ms {ours:>9.1} ms {ratio:>7.2}  <= {target:.2}{met}");
    }

    /// Rates in a second, more of which is better.
    fn rate(&mut self, name: &str, target: f64, (hand, ours): Medians) {
        let ratio = ours / hand;
        let met = self.met(ratio >= target);
        println!("{name:<24} {hand:>10.0}/s {ours:>10.0}/s {ratio:>7.2}  >= {target:.2}{met}");
    }

    fn met(&mut self, met: bool) -> &'static str {
        self.missed += usize::from(!met);
        if met { "" } else { "   MISSED" }
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default()
}

fn keyspace() -> Keyspace {
    let event = |place: usize| KnownEvent {
        name: format!("users_doing_thing_{place}"),
        category: Some("bench".to_owned()),
        redis_slot: None,
        aggregation: Aggregation::Weekly,
        expiry: None,
        feature_flag: None,
        file: "bench.yml".into(),
    };
    let mut catalog = Catalog::default();
    catalog.known_events.extend((0..EVENTS).map(event));
    Keyspace::of(&catalog, KeyRules::default(), FeatureFlags::default())
}

/// For each event its last whole week, and its last four together.
fn measures(keyspace: &Keyspace) -> Result<Vec<EventMeasure>> {
    let mut measures = Vec::new();
    for event in keyspace.events() {
        for frame in [TimeFrame::SevenDays, TimeFrame::TwentyEightDays] {
            let question = UniqueQuestion {
                events: &[event.name.as_str()],
                period: Period::of(frame, now()).ok_or("a period")?,
                context: "",
                any_category: false,
                identifier: None,
            };
            let (keys, window) = keyspace.unique_keys(&question)?;
            measures.push(EventMeasure {
                read: EventRead::Unique(keys),
                window: Some(window),
            });
        }
    }
    Ok(measures)
}

/// Fills every key that is asked for, with values of which neighbouring weeks share many.
async fn fill(connection: &mut impl ConnectionLike, measures: &[EventMeasure], values: usize) -> Result<()> {
    let mut keys: Vec<&str> = measures.iter().flat_map(EventMeasure::keys).collect();
    keys.sort_unstable();
    keys.dedup();
    for (place, key) in keys.iter().enumerate() {
        let first = place * values / 2;
        for chunk in (first..first + values).collect::<Vec<_>>().chunks(2_000) {
            let mut command = redis::cmd("PFADD");
            command.arg(key);
            chunk.iter().for_each(|value| {
                command.arg(value);
            });
            command.query_async::<()>(connection).await?;
        }
    }
    Ok(())
}

async fn ours(store: &Arc<dyn EventStore>, measures: &[EventMeasure]) -> Result<(f64, Vec<u64>)> {
    let asked: Vec<&EventMeasure> = measures.iter().collect();
    let begun = Instant::now();
    let readings = read(store.as_ref(), &asked).await;
    let elapsed = begun.elapsed().as_secs_f64();
    let count = |reading: std::result::Result<Reading, Failure>| match reading {
        Ok(Reading::Estimate(estimate)) => Ok(estimate.value as u64),
        Ok(other) => Err(format!("{other:?} is no count")),
        Err(failure) => Err(failure.to_string()),
    };
    let counts = readings
        .into_iter()
        .map(count)
        .collect::<std::result::Result<Vec<_>, _>>()?;
    Ok((elapsed, counts))
}

fn store(url: String) -> Result<Arc<dyn EventStore>> {
    Ok(open(&StoreOptions {
        url,
        ca_file: None,
        timeout: Duration::from_secs(30),
    })?)
}

async fn single(server: &Server, values: usize) -> Result<Medians> {
    let measures = measures(&keyspace())?;
    let client = redis::Client::open(server.url())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    fill(&mut connection, &measures, values).await?;
    let store = store(server.url())?;
    let (mut by_hand, mut by_us) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut pipeline = redis::pipe();
        for measure in &measures {
            pipeline.cmd("PFCOUNT").arg(measure.keys());
        }
        let begun = Instant::now();
        let wanted: Vec<u64> = pipeline.query_async(&mut connection).await?;
        by_hand.push(begun.elapsed().as_secs_f64());
        let (elapsed, counts) = ours(&store, &measures).await?;
        by_us.push(elapsed);
        if counts != wanted {
            return Err("our counts are not those of PFCOUNT".into());
        }
    }
    Ok((median(by_hand), median(by_us)))
}

async fn clustered(cluster: &Cluster, values: usize) -> Result<Medians> {
    let measures = measures(&keyspace())?;
    let client = redis::cluster::ClusterClient::new(cluster.nodes.iter().map(Server::url))?;
    let mut connection = client.get_async_connection().await?;
    fill(&mut connection, &measures, values).await?;
    let addresses: Vec<String> = cluster
        .nodes
        .iter()
        .map(|node| format!("127.0.0.1:{}", node.port))
        .collect();
    let store = store(format!("redis-cluster://{}", addresses.join(",")))?;
    let (mut by_hand, mut by_us) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // The two questions of an event are of one slot.
        let pipelines = measures.chunks(2).map(|pair| {
            let mut connection = connection.clone();
            let mut pipeline = redis::pipe();
            for measure in pair {
                pipeline.cmd("PFCOUNT").arg(measure.keys());
            }
            async move { pipeline.query_async::<Vec<u64>>(&mut connection).await }
        });
        let begun = Instant::now();
        let wanted = join_all(pipelines)
            .await
            .into_iter()
            .collect::<redis::RedisResult<Vec<_>>>()?;
        by_hand.push(begun.elapsed().as_secs_f64());
        let (elapsed, counts) = ours(&store, &measures).await?;
        by_us.push(elapsed);
        if counts != wanted.concat() {
            return Err("our counts are not those of PFCOUNT".into());
        }
    }
    Ok((median(by_hand), median(by_us)))
}

/// PFADDs in a second: redis-benchmark's, and events through a tracker.
async fn tracking(server: &Server) -> Result<Medians> {
    let (mut by_hand, mut by_us) = (Vec::new(), Vec::new());
    let keyspace = Arc::new(keyspace());
    let names: Vec<String> = keyspace
        .events()
        .iter()
        .take(20)
        .map(|event| event.name.clone())
        .collect();
    for _ in 0..3 {
        by_hand.push(redis_benchmark(server)?);
        let options = TrackerOptions {
            batch: PIPELINE as u64,
            capacity: TRACKED as u64 + 1,
            ..TrackerOptions::default()
        };
        let tracker = Tracker::start(store(server.url())?, keyspace.clone(), options);
        tracker.track_event(&names[0], vec![b"0".to_vec()], now())?;
        tracker.flush().await;
        let begun = Instant::now();
        for place in 0..TRACKED {
            let value = (place.wrapping_mul(2_654_435_761) % TRACKED).to_string().into_bytes();
            tracker.track_event(&names[place % names.len()], vec![value], now())?;
        }
        tracker.flush().await;
        by_us.push(TRACKED as f64 / begun.elapsed().as_secs_f64());
        let counts = tracker.close(Duration::from_secs(10)).await;
        if counts.written != TRACKED as u64 + 1 {
            return Err(format!("not all was written: {counts:?}").into());
        }
    }
    Ok((median(by_hand), median(by_us)))
}

fn redis_benchmark(server: &Server) -> Result<f64> {
    let port = server.port.to_string();
    let (requests, pipeline, range) = (TRACKED.to_string(), PIPELINE.to_string(), TRACKED.to_string());
    let output = Command::new("redis-benchmark")
        .args([
            "-p", &port, "-n", &requests, "-P", &pipeline, "-r", &range, "-c", "1", "--csv",
        ])
        .args(["PFADD", "bench", "__rand_int__"])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().ok_or("redis-benchmark said nothing")?;
    let rate = line.split(',').nth(1).ok_or("redis-benchmark said something else")?;
    Ok(rate.trim_matches('"').parse()?)
}

/// A redis-server of our own, ended when dropped.
struct Server {
    port: u16,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(more: &[&str]) -> Result<Server> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        // A cluster's nodes also listen on the port 10000 above.
        let port = if port >= 55_000 { port - 20_000 } else { port };
        let folder = tempfile::tempdir()?;
        let process = Command::new("redis-server")
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .args(more)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("redis-server cannot be started ({error}): apt-get install redis-server"))?;
        let server = Server {
            port,
            process,
            _folder: folder,
        };
        wait_until(|| server.cli(&["ping"]).is_ok_and(|answer| answer.trim() == "PONG"))?;
        Ok(server)
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn cli(&self, args: &[&str]) -> Result<String> {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string()])
            .args(args)
            .output()?;
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    fn start() -> Result<Cluster> {
        let start = |_| Server::start(&["--cluster-enabled", "yes"]);
        let nodes = (0..3).map(start).collect::<Result<Vec<_>>>()?;
        let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .arg("--cluster-yes")
            .stdout(Stdio::null())
            .status()?;
        if !made.success() {
            return Err("redis-cli --cluster create failed".into());
        }
        let is_ok = |node: &Server| {
            node.cli(&["cluster", "info"])
                .is_ok_and(|info| info.contains("cluster_state:ok"))
        };
        wait_until(|| nodes.iter().all(is_ok))?;
        Ok(Cluster { nodes })
    }
}

fn wait_until(is_so: impl Fn() -> bool) -> Result<()> {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > Duration::from_secs(30) {
            return Err("a server did not come up".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
