//! The invariants of ARCHITECTURE.md that can be read off the source.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the top; imports run downward.
const ROOMS: [&str; 26] = [
    "cli",
    "trial",
    "server",
    "dictionary",
    "report",
    "versions",
    "explain",
    "batch",
    "event",
    "source",
    "expression",
    "instrumentation",
    "keyspace",
    "measure",
    "definition",
    "relation",
    "sketch",
    "state",
    "schedule",
    "geo",
    "repository",
    "emit",
    "config",
    "access",
    "page",
    "http",
];
/// Beside the order: known to `cli` alone.
const ASIDE: &str = "sample";
const PURE: [&str; 12] = [
    "access",
    "page",
    "dictionary",
    "expression",
    "instrumentation",
    "keyspace",
    "measure",
    "definition",
    "relation",
    "sketch",
    "schedule",
    "geo",
];
const DRIVERS: [&str; 8] = [
    "sqlx::",
    "prometheus_http_query::",
    "redis::",
    "reqwest::",
    "tokio::",
    "axum::",
    "hyper::",
    "std::net::",
];

fn sources() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.insert(path.strip_prefix(&root).unwrap().to_owned(), code_of(&text));
            }
        }
    }
    files
}

/// Without comments, and without the tests at the bottom of a file.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

fn room(path: &Path) -> String {
    let first = path
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that a file names as `crate::room`.
fn named(code: &str) -> Vec<String> {
    let names = code.split("crate::").skip(1);
    names
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn imports_run_downward() {
    let place = |room: &str| ROOMS.iter().position(|name| *name == room);
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        let from = room(&path);
        let Some(from_place) = place(&from) else { continue };
        for to in named(&code) {
            let upward = place(&to).is_some_and(|to_place| to_place < from_place);
            // The configuration stands lowest but speaks of data categories, which definitions own.
            let allowed = from == "config" && to == "definition";
            let aside = to == ASIDE && from != "cli";
            if (upward && !allowed) || aside {
                wrong.push(format!("{} names crate::{to}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_room_is_in_the_order() {
    for path in sources().keys() {
        let room = room(path);
        let known = ROOMS.contains(&room.as_str()) || [ASIDE, "main", "lib"].contains(&room.as_str());
        assert!(
            known,
            "{} is in a room that ARCHITECTURE.md does not place",
            path.display()
        );
    }
}

#[test]
fn pure_rooms_name_no_driver() {
    let sources = sources();
    for (path, code) in &sources {
        let name = room(path);
        for driver in DRIVERS {
            let names = PURE.contains(&name.as_str()) && code.contains(driver);
            assert!(!names, "{} names {driver}", path.display());
        }
    }
}

#[test]
fn few_rooms_speak_http_to_others() {
    for (path, code) in sources() {
        // `versions` speaks to the maker, `emit` to collectors, `source` to what the operator configured.
        let allowed = ["versions", "emit", "source"].contains(&room(&path).as_str());
        let speaks = code.contains("reqwest::") || code.contains("prometheus_http_query::");
        assert!(!speaks || allowed, "{} opens connections of its own", path.display());
    }
}

#[test]
fn prometheus_is_only_read() {
    let code = sources();
    let of_source = code.iter().filter(|(path, _)| path.starts_with("source/prometheus"));
    for (path, code) in of_source {
        for word in [".post(", ".put(", ".delete(", ".patch(", ".request(", "post_raw("] {
            assert!(!code.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn generated_statements_reach_a_driver_in_few_places() {
    let places: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|(_, code)| code.contains("AssertSqlSafe("))
        .map(|(path, _)| path)
        .collect();
    let allowed = ["source/database/", "sample/", "state/"];
    for place in &places {
        let place = place.to_string_lossy();
        assert!(
            allowed.iter().any(|room| place.starts_with(room)),
            "{place} sends generated SQL"
        );
    }
}

#[test]
fn there_is_no_panic_outside_tests() {
    for (path, code) in sources() {
        for word in [
            ".unwrap()",
            ".expect(",
            "panic!(",
            "todo!(",
            "unimplemented!(",
            "unreachable!(",
        ] {
            assert!(!code.contains(word), "{} has {word}", path.display());
        }
    }
}
