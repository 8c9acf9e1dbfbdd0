//! A job in ClickHouse through a collector of OpenTelemetry, and its bytes as another reader of OTLP has them. Where the peers
//! are missing these tests fail; scripts/test installs them.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::jobs::{PARENT, TRACE, payload};
use crate::support::cli::Cli;
use crate::support::data::compat_data;
use crate::support::otlp_collector::{Answer, Collector};
use crate::support::wait::wait_until;

/// The folder that scripts/servers.sh fills.
fn peers() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let tools = cache.or_else(home).expect("a home").join("service-ping");
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/servers.sh");
    let text = std::fs::read_to_string(servers).expect("the script");
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("readonly OTEL_PEERS="))
        .expect("a version");
    let folder = tools.join(format!("otel-peers-{version}"));
    assert!(
        folder.join("ready").exists(),
        "{} is missing: run scripts/test",
        folder.display()
    );
    folder
}

fn python() -> Command {
    Command::new(peers().join("bin/python"))
}

fn agent() -> PathBuf {
    let mut found = std::fs::read_dir(peers().join("lib"))
        .expect("libraries")
        .map_while(Result::ok);
    let packages = found.next().expect("a Python").path().join("site-packages");
    packages.join("rotel/rotel-agent")
}

fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// ClickHouse's engine behind HTTP, and a collector that writes to it.
struct Peers {
    clickhouse: u16,
    http: u16,
    grpc: u16,
    children: Vec<Child>,
    _folder: tempfile::TempDir,
}

