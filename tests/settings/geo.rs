//! Two secondary sites and their primary over loopback ports.

use std::io::{Read, Write};
use std::net::TcpStream;

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};
use service_ping::geo::{NodeStatus, Signature, Usage};
use uuid::Uuid;

use crate::component::Component;
use crate::support::cli::{Cli, Outcome, Running};
use crate::support::postgres::Postgres;
use crate::support::prometheus::double::{Answer, Double};
use crate::support::prometheus::server::{Prometheus, PrometheusSettings};
use crate::support::wait::wait_until;

const SECRET: &str = "staple-hunter-seven-of-geo";
/// A Sunday, and the next ones.
const FIRST: &str = "2024-03-03T00:00:00Z";
const SECOND: &str = "2024-03-10T00:00:00Z";
const KEY: &str = "usage_activity_by_stage.enablement.geo_node_usage";
const FIELDS: [&str; 4] = [
    "git_fetch_event_count_weekly",
    "git_push_event_count_weekly",
    "proxy_remote_requests_event_count_weekly",
    "proxy_local_requests_event_count_weekly",
];

/// A site that answers, and the address of its `serve`.
struct Primary {
    cli: Cli,
    address: String,
    _serving: Running,
}

impl Primary {
    fn start(state: &str) -> Primary {
        let cli = Cli::new();
        cli.write(
            "service-ping.toml",
            &format!("[state]\nurl = \"{state}\"\n[geo]\nrole = \"primary\"\nsecret = \"{SECRET}\"\n"),
        );
        let definition = json!({
            "key_path": KEY, "description": "Secondary sites", "value_type": "object", "status": "active",
            "time_frame": "none", "data_source": "system", "instrumentation_class": "GeoNodeUsageMetric"
        });
        cli.write("metrics/geo.yml", &format!("{definition:#}"));
        let mut serving = cli.start(&["serve", "--listen", "127.0.0.1:0"]);
        let line = serving.line_with("listening on http://");
        let address = line.split("http://").nth(1).expect("an address").trim().to_owned();
        Primary {
            cli,
            address,
            _serving: serving,
        }
    }

    /// The list of its payload.
    fn listed(&self, now: &str) -> Value {
        let generated = self.cli.run(&["generate", "--now", now]).expect_code(0);
        let payload: Value = serde_json::from_str(&generated.stdout).expect("a payload");
        payload["usage_activity_by_stage"]["enablement"]["geo_node_usage"].clone()
    }

