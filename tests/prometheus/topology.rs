//! The topology of a live Prometheus, with node_exporter, the product's exporters and GitLab's own recording rules.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::instance::{generate, instance, topology};
use crate::oracle;
use crate::support::data::compat_data;
use crate::support::prometheus::exporter;
use crate::support::prometheus::server::{NodeExporter, Prometheus, PrometheusSettings};
use crate::support::wait::wait_until;

/// The series that are asked for last of each of the rules' steps.
const LAST_RULE: &str = "gitlab_usage_ping:node_service_app_server_workers:sum";

#[test]
fn is_what_prometheus_says_worked_out_by_hand() {
    let Some(rules) = recording_rules() else { return };
    let (node, services) = (NodeExporter::start(), exporter::start());
    let server = Prometheus::start_with(&PrometheusSettings {
        scrapes: scrapes(node.port, services.port),
        rules,
        ..PrometheusSettings::default()
    });
    let all = [
        "gitlab_usage_ping:ops:rate5m > 0",
        "gitlab_usage_ping:sql_duration_apdex:ratio_rate5m",
        "gitlab_usage_ping:node_cpu_utilization:avg",
        "gitlab_usage_ping:node_memory_utilization:avg",
        "gitlab_usage_ping:node_service_process:count{job=\"mystery\"}",
        "gitlab_usage_ping:node_service_process:count{job=\"redis\"}",
        "gitlab_usage_ping:node_service_process_proportional_memory_bytes:avg{instance=\"app-2.example:8080\"}",
        LAST_RULE,
        "node_uname_info",
    ];
    wait_until("all series", || {
        all.iter().all(|promql| !server.vector(promql, None).is_empty())
    });
    let now = Utc::now();
    // From here on nothing is added to what was at that instant.
    let seconds = format!("{}.{:03}", now.timestamp(), now.timestamp_subsec_millis());
    for series in ["up", LAST_RULE] {
        let oldest = format!("min(timestamp({series})) > {seconds}");
        wait_until("newer samples", || !server.vector(&oldest, None).is_empty());
    }
    let cli = instance(&format!("url = \"{}\"", server.url()));
    topology(&cli);
    let generated = generate(&cli, &["--now", &rfc3339(now)]);
    let expected = oracle::topology(&server, &seconds);
    assert_eq!(generated.reasons, Default::default());
    assert_eq!(generated.topology(), expected);
    let schema = include_str!("../../metrics/objects_schemas/topology.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    assert!(
        schema.is_valid(&generated.payload["topology"]),
        "{:#}",
        generated.payload["topology"]
    );

    // The oracle has seen what it should.
    let nodes = expected["nodes"].as_array().expect("a list");
    assert_eq!(nodes.len(), 2, "{expected:#}");
    assert!(
        nodes.iter().any(|node| node["node_cpus"].as_i64() > Some(0)),
        "{expected:#}"
    );
    assert!(
        expected["application_requests_per_hour"].as_i64() > Some(0),
        "{expected:#}"
    );
    let text = expected.to_string();
    for part in [
        "web",
        "sidekiq",
        "workhorse",
        "node-exporter",
        "\"server\":\"puma\"",
        "machine",
    ] {
        assert!(text.contains(part), "{part} in {expected:#}");
    }
    assert_eq!(
        expected["failures"],
        serde_json::json!([{"service_unknown": "mystery"}])
    );

    server.kill();
    let generated = generate(&cli, &[]);
    assert_eq!(generated.topology(), serde_json::json!({"failures": []}));
    assert_eq!(generated.reason("topology"), Some("source_unavailable"));
}

fn rfc3339(now: DateTime<Utc>) -> String {
    now.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// GitLab's rules as they are, but evaluated every second; `None` where they are not at hand.
fn recording_rules() -> Option<Vec<String>> {
    let read = |name: &str| {
        let path = compat_data(&format!("gitlab/omnibus/{name}"))?;
        let text = std::fs::read_to_string(path).expect("the file is readable");
        let often = text
            .lines()
            .map(|line| match line.trim_start().starts_with("interval:") {
                true => "  interval: 1s\n".to_owned(),
                false => format!("{line}\n"),
            });
        Some(often.collect())
    };
    Some(vec![read("node.rules")?, read("gitlab.rules")?])
}

fn scrapes(node: u16, services: u16) -> String {
    let mut scrapes = format!("- {{job_name: node, static_configs: [{{targets: [\"127.0.0.1:{node}\"]}}]}}\n");
    let jobs = [
        ("gitlab-rails", "rails"),
        ("gitlab-sidekiq", "sidekiq"),
        ("gitlab-workhorse", "workhorse"),
        ("redis", "redis"),
        ("mystery", "mystery"),
    ];
    for (job, page) in jobs {
        let mut targets = format!("{{targets: [\"127.0.0.1:{services}\"]}}");
        if job == "gitlab-rails" {
            // The same process again, as that of another node.
            targets +=
                &format!(", {{targets: [\"localhost:{services}\"], labels: {{instance: \"app-2.example:8080\"}}}}");
        }
        scrapes += &format!("- {{job_name: {job}, metrics_path: /{page}, static_configs: [{targets}]}}\n");
    }
    scrapes
}
