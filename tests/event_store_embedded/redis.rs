//! Against a real redis-server: the same counts, the same bytes.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::place::Place;
use crate::support::event_store::{add, count, increment_float, text, write};
use crate::support::wait::wait_until;

/// A server of our own on a Unix socket, ended when dropped.
struct Redis {
    process: Child,
    folder: TempDir,
}

impl Redis {
    fn start() -> Redis {
        let folder = TempDir::new().unwrap();
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket", "redis.sock", "--dir"])
            .arg(folder.path())
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server must be installed (Debian package redis-server)");
        let redis = Redis { process, folder };
        wait_until("redis-server", || redis.run(&["PING"], b"").starts_with(b"PONG"));
        redis
    }

    /// What `redis-cli` answers, without the line's end.
    fn run(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut cli = Command::new("redis-cli")
            .arg("-s")
            .arg(self.folder.path().join("redis.sock"))
            .arg("--raw")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-cli must be installed (Debian package redis-tools)");
        cli.stdin.take().unwrap().write_all(input).unwrap();
        let mut answer = cli.wait_with_output().unwrap().stdout;
        answer.pop();
        answer
    }

    fn call(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.run(arguments, b"")).unwrap()
    }

    fn pfadd(&self, key: &str, elements: impl Iterator<Item = i64>) {
        let texts: Vec<String> = elements.map(|element| element.to_string()).collect();
        for chunk in texts.chunks(1_000) {
            let mut arguments = vec!["PFADD", key];
            arguments.extend(chunk.iter().map(String::as_str));
            self.call(&arguments);
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal
        .chars()
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

#[tokio::test]
async fn sketches_count_as_pfcount_does_and_have_the_bytes_of_pfmerge() {
    let redis = Redis::start();
    let place = Place::new().await;
    let store = place.store();
    let mut keys = Vec::new();
    for (place, size) in [1, 40, 700, 5_000, 20_000].into_iter().enumerate() {
        let key = format!("{{event}}-2026-4{place}");
        let first = place as i64 * 500;
        redis.pfadd(&key, first..first + size);
        // In several batches, so that what was written is read and added to.
        for part in 0..3 {
            write(store, vec![add(&key, (first..first + size).filter(|n| n % 3 == part))]).await;
        }
        assert_eq!(count(store, &[&key]).await.to_string(), redis.call(&["PFCOUNT", &key]));
        keys.push(key);
    }
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut pfcount = vec!["PFCOUNT"];
    pfcount.extend(&keys);
    assert_eq!(count(store, &keys).await.to_string(), redis.call(&pfcount));
    for key in keys {
        let ours = bytes(&place.sqlite3(&format!("SELECT hex(bytes) FROM sketches WHERE key = '{key}'")));
        redis.run(&["-x", "SET", "ours"], &ours);
        redis.call(&["PFMERGE", "ours merged", "ours"]);
        redis.call(&["PFMERGE", "theirs merged", key]);
        // PFMERGE of a sparse key alone stays sparse; the registers decide then.
        assert_eq!(
            redis.run(&["GET", "ours merged"], b""),
            redis.run(&["GET", "theirs merged"], b""),
            "{key}"
        );
        assert_eq!(redis.call(&["PFCOUNT", "ours"]), redis.call(&["PFCOUNT", key]));
    }
}

#[tokio::test]
async fn sums_are_printed_as_incrbyfloat_prints_them() {
    let redis = Redis::start();
    let place = Place::new().await;
    let store = place.store();
    let cases: [&[&str]; 6] = [
        &["0.1", "0.2"],
        &["3", "10.5", "-13.5"],
        &["1e-20"],
        &["5", "1.0"],
        &["-7", "0.25"],
        &["9223372036854775807", "1"],
    ];
    for (place, parts) in cases.into_iter().enumerate() {
        let key = format!("{{{place}}}");
        for part in parts {
            redis.call(&["INCRBYFLOAT", &key, part]);
            write(store, vec![increment_float(&key, part.parse().unwrap())]).await;
        }
        if parts[0] != "9223372036854775807" {
            assert_eq!(text(store, &key).await, redis.call(&["GET", &key]), "{parts:?}");
        }
    }
}
