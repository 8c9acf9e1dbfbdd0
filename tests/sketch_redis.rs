//! The sketch against a real redis-server: the same counts to the digit, and bytes that go both ways.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use service_ping::sketch::{HyperLogLog, UnionBuilder};
use tempfile::TempDir;

const SIZES: [i64; 9] = [0, 1, 2, 10, 100, 500, 2_000, 10_000, 100_000];

/// A server of our own on a Unix socket, ended when dropped.
struct Server {
    process: Child,
    folder: TempDir,
    // Kept open so that the server's log has somewhere to go.
    _log: BufReader<ChildStdout>,
}

impl Server {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--logfile", ""])
            .arg("--unixsocket")
            .arg(folder.path().join("redis.sock"))
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server must be installed (Debian package redis-server)");
        let mut log = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("ready to accept connections") {
            line.clear();
            assert!(
                log.read_line(&mut line).unwrap() > 0,
                "redis-server ended before it was ready"
            );
        }
        Server {
            process,
            folder,
            _log: log,
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    fn connect(&self) -> Client {
        Client {
            stream: BufReader::new(UnixStream::connect(self.socket()).unwrap()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[derive(Debug, PartialEq)]
enum Reply {
    Status(String),
    Error(String),
    Integer(u64),
    Bytes(Vec<u8>),
    Nothing,
}

/// As much of RESP2 as these tests need.
struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    fn call(&mut self, arguments: &[&[u8]]) -> Reply {
        let mut request = format!("*{}\r\n", arguments.len()).into_bytes();
        for argument in arguments {
            request.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
            request.extend_from_slice(argument);
            request.extend_from_slice(b"\r\n");
        }
        self.stream.get_mut().write_all(&request).unwrap();
        self.reply()
    }

    fn reply(&mut self) -> Reply {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let (kind, rest) = line.trim_end().split_at(1);
        match kind {
            "+" => Reply::Status(rest.to_owned()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(rest.parse().unwrap()),
            "$" if rest == "-1" => Reply::Nothing,
            "$" => self.bytes(rest.parse().unwrap()),
            other => panic!("a reply of kind {other}"),
        }
    }

    fn bytes(&mut self, length: usize) -> Reply {
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes.truncate(length);
        Reply::Bytes(bytes)
    }

    /// PFADD of the decimal texts of a range; says whether any changed the key.
    fn pfadd(&mut self, key: &str, elements: std::ops::Range<i64>) -> bool {
        let texts: Vec<String> = elements.map(|element| element.to_string()).collect();
        let mut changed = false;
        for chunk in texts.chunks(1_000) {
            let mut command: Vec<&[u8]> = vec![b"PFADD", key.as_bytes()];
            command.extend(chunk.iter().map(|text| text.as_bytes()));
            changed |= self.call(&command) == Reply::Integer(1);
        }
        changed
    }

    fn pfcount(&mut self, keys: &[&str]) -> u64 {
        let mut command: Vec<&[u8]> = vec![b"PFCOUNT"];
        command.extend(keys.iter().map(|key| key.as_bytes()));
        match self.call(&command) {
            Reply::Integer(count) => count,
            other => panic!("{other:?}"),
        }
    }

    fn pfmerge(&mut self, target: &str, sources: &[&str]) {
        let mut command: Vec<&[u8]> = vec![b"PFMERGE", target.as_bytes()];
        command.extend(sources.iter().map(|key| key.as_bytes()));
        assert_eq!(self.call(&command), Reply::Status("OK".to_owned()));
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        assert_eq!(
            self.call(&[b"SET", key.as_bytes(), value]),
            Reply::Status("OK".to_owned())
        );
    }

    fn get(&mut self, key: &str) -> Vec<u8> {
        match self.call(&[b"GET", key.as_bytes()]) {
            Reply::Bytes(bytes) => bytes,
            other => panic!("{other:?}"),
        }
    }
}

fn sketch_of(elements: std::ops::Range<i64>) -> HyperLogLog {
    let mut sketch = HyperLogLog::new();
    for element in elements {
        sketch.add_integer(element);
    }
    sketch
}

fn is_dense(value: &[u8]) -> bool {
    value[4] == 0
}

#[test]
fn counts_equal_pfcount_and_redis_reads_our_bytes() {
    let server = Server::start();
    let mut redis = server.connect();
    for size in SIZES {
        let ours = sketch_of(0..size);
        redis.pfadd("theirs", 0..size);
        assert_eq!(redis.pfcount(&["theirs"]), ours.count(), "{size}");
        redis.set("dense", &ours.to_redis_bytes());
        assert_eq!(redis.pfcount(&["dense"]), ours.count(), "{size}");
        if let Some(sparse) = ours.to_redis_sparse_bytes() {
            redis.set("sparse", &sparse);
            assert_eq!(redis.pfcount(&["sparse"]), ours.count(), "{size}");
        }
        assert!(ours.to_redis_sparse_bytes().is_some() == (size <= 500), "{size}");
    }
}

#[test]
fn redis_own_values_are_read_sparse_and_dense() {
    let server = Server::start();
    let mut redis = server.connect();
    let (mut sparse, mut dense) = (0, 0);
    for size in SIZES.into_iter().filter(|&size| size > 0) {
        redis.pfadd("theirs", 0..size);
        let value = redis.get("theirs");
        if is_dense(&value) {
            dense += 1
        } else {
            sparse += 1
        }
        let read = HyperLogLog::from_redis_bytes(&value).unwrap();
        assert_eq!(read, sketch_of(0..size), "{size}");
        assert_eq!(read.count(), redis.pfcount(&["theirs"]), "{size}");
    }
    assert_eq!((sparse, dense), (5, 3), "both encodings were met");
}

#[test]
fn dense_bytes_are_identical_to_those_after_pfmerge() {
    let server = Server::start();
    let mut redis = server.connect();
    redis.pfadd("one", 0..30_000);
    redis.pfadd("other", 20_000..25_000);
    redis.pfadd("small", 40_000..40_050);
    redis.pfmerge("merged", &["one", "other", "small"]);
    let mut ours = sketch_of(0..30_000);
    ours.merge(&sketch_of(20_000..25_000));
    ours.merge(&sketch_of(40_000..40_050));
    assert_eq!(redis.get("merged"), ours.to_redis_bytes());
    // Our bytes take part in a merge as Redis' own do, on either side.
    redis.set("ours", &sketch_of(0..30_000).to_redis_compact_bytes());
    redis.set("ours small", &sketch_of(40_000..40_050).to_redis_compact_bytes());
    redis.pfmerge("mixed", &["ours", "other", "ours small"]);
    assert_eq!(redis.get("mixed"), ours.to_redis_bytes());
    assert_eq!(redis.pfcount(&["ours", "other", "small"]), ours.count());
}

#[test]
fn a_union_built_from_bytes_is_that_of_pfmerge() {
    let server = Server::start();
    let mut redis = server.connect();
    let ranges = [0..30, 20..900, 500..9_000, 40_000..40_001, 8_000..60_000];
    let mut union = UnionBuilder::new();
    for round in 0..2 {
        for (number, range) in ranges.iter().enumerate() {
            let key = format!("{round} {number}");
            redis.pfadd(&key, range.clone());
            union.add_redis_bytes(&redis.get(&key)).unwrap();
            redis.pfmerge("merged", &[&key]);
            assert_eq!(union.count(), redis.pfcount(&["merged"]), "{key}");
        }
        // PFCOUNT has left its count in the header.
        assert!(union.to_sketch().to_redis_bytes()[16..] == redis.get("merged")[16..]);
        union.clear();
        redis.call(&[b"DEL", b"merged"]);
        assert_eq!(union.count(), 0);
    }
    let mut beyond = sketch_of(0..5).to_redis_bytes();
    beyond[16..].fill(0xff);
    assert!(union.add_redis_bytes(&beyond).is_err());
    assert!(union.add_redis_bytes(b"HYLL").is_err());
}

#[test]
fn redis_goes_on_adding_to_keys_that_we_wrote() {
    let server = Server::start();
    let mut redis = server.connect();
    for (first, last) in [(0, 100), (100, 1_200), (3_000, 9_000)] {
        let mut ours = sketch_of(0..first);
        redis.set("compact", &ours.to_redis_compact_bytes());
        redis.set("dense", &ours.to_redis_bytes());
        for key in ["compact", "dense"] {
            redis.pfadd(key, first..last);
        }
        for element in first..last {
            ours.add_integer(element);
        }
        for key in ["compact", "dense"] {
            assert_eq!(redis.pfcount(&[key]), ours.count(), "{key}");
            assert_eq!(HyperLogLog::from_redis_bytes(&redis.get(key)).unwrap(), ours, "{key}");
        }
    }
}

#[test]
fn an_add_changes_the_sketch_when_pfadd_says_so() {
    let server = Server::start();
    let mut redis = server.connect();
    let mut ours = HyperLogLog::new();
    for element in (0..3_000).chain(0..10) {
        assert_eq!(
            ours.add_integer(element),
            redis.pfadd("key", element..element + 1),
            "{element}"
        );
    }
}

#[test]
fn what_redis_refuses_is_refused_here() {
    let server = Server::start();
    let mut redis = server.connect();
    let dense = sketch_of(0..5).to_redis_bytes();
    let sparse = sketch_of(0..5).to_redis_sparse_bytes().unwrap();
    let mut unknown = dense.clone();
    unknown[4] = 2;
    for value in [
        &b"text"[..],
        b"HYLL",
        &dense[..12_303],
        &unknown,
        &sparse[..sparse.len() - 1],
        &[&sparse[..], b"\x80"].concat(),
    ] {
        redis.set("bad", value);
        let answer = redis.call(&[b"PFCOUNT", b"bad"]);
        assert!(matches!(answer, Reply::Error(_)), "{answer:?}");
        assert!(HyperLogLog::from_redis_bytes(value).is_err());
        assert!(UnionBuilder::new().add_redis_bytes(value).is_err());
    }
    assert_eq!(redis.call(&[b"GET", b"absent"]), Reply::Nothing);
}
