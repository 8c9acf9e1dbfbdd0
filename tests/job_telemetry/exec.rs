//! `job exec`: the command is as it would be without us.

use std::io::Write;
use std::process::Stdio;

use crate::jobs::{PARENT, TRACE, payload};
use crate::support::cli::{Cli, Outcome};
use crate::support::otlp_collector::{Answer, Collector};
use crate::support::wait::wait_until;
use crate::support::wire::nobody;

pub fn exec(cli: &Cli, payload: &str, command: &[&str]) -> Outcome {
    cli.write("job.json", payload);
    cli.run(&[&["job", "exec", "--payload", "job.json", "--"], command].concat())
}

#[test]
fn code_and_streams_are_the_commands() {
    let collector = Collector::start(&[Answer::Taken]);
    let cli = Cli::new();
    cli.write("job.json", &payload(&format!("[\"{}\"]", collector.url)));
    for code in [0, 1, 3, 126, 255] {
        let command = format!("cat; echo bad >&2; exit {code}");
        let mut child = cli
            .command(&["job", "exec", "--payload", "job.json", "--", "sh", "-c", &command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"in\0\xff").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(
            (output.stdout, output.stderr),
            (b"in\0\xff".to_vec(), b"bad\n".to_vec())
        );
    }
    wait_until("the spans of five jobs", || collector.requests().len() == 5);
}

#[test]
fn ends_that_are_no_code_are_as_shells_say_them() {
    let cli = Cli::new();
    assert_eq!(exec(&cli, "{}", &["sh", "-c", "kill -KILL $$"]).code, Some(137));
    assert_eq!(exec(&cli, "{}", &["sh", "-c", "kill -TERM $$"]).code, Some(143));
    let absent = exec(&cli, "{}", &["no-such-command"]);
    assert_eq!(absent.code, Some(127));
    assert!(absent.stderr.starts_with("no-such-command: "), "{}", absent.stderr);
    cli.write("plain", "no program");
    assert_eq!(exec(&cli, "{}", &["./plain"]).code, Some(126));
}

#[test]
fn signals_are_handed_on() {
    for (name, number) in [
        ("TERM", 15),
        ("INT", 2),
        ("HUP", 1),
        ("QUIT", 3),
        ("USR1", 10),
        ("USR2", 12),
    ] {
        let cli = Cli::new();
        cli.write("job.json", "{}");
        let script = format!("trap 'echo got it; exit 9' {name}; echo ready; while :; do sleep 0.01; done");
        let mut running = cli.start(&["job", "exec", "--payload", "job.json", "--", "sh", "-c", &script]);
        running.line_with("ready");
        running.signal(name);
        running.line_with("got it");
        assert_eq!(running.wait().0, Some(9), "{name}");
        // One that is not caught ends the command, and we say so.
        let mut running = cli.start(&[
            "job",
            "exec",
            "--payload",
            "job.json",
            "--",
            "sh",
            "-c",
            "echo ready; exec cat /dev/zero >/dev/null",
        ]);
        running.line_with("ready");
        running.signal(name);
        assert_eq!(running.wait().0, Some(128 + number), "{name}");
    }
}

#[test]
fn what_is_ignored_stays_ignored() {
    let cli = Cli::new();
    cli.write("job.json", "{}");
    let program = env!("CARGO_BIN_EXE_service-ping");
    let inner = "kill -HUP $$; kill -HUP $PPID; echo alive";
    let script = format!("trap '' HUP; exec {program} job exec --payload job.json -- sh -c '{inner}'");
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(cli.folder())
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"alive\n".to_vec()));
}

#[test]
fn a_job_that_is_not_told_of_connects_to_nobody() {
    let collector = Collector::start(&[Answer::Taken]);
    let endpoints = format!("[\"{}\"]", collector.url);
    let good = payload(&endpoints);
    let own = format!("[job_telemetry]\nendpoint = \"{}\"\n", collector.url);
    let off = [
        "{}".to_owned(),
        "no JSON".to_owned(),
        r#"{"features": {"job_telemetry": false}}"#.to_owned(),
        good.replace(TRACE, "0"),
        good.replace(PARENT, "xyz"),
        good.replace("otel_endpoints\": [", "otel_endpoints\": [{\"auth\": 1}], \"x\": ["),
        good.replace("http://", "gopher://"),
        good.replace("\"features\"", "\"no_features\""),
    ];
    for payload in &off {
        let cli = Cli::new();
        cli.write("service-ping.toml", &own);
        cli.write("job.json", payload);
        let told = cli.run(&[
            "job",
            "exec",
            "--payload",
            "job.json",
            "--wait",
            "5s",
            "--",
            "sh",
            "-c",
            "exit 4",
        ]);
        assert_eq!(told.code, Some(4), "{payload}");
    }
    let restricted = Cli::new();
    restricted.write(
        "service-ping.toml",
        "[job_telemetry]\nallowed_endpoints = [\"otel.example.com\"]\n",
    );
    assert_eq!(exec(&restricted, &good, &["true"]).code, Some(0));
    assert_eq!(
        exec(&Cli::new().env("DO_NOT_TRACK", "1"), &good, &["true"]).code,
        Some(0)
    );
    let broken = Cli::new();
    broken.write("service-ping.toml", "what = 1\n");
    assert_eq!(exec(&broken, &good, &["true"]).code, Some(0));
    assert_eq!(
        exec(
            &Cli::new().env("GITLAB_TRACING", "nonsense"),
            &good.replace(&endpoints, "[]"),
            &["true"]
        )
        .code,
        Some(0)
    );
    let missing = Cli::new().run(&["job", "exec", "--payload", "absent.json", "--", "sh", "-c", "exit 5"]);
    assert_eq!(missing.code, Some(5));
    assert_eq!(collector.connections(), 0);
    // It can be told at all.
    exec(&Cli::new(), &good, &["true"]).expect_code(0);
    wait_until("the span", || collector.connections() == 1);
}