impl Drop for Peers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Peers {
    /// `None` where the folder of real inputs, with the table and the front of the engine, is absent.
    fn start() -> Option<Peers> {
        let table = compat_data("otel/otel_traces_chdb.sql")?;
        let front = compat_data("../tools/chdb_http_shim.py")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (clickhouse, http, grpc) = (free(), free(), free());
        let engine = python()
            .arg(front)
            .arg(clickhouse.to_string())
            .arg(folder.path())
            .env("TMPDIR", folder.path())
            .stderr(Stdio::null())
            .spawn()
            .expect("the engine runs");
        let mut peers = Peers {
            clickhouse,
            http,
            grpc,
            children: vec![engine],
            _folder: folder,
        };
        wait_until("the engine", || TcpStream::connect(("127.0.0.1", clickhouse)).is_ok());
        peers.ask("CREATE DATABASE IF NOT EXISTS otel");
        peers.ask(&std::fs::read_to_string(table).expect("the table"));
        let agent = Command::new(agent())
            .args([
                "start",
                "--exporter",
                "clickhouse",
                "--clickhouse-exporter-database",
                "otel",
            ])
            .args([
                "--clickhouse-exporter-async-insert",
                "false",
                "--clickhouse-exporter-compression",
                "none",
            ])
            .args([
                "--clickhouse-exporter-endpoint",
                &format!("http://127.0.0.1:{clickhouse}"),
            ])
            .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc}")])
            .args(["--otlp-http-endpoint", &format!("127.0.0.1:{http}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the collector runs");
        peers.children.push(agent);
        for port in [http, grpc] {
            wait_until("the collector", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        }
        Some(peers)
    }

    fn ask(&self, query: &str) -> String {
        use std::io::Read;
        let mut stream = TcpStream::connect(("127.0.0.1", self.clickhouse)).expect("the engine");
        let head = format!(
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            query.len()
        );
        stream.write_all(&[head.as_bytes(), query.as_bytes()].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        assert!(head.contains(" 200 "), "{answer}");
        body.to_owned()
    }

    fn row(&self, trace: &str) -> Option<Value> {
        let row = self.ask(&format!(
            "SELECT * FROM otel.otel_traces WHERE TraceId = '{trace}' AND SpanName = 'job_execution' FORMAT JSONEachRow"
        ));
        row.lines().next().map(|row| serde_json::from_str(row).expect("a row"))
    }
}

#[test]
fn a_job_is_found_in_clickhouse_by_each_protocol() {
    let Some(peers) = Peers::start() else { return };
    let ways = [
        ("http/protobuf", format!("http://127.0.0.1:{}", peers.http), 0),
        ("http/json", format!("http://127.0.0.1:{}", peers.http), 7),
        ("grpc", format!("grpc://127.0.0.1:{}", peers.grpc), 0),
    ];
    for (nth, (protocol, url, code)) in ways.into_iter().enumerate() {
        let trace = TRACE.replace("4bf", &format!("abc{nth}")[1..]);
        let cli = Cli::new();
        cli.write(
            "service-ping.toml",
            &format!("[job_telemetry]\nendpoint = \"{url}\"\nprotocol = \"{protocol}\"\n"),
        );
        cli.write("job.json", &payload("[]").replace(TRACE, &trace.to_uppercase()));
        let command = format!("sleep 0.05; exit {code}");
        let ran = cli.run(&["job", "exec", "--payload", "job.json", "--", "sh", "-c", &command]);
        assert_eq!(ran.code, Some(code));
        wait_until("the job's row", || peers.row(&trace).is_some());
        let row = peers.row(&trace).unwrap();
        assert_eq!(
            (&row["ParentSpanId"], &row["ServiceName"], &row["SpanKind"]),
            (&json!(PARENT), &json!("gitlab-ci-runner"), &json!("Internal")),
            "{protocol}"
        );
        let (status, job, message) = if code == 0 {
            ("Ok", "success", "")
        } else {
            ("Error", "failed", "script_failure")
        };
        assert_eq!(
            (&row["StatusCode"], &row["StatusMessage"]),
            (&json!(status), &json!(message)),
            "{protocol}"
        );
        for ids in [&row["SpanAttributes"], &row["ResourceAttributes"]] {
            assert_eq!(
                (&ids["ci.job.id"], &ids["ci.pipeline.id"]),
                (&json!("67890"), &json!("1975306")),
                "{protocol}"
            );
            assert_eq!(
                (&ids["ci.project.id"], &ids["ci.runner.id"]),
                (&json!("42"), &json!("7")),
                "{protocol}"
            );
        }
        assert_eq!(row["SpanAttributes"]["ci.job.status"], json!(job));
        assert_eq!(row["SpanAttributes"]["ci.pipeline.source"], json!("push"));
        // A whole number of 64 bits may be a text.
        let duration = row["Duration"]
            .as_u64()
            .or_else(|| row["Duration"].as_str()?.parse().ok())
            .expect("a duration");
        assert!(duration >= 50_000_000, "{duration}");
        assert!(!row.to_string().contains("canary"), "{row}");
    }
}

/// Reads a request by the messages of OpenTelemetry's own package.
const READER: &str = r#"
import sys, json
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from google.protobuf.json_format import MessageToDict
request = ExportTraceServiceRequest()
request.ParseFromString(sys.stdin.buffer.read())
print(json.dumps(MessageToDict(request)))
"#;

#[test]
fn another_reader_finds_the_same_in_our_bytes() {
    let collector = Collector::start(&[Answer::Taken]);
    let cli = Cli::new();
    cli.write(
        "job.json",
        &payload(&format!("[\"{}\"]", collector.url))
            .replace("\"variables\"", "\"steps\": [{\"name\": \"script\"}], \"variables\""),
    );
    cli.run(&["job", "exec", "--payload", "job.json", "--", "sh", "-c", "exit 2"])
        .expect_code(2);
    wait_until("the span", || collector.requests().len() == 1);
    let request = collector.requests().remove(0);
    assert_eq!(request.headers["content-encoding"], "gzip");
    let mut body = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(request.body.as_slice()), &mut body).expect("gzip");
    let mut reader = python()
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a reader");
    reader.stdin.take().unwrap().write_all(&body).unwrap();
    let output = reader.wait_with_output().unwrap();
    let read: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let scope = &read["resourceSpans"][0]["scopeSpans"][0];
    assert_eq!(scope["scope"]["name"], json!("gitlab-ci-runner"));
    let (job, step) = (&scope["spans"][0], &scope["spans"][1]);
    assert_eq!(
        (&job["name"], &job["kind"], &job["flags"]),
        (&json!("job_execution"), &json!("SPAN_KIND_INTERNAL"), &json!(0x301))
    );
    assert_eq!(
        job["status"],
        json!({"code": "STATUS_CODE_ERROR", "message": "script_failure"})
    );
    assert_eq!(
        (&step["name"], &step["flags"], &step["parentSpanId"]),
        (&json!("step_script"), &json!(0x101), &job["spanId"])
    );
    let attribute = |name: &str| {
        let attributes = job["attributes"].as_array().unwrap();
        attributes
            .iter()
            .find(|pair| pair["key"] == json!(name))
            .map(|pair| pair["value"].clone())
    };
    assert_eq!(attribute("ci.job.id"), Some(json!({"intValue": "67890"})));
    assert_eq!(attribute("error.type"), Some(json!({"stringValue": "script_failure"})));
    assert_eq!(
        attribute("cicd.pipeline.task.run.result"),
        Some(json!({"stringValue": "failure"}))
    );
    assert_eq!(
        attribute("cicd.pipeline.task.name"),
        Some(json!({"stringValue": "rspec"}))
    );
    assert!(!read.to_string().contains("canary"), "{read}");
}
