//! An independent reading of the specification: days, weeks and keys, and a Redis that is filled and asked by redis-cli.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde_yaml::Value;

use crate::support::redis::server::Redis;

/// The day on which everything is computed: a Friday, early in the year, so that weeks cross it.
pub const NOW: &str = "2026-01-16T11:30:00Z";

pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 16).unwrap()
}

/// What one metric is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Counters that are added up.
    Counters(Vec<String>),
    /// Sketches whose union is counted.
    Sketches(BTreeSet<String>),
}

impl Asked {
    fn keys(&self) -> Vec<&str> {
        match self {
            Asked::Counters(keys) => keys.iter().map(String::as_str).collect(),
            Asked::Sketches(keys) => keys.iter().map(String::as_str).collect(),
        }
    }
}

/// `2026-02` for each whole week from `days` ago on, found day by day.
pub fn weeks(days: u64) -> Vec<String> {
    let mut sunday = today();
    while sunday.weekday() != Weekday::Sun {
        sunday = sunday + Days::new(1);
    }
    let last = sunday - Days::new(7);
    let mut weeks = Vec::new();
    let mut day = today() - Days::new(days);
    while day <= last {
        let week = day.format("%G-%V").to_string();
        if weeks.last() != Some(&week) {
            weeks.push(week);
        }
        day = day + Days::new(1);
    }
    weeks
}

/// Every YAML file of a folder and its subfolders.
pub fn yaml_files(folder: &Path) -> Vec<(PathBuf, Value)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(yaml_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            let value = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            files.push((path, value));
        }
    }
    files.sort_by(|left, right| left.0.cmp(&right.0));
    files
}

/// Fills every key that is asked for, and the same keys of weeks that must not be counted, by redis-cli alone.
pub fn fill(redis: &Redis, asked: &BTreeMap<String, Asked>) {
    let mut commands = String::new();
    let mut seen = BTreeSet::new();
    for asked in asked.values() {
        for key in asked.keys() {
            if !seen.insert(key.to_owned()) {
                continue;
            }
            let draw = draw(key);
            match asked {
                Asked::Counters(_) => writeln!(commands, "INCRBY \"{key}\" {}", draw % 100_000).unwrap(),
                Asked::Sketches(_) => add(&mut commands, key, draw),
            }
        }
    }
    for week in ["2025-49", "2026-03"] {
        for key in seen.clone() {
            if let Some(base) = key.strip_suffix("-2026-02") {
                let other = format!("{base}-{week}");
                let line = if key.contains("event_counters") {
                    format!("INCRBY \"{other}\" 7000000\n")
                } else {
                    format!("PFADD \"{other}\" of_another_week_{week}\n")
                };
                commands.push_str(&line);
            }
        }
    }
    let answers = redis.cli_input(&commands);
    assert!(!answers.contains("ERR"), "{answers}");
}

/// From none to a few thousand values, so that keys are absent, sparse and dense; neighbouring keys share some.
fn add(commands: &mut String, key: &str, draw: u64) {
    let values = match draw % 10 {
        0 => return,
        1..=6 => draw % 300,
        7 | 8 => 300 + draw % 1_000,
        _ => 2_500 + draw % 1_000,
    };
    let first = draw % 2_000;
    for chunk in (first..first + values).collect::<Vec<_>>().chunks(500) {
        write!(commands, "PFADD \"{key}\"").unwrap();
        for value in chunk {
            write!(commands, " {value}").unwrap();
        }
        commands.push('\n');
    }
}

/// FNV-1a, so that a key always has the same values.
fn draw(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ (hash >> 29)
}

/// The values, counted by redis-cli.
pub fn counted(redis: &Redis, asked: &BTreeMap<String, Asked>) -> BTreeMap<String, i64> {
    let mut commands = String::new();
    for asked in asked.values() {
        match asked {
            Asked::Counters(keys) => keys.iter().for_each(|key| writeln!(commands, "GET \"{key}\"").unwrap()),
            Asked::Sketches(keys) => {
                write!(commands, "PFCOUNT").unwrap();
                keys.iter().for_each(|key| write!(commands, " \"{key}\"").unwrap());
                commands.push('\n');
            }
        }
    }
    let answers = redis.cli_input(&commands);
    // redis-cli prints an empty line for a key that is not there.
    let mut answers = answers.lines().map(|line| line.trim().parse::<i64>().unwrap_or(0));
    let mut next = || answers.next().expect("an answer for each command");
    let value = |(key_path, asked): (&String, &Asked)| {
        let value = match asked {
            Asked::Counters(keys) => keys.iter().map(|_| next()).sum(),
            Asked::Sketches(_) => next(),
        };
        (key_path.clone(), value)
    };
    asked.iter().map(value).collect()
}
