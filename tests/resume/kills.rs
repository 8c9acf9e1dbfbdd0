//! Runs that are killed at any moment, and gone on with.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::gate::Gate;
use crate::instance::{CONNECTIONS, Instance, Receiver, database};
use crate::ranges::{is_range, repeated};
use crate::support::postgres::{Database, Postgres};

/// Kills of the short form; `scripts/soak kills` sets more.
const KILLS: usize = 16;

fn kills() -> usize {
    let set = std::env::var("SERVICE_PING_KILLS").ok();
    set.and_then(|set| set.parse().ok()).unwrap_or(KILLS)
}

/// A small generator of numbers, so that a seed repeats a series.
struct Dice(u64);

impl Dice {
    fn new() -> Dice {
        let seed = std::env::var("SERVICE_PING_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
        println!("SERVICE_PING_SEED={seed} repeats the series");
        Dice(seed)
    }

    /// From 0 to 1.
    fn roll(&mut self) -> f64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) as f64 / u64::MAX as f64
    }
}

/// The moment of a kill.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after the start.
    After(Duration),
    /// When the receiver has taken a request, and before the answer.
    BeforeAnswer(&'static str),
}

#[test]
fn a_killed_run_goes_on_where_it_was_killed_and_is_delivered_once() {
    let postgres = Postgres::dedicated();
    let database = database(&postgres);
    let receiver = Receiver::start();
    let gate = Gate::before(receiver.url());
    let mut dice = Dice::new();

    let undisturbed = Instance::new(&database, "undisturbed", gate.url(), "");
    let begun = Instant::now();
    let outcome = undisturbed.run(&["--format", "json"]).expect_code(0);
    let whole = begun.elapsed();
    let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    assert_eq!(report["fallbacks"], 0, "{report:#}");
    let expected = receiver.payloads().pop().expect("it was delivered").1;
    let ranges = undisturbed
        .statements(&database)
        .into_iter()
        .filter(|statement| is_range(statement));
    let ranges = ranges.count();
    assert!(ranges > 30, "there is little to kill in: {ranges} ranges");
    assert_eq!(repeated(&undisturbed.statements(&database)), [""; 0]);

    let (mut killed, mut instances, mut mid_scan, mut resumed_readings) = (0, 1, 0, 0);
    while killed < kills() {
        let settings = match instances % 3 {
            0 => format!("[state]\nurl = \"{}\"\n", postgres_state(&database, instances)),
            _ => String::new(),
        };
        let instance = Instance::new(&database, &format!("round {instances}"), gate.url(), &settings);
        instances += 1;
        let (mut own_kills, mut said) = (0, String::new());
        let report = loop {
            let moment = match dice.roll() {
                roll if roll < 0.1 => Moment::BeforeAnswer("/usage_data"),
                roll if roll < 0.2 => Moment::BeforeAnswer("/usage_ping_metadata"),
                _ => Moment::After(whole.mul_f64(dice.roll() * 1.05)),
            };
            let is_to_die = killed < kills() && own_kills < 3;
            let (report, stderr) = run(&instance, is_to_die.then_some(moment), &gate);
            said.push_str(&format!("{moment:?}:\n{stderr}"));
            match report {
                Some(report) => break Some(report),
                None => {
                    killed += 1;
                    own_kills += 1;
                    assert!(!stderr.contains("panicked"), "{stderr}");
                    // Killed while it was on its way out: what comes would be the next run, not this one again.
                    if instance.has_completed() {
                        break None;
                    }
                }
            }
        };
        if let Some(report) = report {
            assert_eq!(report["fallbacks"], 0, "{report:#}");
            resumed_readings += report["resumed"]["kept"].as_u64().unwrap_or(0);
        }
        let repeated = repeated(&instance.statements(&database));
        assert!(
            repeated.len() <= own_kills * CONNECTIONS,
            "{own_kills} kills, {} ranges read again:\n{}\n{said}\n{}",
            repeated.len(),
            repeated.join("\n"),
            instance.log(&database).join("\n")
        );
        mid_scan += usize::from(!repeated.is_empty());
        let payloads = receiver.payloads();
        assert_eq!(payloads.len(), instances, "each report stands there once");
        assert_eq!(payloads.last().expect("there is one").1, expected);
        assert_eq!(receiver.metadata().len(), instances, "and its metadata once");
    }
    println!("{killed} kills in {instances} runs, {mid_scan} of them in ranges; {resumed_readings} readings were kept");
    assert!(
        resumed_readings > 0,
        "no kill came between the first reading and the last"
    );
}

/// The report of a run that came to its end; `None` and what it said where it was killed.
fn run(instance: &Instance, moment: Option<Moment>, gate: &Gate) -> (Option<Value>, String) {
    let mut command = instance.command(&["--resume=auto", "--format", "json"]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    match moment {
        Some(Moment::After(time)) => {
            // The moment itself is what is tested, not waited for.
            std::thread::sleep(time);
            let _ = child.kill();
        }
        Some(Moment::BeforeAnswer(path)) => gate.kill_before_answer(child.id(), path),
        None => {}
    }
    let output = child.wait_with_output().expect("it is ours to wait for");
    gate.spare();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => (
            Some(serde_json::from_slice(&output.stdout).expect("it is JSON")),
            stderr,
        ),
        None => (None, stderr),
        code => panic!("exit {code:?}: {stderr}\n{}", String::from_utf8_lossy(&output.stdout)),
    }
}

/// A database of its own for a state store.
fn postgres_state(database: &Database<'_>, number: usize) -> String {
    let name = format!("state_{number}");
    database.psql(&format!("CREATE DATABASE {name}"));
    database.url().replace(database.name(), &name)
}
