//! Who is told when a run went wrong.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::Value;

use crate::instance::{NOW, count, json, small_with};

const LATER: &str = "2026-11-26T10:54:30Z";
const COMMAND: &str = "[hooks]\non_failure = [\"sh\", \"-c\", \"cat > told.json; echo heard\"]\n";

/// A listener that takes one request, answers with `status`, and gives the request's text.
fn webhook(status: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:s3cret@{}/alarm", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut part = [0; 4096];
        while !is_whole(&request) {
            let read = stream.read(&mut part).unwrap();
            request.extend_from_slice(&part[..read]);
        }
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        String::from_utf8(request).unwrap()
    });
    (url, heard)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_some_and(|length| body.len() >= length.parse().unwrap())
}

#[test]
fn a_command_is_told_what_fails_since_this_week() {
    let cli = small_with(COMMAND);
    count(&cli, "counts.lost", "optional", "lost");
    let first = cli.run(&["run", "--now", NOW, "--format", "json"]).expect_code(0);
    json(&first.stdout);
    assert!(
        first.stderr.contains("heard"),
        "its output is on stderr: {}",
        first.stderr
    );
    let told = json(&cli.read("told.json"));
    assert_eq!(told["event"], "metrics_failing");
    assert_eq!(told["newly_failing"][0]["key_path"], "counts.lost");
    assert_eq!(told["newly_failing"][0]["reason"], "missing_table");
    assert_eq!(told["newly_failing"].as_array().unwrap().len(), 1);

    std::fs::remove_file(cli.folder().join("told.json")).unwrap();
    cli.run(&["run", "--now", LATER]).expect_code(0);
    assert!(
        !cli.folder().join("told.json").exists(),
        "it failed the week before, too"
    );
}

#[test]
fn a_run_that_went_well_tells_nobody() {
    let cli = small_with(COMMAND);
    cli.run(&["run", "--now", NOW]).expect_code(0);
    assert!(!cli.folder().join("told.json").exists());
}

#[test]
fn a_payload_that_waits_is_told_to_a_webhook() {
    let (url, heard) = webhook("204 No Content");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cli = small_with(&format!(
        "[versions]\nurl = \"http://{closed}\"\nattempts = 1\n[hooks]\nwebhook = \"{url}\"\n"
    ));
    let outcome = cli.run(&["run", "--now", NOW]).expect_code(4);
    assert!(!outcome.stderr.contains("webhook"), "{}", outcome.stderr);
    let request = heard.join().unwrap();
    assert!(request.starts_with("POST /alarm HTTP/1.1\r\n"), "{request}");
    let body: Value = json(request.split_once("\r\n\r\n").unwrap().1);
    assert_eq!(
        (&body["event"], &body["exit_code"]),
        (&"not_delivered".into(), &4.into())
    );
    assert_eq!(body["delivery"]["status"], "waiting");
}

#[test]
fn hooks_that_fail_are_noted_and_end_nothing() {
    let (url, heard) = webhook("500 Internal Server Error");
    let cli = small_with(&format!(
        "[hooks]\non_failure = [\"sh\", \"-c\", \"exit 3\"]\nwebhook = \"{url}\"\n"
    ));
    count(&cli, "counts.lost", "optional", "lost");
    let outcome = cli.run(&["run", "--now", NOW]).expect_code(0);
    heard.join().unwrap();
    for part in [
        "the hook \"sh\" of [hooks] on_failure failed: exit status: 3",
        "it answered 500",
    ] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
}

#[test]
fn a_hook_that_hangs_is_ended() {
    let cli = small_with("[hooks]\non_failure = [\"sleep\", \"600\"]\ntimeout = \"100ms\"\n");
    count(&cli, "counts.lost", "optional", "lost");
    let outcome = cli.run(&["run", "--now", NOW]).expect_code(0);
    assert!(
        outcome.stderr.contains("it ran longer than 100ms"),
        "{}",
        outcome.stderr
    );
}