    /// The status code and the body that a POST is answered.
    fn post(&self, signature: Option<&str>, document: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let header = signature.map_or_else(String::new, |text| format!("{}: {text}\r\n", Signature::HEADER));
        let head = format!(
            "POST /geo/status HTTP/1.1\r\nhost: primary\r\nconnection: close\r\ncontent-length: {}\r\n{header}\r\n",
            document.len()
        );
        // It may answer before it has read all of what is too long.
        let _ = stream.write_all((head + document).as_bytes());
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        let code = answer
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status code");
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        (code, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn post_signed(&self, document: &str) -> (u16, Value) {
        self.post(Some(&Signature::of(document.as_bytes(), SECRET).to_text()), document)
    }
}

struct Secondary {
    cli: Cli,
    prometheus: Component,
}

impl Secondary {
    /// `answers` are the values of Prometheus by a word of the query.
    fn new(node: u128, primary: &str, answers: &[(&'static str, &'static str)]) -> Secondary {
        let prometheus = prometheus(answers);
        let cli = Cli::new();
        cli.write("secret", SECRET);
        cli.write(
            "service-ping.toml",
            &format!(
                "[instance]\nuuid = \"{}\"\nversion = \"1.{node}\"\n[prometheus]\nurl = \"{}\"\n\
                 [geo]\nrole = \"secondary\"\nname = \"site {node}\"\nprimary_url = \"http://{primary}\"\nsecret_file = \"secret\"\n",
                Uuid::from_u128(node),
                prometheus.base()
            ),
        );
        Secondary { cli, prometheus }
    }

    fn update(&self, now: &str) -> Outcome {
        self.cli.run(&["geo", "update", "--now", now])
    }

    /// How many queries its Prometheus was asked; that it is ready is asked as well.
    fn queries(&self) -> usize {
        let asked = self.prometheus.asked();
        asked.iter().filter(|line| line.contains("/api/v1/query")).count()
    }

    fn status(&self) -> Outcome {
        self.cli.run(&["geo", "status"])
    }
}

fn prometheus(answers: &[(&'static str, &'static str)]) -> Component {
    let answers = answers.to_vec();
    Component::answering(move |request| {
        let found = answers.iter().find(|(word, _)| request.contains(word));
        let result = found.map_or_else(|| json!([]), |(_, value)| json!([{"metric": {}, "value": [0, value]}]));
        json!({"status": "success", "data": {"resultType": "vector", "result": result}}).to_string()
    })
}

const ALL: [(&str, &str); 4] = [
    ("SSHUploadPack%7CPostUploadPack", "1200"),
    ("SSHReceivePack%7CPostReceivePack", "34"),
    ("geo_proxied_requests_total", "5.0"),
    ("workhorse_http_requests_total", "6789"),
];

fn entry(counts: [Value; 4], collected_at: &str, version: &str) -> Value {
    let mut entry = json!({"collected_at": collected_at, "version": version});
    for (field, count) in FIELDS.into_iter().zip(counts) {
        entry[field] = count;
    }
    entry
}

#[test]
fn a_week_of_two_secondaries_on_sqlite() {
    exchange("sqlite://primary.db");
}

#[test]
fn a_week_of_two_secondaries_on_postgresql() {
    let database = Postgres::shared().database();
    exchange(&database.url());
}

fn exchange(state: &str) {
    let primary = Primary::start(state);
    assert_eq!(primary.listed(FIRST), json!([]));
    let one = Secondary::new(1, &primary.address, &ALL);
    let two = Secondary::new(2, &primary.address, &[("geo_proxied", "NaN"), ("workhorse_http", "0")]);
    for (secondary, now) in [(&one, FIRST), (&two, FIRST)] {
        secondary.update(now).expect_code(0);
        let status = secondary.status().expect_code(0);
        assert!(status.stderr.contains("has it"), "{}", status.stderr);
        assert!(!format!("{status:?}").contains(SECRET), "{status:?}");
    }
    assert_eq!(one.queries(), 4);
    let of_one = entry([json!(1200), json!(34), json!(5), json!(6789)], FIRST, "1.1");
    let of_two = entry([Value::Null, Value::Null, Value::Null, json!(0)], FIRST, "1.2");
    assert_eq!(primary.listed("2024-03-04T00:00:00Z"), json!([of_one, of_two]));

    // A replay changes nothing; the next week's status does; the first week's comes late, and changes nothing again.
    let replayed = one.status().expect_code(0);
    assert!(replayed.stderr.contains("already"), "{}", replayed.stderr);
    one.update(SECOND).expect_code(0);
    one.status().expect_code(0);
    let newer = entry([json!(1200), json!(34), json!(5), json!(6789)], SECOND, "1.1");
    assert_eq!(primary.listed(SECOND), json!([newer, of_two]));
    let late = NodeStatus {
        node: Uuid::from_u128(1),
        name: "site 1".to_owned(),
        version: None,
        collected_at: FIRST.parse().expect("an instant"),
        usage: Usage::new([Some(9); 4]),
    };
    assert_eq!(primary.post_signed(&late.to_text()), (200, json!({"stored": false})));
    let same_instant = NodeStatus {
        collected_at: SECOND.parse().expect("an instant"),
        ..late
    };
    assert_eq!(
        primary.post_signed(&same_instant.to_text()),
        (200, json!({"stored": false}))
    );
    assert_eq!(primary.listed(SECOND), json!([newer, of_two]));

    // Whoever misses two weeks is listed no more, and is there again with its next status.
    assert_eq!(primary.listed("2024-03-18T12:00:00Z"), json!([newer]));
    two.update("2024-03-18T00:00:00Z").expect_code(0);
    two.status().expect_code(0);
    assert_eq!(primary.listed("2024-03-18T12:00:00Z").as_array().map(Vec::len), Some(2));
    let shown = primary
        .cli
        .run(&["geo", "status", "--now", "2024-03-18T12:00:00Z"])
        .expect_code(0);
    assert!(
        shown.stdout.contains("site 1") && shown.stdout.contains("site 2"),
        "{}",
        shown.stdout
    );
}

#[test]
fn a_secondary_collects_once_a_day_at_the_most() {
    let secondary = Secondary::new(1, "127.0.0.1:1", &ALL);
    secondary.update(FIRST).expect_code(0);
    let held = secondary.update("2024-03-03T23:59:59Z").expect_code(5);
    assert!(held.stderr.contains("2024-03-04T00:00:00"), "{}", held.stderr);
    assert_eq!(secondary.queries(), 4);
    secondary.update("2024-03-04T00:00:00Z").expect_code(0);
    assert_eq!(secondary.queries(), 8);
    // A clock that was a year ahead when it collected keeps nobody from collecting once it is right.
    secondary.update("2025-03-04T00:00:00Z").expect_code(0);
    secondary.update("2024-03-11T00:00:00Z").expect_code(0);
}

#[test]
fn of_two_processes_one_collects() {
    let secondary = Secondary::new(1, "127.0.0.1:1", &ALL);
    // The store is made beforehand: what is tested is the lease.
    secondary.cli.run(&["history"]);
    let processes: Vec<Running> = (0..4)
        .map(|_| secondary.cli.start(&["geo", "update", "--now", FIRST]))
        .collect();
    let mut codes: Vec<Option<i32>> = processes.into_iter().map(|process| process.wait().0).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(5), Some(5), Some(5)]);
    assert_eq!(secondary.queries(), 4);
}

