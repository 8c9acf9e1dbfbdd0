//! Several processes on one file, and the death of one.

use std::env;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use service_ping::source::event_store::{Batch, EmbeddedOptions, EmbeddedStore, EventStore};
use uuid::Uuid;

use crate::place::Place;
use crate::support::event_store::{add, count, hash, increment, increment_field, sketch, sketch_of, text};

const STORE: &str = "EVENT_STORE_UNDER_TEST";
const FIRST: &str = "FIRST_BATCH";
const BATCHES: &str = "NUMBER_OF_BATCHES";

/// The same batch whenever it is made, as a caller would try it again.
fn batch(number: i64) -> Batch {
    Batch {
        id: Uuid::from_u128(number as u128),
        writes: vec![
            increment("{n}_total", 1),
            increment_field("{h}", "f", 2),
            add("{dense}", number * 20..number * 20 + 20),
            add(&format!("{{own}}-{}", number % 7), [number]),
            increment("{n}_total", 1),
        ],
    }
}

/// This test binary, writing batches from `first` on.
fn start(path: &Path, first: i64, batches: i64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "processes::a_writing_process", "--ignored", "--nocapture"])
        .env(STORE, path)
        .env(FIRST, first.to_string())
        .env(BATCHES, batches.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the others run it as a process of its own"]
fn a_writing_process() {
    let Ok(path) = env::var(STORE) else { return };
    let number = |name| env::var(name).unwrap().parse::<i64>().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = EmbeddedStore::new(EmbeddedOptions::new(path));
        for number in number(FIRST)..number(FIRST) + number(BATCHES) {
            let answers = store.write(&batch(number)).await.unwrap();
            assert!(answers.iter().all(Result::is_ok));
            writeln!(std::io::stdout(), "\nanswered {number}").unwrap();
        }
    });
}

/// The batches that a process says were answered, as it says so.
fn answered(child: &mut Child) -> impl Iterator<Item = i64> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.filter_map(|line| line.unwrap().strip_prefix("answered ")?.parse().ok())
}

#[tokio::test]
async fn processes_lose_nothing_to_each_other() {
    let place = Place::new().await;
    let mut children: Vec<Child> = (0..4).map(|child| start(&place.path(), child * 1_000, 40)).collect();
    for child in &mut children {
        assert_eq!(answered(child).count(), 40);
        assert!(child.wait().unwrap().success());
    }
    let store = place.store();
    assert_eq!(text(store, "{n}_total").await, "320");
    assert_eq!(hash(store, "{h}").await.unwrap()["f"], 320);
    let numbers = (0..4).flat_map(|child| child * 1_000..child * 1_000 + 40);
    let all = sketch_of(numbers.clone().flat_map(|number| number * 20..number * 20 + 20));
    assert_eq!(sketch(store, "{dense}").await.unwrap(), all);
    let own: Vec<String> = (0..7).map(|n| format!("{{own}}-{n}")).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    assert_eq!(count(store, &own).await, sketch_of(numbers).count());
}

#[tokio::test]
async fn what_was_answered_outlives_a_killed_process() {
    let place = Place::new().await;
    let mut next = 0;
    for round in 0..4 {
        let mut child = start(&place.path(), next, i64::MAX / 2);
        let mut last = None;
        let mut killed = false;
        for number in answered(&mut child) {
            last = Some(number);
            if !killed && number >= next + 10 * (round + 1) {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        let last = last.unwrap();
        assert_eq!(place.sqlite3("PRAGMA integrity_check"), "ok");
        // Whether the batch after the last answer was applied is not known: it is tried again, as is an answered one.
        let again = place.another();
        for number in [last, last + 1, last + 1] {
            again.write(&batch(number)).await.unwrap();
        }
        next = last + 2;
        assert_eq!(text(&again, "{n}_total").await, (2 * next).to_string());
        assert_eq!(hash(&again, "{h}").await.unwrap()["f"], 2 * next);
        assert_eq!(sketch(&again, "{dense}").await.unwrap(), sketch_of(0..next * 20));
    }
}
