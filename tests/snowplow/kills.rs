//! A process that is killed at any moment, and started again.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::chaos::Dice;
use crate::front::{Answer, Front};
use crate::support::cli::Cli;

/// Kills of the short form; `scripts/soak snowplow` sets more.
const KILLS: usize = 6;
const LINE: &str = r#"{"event_type":"runner_compute_usage","realm":"SM","unit_of_measure":"seconds","quantity":1.5}"#;

fn kills() -> usize {
    let set = std::env::var("SERVICE_PING_KILLS").ok();
    set.and_then(|set| set.parse().ok()).unwrap_or(KILLS)
}

pub fn configured(url: &str) -> Cli {
    let cli = Cli::new();
    cli.write("service-ping.toml", &format!("[snowplow]\ncollector = \"{url}\"\n"));
    cli
}

/// What the spool says of itself.
pub fn look(cli: &Cli) -> Value {
    let look = cli.run(&["snowplow", "spool", "--format", "json"]).expect_code(0);
    serde_json::from_str(&look.stdout).expect("JSON")
}

#[test]
fn no_event_whose_id_was_said_is_lost_over_kills() {
    let mut dice = Dice::new();
    let mut moods = Dice::new();
    let front = Front::start(move |_| match moods.below(4) {
        0 => Answer::Status(503),
        1 => Answer::TakenThenReset,
        _ => Answer::Taken,
    });
    let cli = configured(&front.url);
    let lines = format!("{LINE}\n").repeat(3000);
    let file = cli.write("events.jsonl", &lines);
    let mut said = BTreeSet::new();
    for _ in 0..kills() {
        let mut child = cli
            .command(&[
                "snowplow",
                "billing",
                "--from",
                file.to_str().unwrap(),
                "--deadline",
                "20s",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let ids = BufReader::new(child.stdout.take().expect("its output"));
        // It is killed at some id, or somewhat later, while it writes and sends.
        let last = dice.below(3500);
        let later = Duration::from_micros(dice.below(20_000));
        let mut read = 0;
        for id in ids.lines().map_while(Result::ok) {
            said.insert(id);
            read += 1;
            if read == last {
                std::thread::park_timeout(later);
                child.kill().expect("it can be killed");
            }
        }
        drop(child.kill());
        child.wait().expect("it is ours");
        let look = look(&cli);
        assert_eq!(look["corrupt"], 0, "{look}");
    }
    let drained = cli.run(&["snowplow", "drain", "--deadline", "60s"]);
    assert_eq!(drained.code, Some(0), "{}", drained.stderr);
    assert_eq!(look(&cli)["pending"], 0);
    let received: BTreeSet<String> = front.taken_ids().into_iter().collect();
    let lost: Vec<_> = said.difference(&received).collect();
    assert!(lost.is_empty(), "{} of {} were lost: {lost:?}", lost.len(), said.len());
    assert!(!said.is_empty());
}

#[test]
fn a_full_disk_is_told_and_what_was_said_before_is_kept() {
    let cli = configured(&crate::front::nobody());
    let file = cli.write("events.jsonl", &format!("{LINE}\n").repeat(2000));
    // No file may grow beyond 1 MiB: where the disk ends, as far as a process can tell.
    let output = cli.command(&["snowplow"]);
    let mut limited = std::process::Command::new("sh");
    limited
        .args([
            "-c",
            "ulimit -f 2048; exec \"$0\" snowplow billing --from \"$1\" --deadline 1ms",
        ])
        .arg(output.get_program())
        .arg(&file)
        .current_dir(cli.folder())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = limited.output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("cannot be written"), "{stderr}");
    let said = String::from_utf8_lossy(&output.stdout).lines().count() as u64;
    assert!(said > 0, "some had room");
    assert_eq!(look(&cli)["pending"], said);
    assert_eq!(look(&cli)["corrupt"], 0);
}

#[test]
fn a_spool_of_another_process_is_refused() {
    let cli = configured(&crate::front::nobody());
    let folder = cli.folder().join("snowplow-spool");
    let held = crate::tracking::spool(&folder);
    let refused = cli.run(&["snowplow", "drain"]).expect_code(5);
    assert!(
        refused
            .stderr
            .contains(&format!("in use by process {}", std::process::id())),
        "{}",
        refused.stderr
    );
    drop(held);
    cli.run(&["snowplow", "drain"]).expect_code(0);
}