#[test]
fn without_prometheus_all_is_null() {
    let secondary = Secondary::new(1, "127.0.0.1:1", &[]);
    let config = secondary.cli.read("service-ping.toml");
    secondary.cli.write(
        "service-ping.toml",
        &config.replace(&secondary.prometheus.base(), "http://127.0.0.1:1"),
    );
    let away = secondary
        .cli
        .run(&["geo", "update", "--now", FIRST, "--format", "json"])
        .expect_code(0);
    let usage: Value = serde_json::from_str(&away.stdout).expect("JSON");
    assert_eq!(
        usage,
        json!({FIELDS[0]: null, FIELDS[1]: null, FIELDS[2]: null, FIELDS[3]: null})
    );
    assert!(away.stderr.contains("did not tell a number"), "{}", away.stderr);
}

/// What a live Prometheus says, worked out by hand.
#[test]
fn the_numbers_are_those_of_a_live_prometheus() {
    let begun = std::time::Instant::now();
    let exporter = Double::start(move |_| {
        let count = begun.elapsed().as_millis();
        let page = format!(
            "grpc_server_handled_total{{grpc_method=\"SSHUploadPack\"}} {count}\n\
             grpc_server_handled_total{{grpc_method=\"PostUploadPack\"}} {}\n\
             grpc_server_handled_total{{grpc_method=\"PostReceivePack\"}} {}\n\
             grpc_server_handled_total{{grpc_method=\"FindCommit\"}} {}\n\
             gitlab_workhorse_http_geo_proxied_requests_total {}\n\
             gitlab_workhorse_http_requests_total{{route=\"^/api/\"}} {}\n\
             gitlab_workhorse_http_requests_total{{route=\"^/-/(readiness|liveness)$\"}} {}\n",
            count * 2,
            count * 3,
            count * 1000,
            count * 5,
            count * 7,
            count * 1000,
        );
        Answer::Says(200, "text/plain; version=0.0.4", page)
    });
    let scrapes = format!(
        "- {{job_name: site, static_configs: [{{targets: ['127.0.0.1:{}']}}]}}\n",
        exporter.port
    );
    let server = Prometheus::start_with(&PrometheusSettings {
        scrapes,
        ..PrometheusSettings::default()
    });
    let by_hand = [
        "sum(increase(grpc_server_handled_total{grpc_method=~'SSHUploadPack|PostUploadPack'}[7d]))",
        "sum(increase(grpc_server_handled_total{grpc_method=~'SSHReceivePack|PostReceivePack'}[7d]))",
        "sum(increase(gitlab_workhorse_http_geo_proxied_requests_total[7d]))",
        "sum(increase(gitlab_workhorse_http_requests_total{route='^/api/'}[7d]))",
    ];
    wait_until("two samples of each", || {
        by_hand.iter().all(|promql| !server.vector(promql, None).is_empty())
    });
    let now = Utc::now();
    let seconds = format!("{}.{:03}", now.timestamp(), now.timestamp_subsec_millis());
    // From here on nothing is added to what was at that instant.
    let newer = format!("min(timestamp(gitlab_workhorse_http_requests_total)) > {seconds}");
    wait_until("newer samples", || !server.vector(&newer, None).is_empty());
    let secondary = Secondary::new(1, "127.0.0.1:1", &[]);
    let config = secondary.cli.read("service-ping.toml");
    let config = config.replace(&secondary.prometheus.base(), &server.url());
    secondary.cli.write("service-ping.toml", &config);
    let instant = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let arguments = ["geo", "update", "--now", &instant, "--format", "json"];
    let updated = secondary.cli.run(&arguments).expect_code(0);
    let usage: Value = serde_json::from_str(&updated.stdout).expect("JSON");
    for (field, promql) in FIELDS.iter().zip(by_hand) {
        let sample = &server.vector(promql, Some(&seconds))[0];
        let value: f64 = sample["value"][1].as_str().expect("a text").parse().expect("a number");
        assert!(value > 0.0, "{promql}");
        assert_eq!(usage[field].as_f64(), Some(value.round()), "{field}");
    }
}

