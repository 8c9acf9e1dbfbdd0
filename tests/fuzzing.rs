//! A short form of `scripts/soak fuzz`: real files, spoilt in a fixed order, fed to what libFuzzer is fed with. Nothing may
//! panic, and everything must end.

#[path = "fuzz/subjects/mod.rs"]
mod subjects;

use std::path::{Path, PathBuf};

/// How often each file is spoilt.
const ROUNDS: u64 = 40;

/// Texts that matter to one of the parsers.
const WORDS: [&str; 24] = [
    "'",
    "\"",
    "$$",
    "--",
    "/*",
    ";",
    "(",
    ")",
    ",",
    ":now",
    "::",
    "\n",
    "\t",
    "|",
    "&a ",
    "*a",
    "{",
    "]",
    "\u{feff}",
    "é",
    "9223372036854775808",
    "${",
    "#",
    "---8<---",
];

/// Bytes spoilt by a generator that gives the same bytes every time.
struct Spoiler(u64);

impl Spoiler {
    fn number(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }

    fn spoil(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut spoilt = bytes.to_vec();
        for _ in 0..=self.number(4) {
            let at = self.number(spoilt.len() + 1);
            let end = (at + self.number(40)).min(spoilt.len());
            match self.number(5) {
                0 => drop(spoilt.drain(at..end)),
                1 => {
                    let piece = spoilt[at..end].to_vec();
                    let to = self.number(spoilt.len() + 1);
                    spoilt.splice(to..to, piece);
                }
                2 => {
                    let word = WORDS[self.number(WORDS.len())];
                    spoilt.splice(at..at, word.bytes());
                }
                3 if at < end => spoilt[at] = self.number(256) as u8,
                _ => spoilt.truncate(end),
            }
        }
        spoilt
    }
}

fn feed(inputs: &[Vec<u8>], rounds: u64, subject: fn(&[u8])) {
    assert!(!inputs.is_empty());
    let mut spoiler = Spoiler(0x5eed_0fc0_ffee);
    for input in inputs {
        subject(input);
        for _ in 0..rounds {
            subject(&spoiler.spoil(input));
        }
    }
}

/// Every `step`th file with the ending under a folder of the repository.
fn files(folder: &str, step: usize) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yml"))
        .collect();
    paths.sort();
    paths
        .iter()
        .step_by(step)
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// A file as the definitions' subject takes it: in the place where such files stand.
fn placed(place: usize, bytes: Vec<u8>) -> Vec<u8> {
    ["\n---8<---\n".repeat(place).as_bytes(), &bytes].concat()
}

#[test]
fn definitions_end_in_problems_or_plans() {
    let folders = [
        ("metrics/counts_all", 12),
        ("metrics/instrumentations", 8),
        ("known_events", 4),
        ("events", 2),
        ("aggregated_metrics", 1),
    ];
    let tests = files("metrics", 1)
        .into_iter()
        .filter(|bytes| String::from_utf8_lossy(bytes).contains("\ntests:"));
    let tests: Vec<Vec<u8>> = tests.take(4).map(|bytes| placed(folders.len(), bytes)).collect();
    let inputs: Vec<Vec<u8>> = folders
        .into_iter()
        .enumerate()
        .flat_map(|(place, (folder, step))| files(folder, step).into_iter().map(move |bytes| placed(place, bytes)))
        .chain(tests)
        .collect();
    feed(&inputs, ROUNDS, subjects::definitions);
}

#[test]
fn relations_are_refused_or_one_query() {
    let relations = files("metrics/instrumentations", 1).into_iter().filter_map(|bytes| {
        let class: serde_json::Value = serde_yaml::from_slice(&bytes).unwrap();
        Some(class["relation"].as_str()?.as_bytes().to_vec())
    });
    let mut inputs: Vec<Vec<u8>> = relations.collect();
    inputs.push(b"SELECT MIN(id) FROM users WHERE created_at > :now - INTERVAL '28 days'".to_vec());
    feed(&inputs, ROUNDS * 4, subjects::relations);
}

#[test]
fn configurations_are_read_or_refused() {
    let sample = "definitions = \".\"\n[instance]\nhostname = \"${HOME}\"\n[database.main]\nurl = \"postgres://a:${SECRET}@h/d\"\n\
        statement_timeout = \"15s\"\nreplicas = []\nconnections = 2\n[event_store]\nurl = \"redis://:${SECRET}@h:1\"\n\
        key_format = \"slots\"\n[reporting]\ncategories = [\"optional\"]\ndisabled_metrics = [\"counts.*\"]\n\
        [feature_flags]\na = true\n[settings]\nb = 1\n";
    feed(&[sample.as_bytes().to_vec()], ROUNDS * 40, subjects::config);
}

#[test]
fn expressions_are_refused_or_meant() {
    let inputs: Vec<Vec<u8>> = [
        "count(users WHERE state IN ('active') AND (user_type IS NULL OR user_type IN (6, 4)))",
        "distinct_count(notes JOIN suggestions ON suggestions.note_id = notes.id, author_id, start: minimum(users, id), finish: 9)",
        "average(issues GROUP BY state_id, column: weight)",
        "imports = add(count(users), 3, counts.issues, CountIssuesMetric)",
        "histogram(alerts, issue_id, buckets: 1..100)",
        "unique_events a b from: 2026-11-01 to: 2026-11-19",
        "sql SELECT COUNT(*) FROM users",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    feed(&inputs, ROUNDS * 20, subjects::expressions);
}