#[test]
fn a_collector_that_is_away_changes_nothing() {
    let silent = Collector::start(&[Answer::Silence]);
    for url in [
        silent.url.clone(),
        nobody(),
        "http://name.invalid:4318".to_owned(),
        "grpc://127.0.0.1:1".to_owned(),
    ] {
        let cli = Cli::new();
        cli.write("service-ping.toml", "[job_telemetry]\nmax_age = \"1s\"\n");
        let told = exec(
            &cli,
            &payload(&format!("[\"{url}\"]")),
            &["sh", "-c", "echo out; exit 6"],
        );
        assert_eq!(
            told,
            Outcome {
                code: Some(6),
                stdout: "out\n".to_owned(),
                stderr: String::new()
            },
            "{url}"
        );
    }
    wait_until("the one that does not answer was asked", || silent.connections() == 1);
}

#[test]
fn the_operators_collector_gets_its_token_and_a_payloads_does_not() {
    let (own, named) = (Collector::start(&[Answer::Taken]), Collector::start(&[Answer::Taken]));
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        &format!(
            "[job_telemetry]\nendpoint = \"{}\"\ntoken = \"canary\"\nprotocol = \"http/json\"\n",
            own.url
        ),
    );
    exec(&cli, &payload("[]"), &["true"]).expect_code(0);
    exec(&cli, &payload(&format!("[\"{}\"]", named.url)), &["true"]).expect_code(0);
    wait_until("both", || own.requests().len() == 1 && named.requests().len() == 1);
    let (own, named) = (own.requests().remove(0), named.requests().remove(0));
    assert_eq!(own.headers["authorization"], "Bearer canary");
    assert_eq!(own.headers["content-type"], "application/json");
    assert_eq!(named.headers.get("authorization"), None);
    assert_eq!(named.headers["content-type"], "application/x-protobuf");
}

#[test]
fn a_connection_string_is_a_collector() {
    let collector = Collector::start(&[Answer::Taken]);
    let string = collector.url.replace("http://", "otlp-http://") + "/own?header%5EX-Tenant=a&sampler_param=0";
    let cli = Cli::new().env("GITLAB_TRACING", &string);
    exec(&cli, &payload("[]"), &["true"]).expect_code(0);
    wait_until("the span", || collector.requests().len() == 1);
    let request = collector.requests().remove(0);
    assert_eq!(
        (request.line.as_str(), request.headers["x-tenant"].as_str()),
        ("POST /own HTTP/1.1", "a")
    );

    let console = Cli::new().env("GITLAB_TRACING", "otlp://console");
    let printed = exec(&console, &payload("[]"), &["echo", "out"]).expect_code(0).stdout;
    let line: serde_json::Value = serde_json::from_str(printed.strip_prefix("out\n").unwrap()).unwrap();
    let span = &line["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (span["traceId"].as_str(), span["name"].as_str()),
        (Some(TRACE), Some("job_execution"))
    );
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn the_usage_of_each_job_is_recorded_also_of_those_that_end_together() {
    let cli = Cli::new();
    cli.write(
        "service-ping.toml",
        "[experimental.usage_logger]\nenabled = true\n[experimental.usage_logger.logrotate]\nlog_dir = \"usage\"\n\
         max_backup_files = 100\n",
    );
    cli.write("job.json", &payload("[]"));
    let jobs: Vec<_> = (0..8)
        .map(|_| {
            let command = ["job", "exec", "--payload", "job.json", "--", "sh", "-c", "exit 3"];
            cli.command(&command).spawn().unwrap()
        })
        .collect();
    for mut job in jobs {
        assert_eq!(job.wait().unwrap().code(), Some(3));
    }
    let files = std::fs::read_dir(cli.folder().join("usage")).expect("a folder of records");
    let files = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"));
    let text: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let records: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let uuids: std::collections::BTreeSet<String> = records.iter().map(|record| record["uuid"].to_string()).collect();
    assert_eq!((records.len(), uuids.len()), (8, 8));
    let job = &records[0]["job"];
    assert_eq!((&job["id"], &job["pipeline_id"]), (&67890.into(), &1_975_306.into()));
    assert_eq!(
        (job["status"].as_str(), job["failure_reason"].as_str()),
        (Some("failed"), Some("script_failure"))
    );
    assert!(
        job["duration_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0),
        "{job}"
    );
    assert!(!text.contains("canary"), "{text}");
}