#[test]
fn a_primary_that_is_away_is_told_later() {
    let secondary = Secondary::new(1, "127.0.0.1:1", &ALL);
    let nothing = secondary.status().expect_code(1);
    assert!(nothing.stderr.contains("geo update"), "{}", nothing.stderr);
    secondary.update(FIRST).expect_code(0);
    let away = secondary.status().expect_code(4);
    assert!(away.stderr.contains("cannot be connected to"), "{}", away.stderr);
    let primary = Primary::start("sqlite://primary.db");
    let config = secondary.cli.read("service-ping.toml");
    secondary
        .cli
        .write("service-ping.toml", &config.replace("127.0.0.1:1", &primary.address));
    secondary.status().expect_code(0);
    assert_eq!(primary.listed(FIRST).as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_not_signed_or_no_status_is_refused() {
    let primary = Primary::start("sqlite://primary.db");
    let good = NodeStatus {
        node: Uuid::from_u128(7),
        name: "site".to_owned(),
        version: None,
        collected_at: FIRST.parse().expect("an instant"),
        usage: Usage::default(),
    }
    .to_text();
    let signature = Signature::of(good.as_bytes(), SECRET).to_text();
    let other = Signature::of(good.as_bytes(), "another secret of 16").to_text();
    let altered = good.replace("site", "sites");
    for (signature, document) in [
        (None, &good),
        (Some(""), &good),
        (Some("sha256="), &good),
        (Some(other.as_str()), &good),
        (Some(signature.as_str()), &altered),
    ] {
        assert_eq!(primary.post(signature, document).0, 401, "{signature:?}");
    }
    let with = |change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&good).expect("JSON");
        change(&mut value);
        value.to_string()
    };
    let bad = [
        "{}".to_owned(),
        "nonsense".to_owned(),
        with(&|value| value["usage"][FIELDS[0]] = json!(-1)),
        with(&|value| value["usage"][FIELDS[0]] = json!("hunter2")),
        with(&|value| value["usage"][FIELDS[0]] = json!(1.5)),
        with(&|value| value["usage"]["more"] = json!(1)),
        with(&|value| drop(value["usage"].as_object_mut().expect("an object").remove(FIELDS[3]))),
        with(&|value| value["more"] = json!(1)),
        with(&|value| value["node"] = json!("x")),
        with(&|value| value["name"] = json!("x".repeat(300))),
        with(&|value| value["collected_at"] = json!("2999-01-01T00:00:00Z")),
    ];
    for document in bad {
        let (code, says) = primary.post_signed(&document);
        assert_eq!(code, 400, "{document}");
        assert!(!says.to_string().contains("hunter2"), "{says}");
    }
    assert_eq!(primary.post_signed(&"x".repeat(100_000)).0, 413);
    assert_eq!(primary.listed(FIRST), json!([]));
    assert_eq!(primary.post(Some(&signature), &good), (200, json!({"stored": true})));
}

#[test]
fn a_site_takes_the_part_of_its_role_alone() {
    let primary = Primary::start("sqlite://primary.db");
    primary.cli.run(&["geo", "update"]).expect_code(2);
    let secondary = Secondary::new(1, &primary.address, &[]);
    secondary
        .cli
        .write("metrics/geo.yml", &primary.cli.read("metrics/geo.yml"));
    secondary.cli.write(
        "metrics/answer.yml",
        "{key_path: answer, description: A number, value_type: number, status: active, time_frame: none, \
         data_source: system, instrumentation_class: StaticMetric, options: {value: 42}}",
    );
    let generated = secondary.cli.run(&["generate"]).expect_code(0);
    let payload: Value = serde_json::from_str(&generated.stdout).expect("a payload");
    assert_eq!(payload, json!({"answer": 42}));
    let mut serving = secondary.cli.start(&["serve", "--listen", "127.0.0.1:0"]);
    let line = serving.line_with("listening on http://");
    let other = Primary {
        address: line.split("http://").nth(1).expect("an address").trim().to_owned(),
        cli: Cli::new(),
        _serving: serving,
    };
    assert_eq!(other.post_signed("{}").0, 404);
    let alone = Cli::new();
    alone.run(&["geo", "status"]).expect_code(2);
    alone.write("service-ping.toml", "[geo]\nrole = \"primary\"\nsecret = \"short\"\n");
    let refused = alone.run(&["geo", "status"]).expect_code(3);
    assert!(refused.stderr.contains("at least 16 characters"), "{}", refused.stderr);
}
