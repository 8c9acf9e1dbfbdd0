//! How samples become the topology, with a server that gives what no live one would.

use serde_json::{Value, json};

use crate::instance::{Generated, generate, instance, topology};
use crate::support::prometheus::double::{Answer, Asked, Double};

/// The names that failures have, each with a part of its query, in the order in which they are asked.
pub const QUERIES: [(&str, &str); 12] = [
    ("app_requests", "avg_over_time (gitlab_usage_ping:ops:rate5m[1w])"),
    (
        "query_apdex",
        "avg_over_time (gitlab_usage_ping:sql_duration_apdex:ratio_rate5m[1w])",
    ),
    (
        "node_memory",
        "max_over_time (gitlab_usage_ping:node_memory_total_bytes:max[1w])",
    ),
    (
        "node_memory_utilization",
        "avg_over_time (gitlab_usage_ping:node_memory_utilization:avg[1w])",
    ),
    ("node_cpus", "max_over_time (gitlab_usage_ping:node_cpus:count[1w])"),
    (
        "node_cpu_utilization",
        "avg_over_time (gitlab_usage_ping:node_cpu_utilization:avg[1w])",
    ),
    ("node_uname_info", "node_uname_info"),
    (
        "service_rss",
        "avg_over_time (gitlab_usage_ping:node_service_process_resident_memory_bytes:avg[1w])",
    ),
    (
        "service_uss",
        "avg_over_time (gitlab_usage_ping:node_service_process_unique_memory_bytes:avg[1w])",
    ),
    (
        "service_pss",
        "avg_over_time (gitlab_usage_ping:node_service_process_proportional_memory_bytes:avg[1w])",
    ),
    (
        "service_process_count",
        "avg_over_time (gitlab_usage_ping:node_service_process:count[1w])",
    ),
    (
        "service_workers",
        "gitlab_usage_ping:node_service_app_server_workers:sum",
    ),
];

/// The samples that a query of this name gives: one node, its Rails.
pub fn usual(name: &str) -> Value {
    match name {
        "app_requests" => json!([sample(json!({}), "0.01")]),
        "query_apdex" => json!([sample(json!({}), "0.996")]),
        "node_memory" => json!([sample(json!({"instance": "localhost:9100"}), "512")]),
        "node_memory_utilization" => json!([sample(json!({"instance": "localhost:9100"}), "0.45")]),
        "node_cpus" => json!([sample(json!({"instance": "localhost:9100"}), "16")]),
        "node_cpu_utilization" => json!([sample(json!({"instance": "localhost:9100"}), "0.2")]),
        "node_uname_info" => json!([sample(
            json!({"instance": "127.0.0.1:9100", "machine": "x86_64", "sysname": "Linux", "release": "6.1", "nodename": "secret"}),
            "1"
        )]),
        "service_rss" => json!([rails("300.9")]),
        "service_uss" => json!([rails("301")]),
        "service_pss" => json!([rails("302")]),
        "service_process_count" => json!([rails("10")]),
        "service_workers" => json!([sample(
            json!({"instance": "[::1]:8080", "job": "gitlab-rails", "server": "puma"}),
            "16"
        )]),
        other => panic!("{other} is no query of a topology"),
    }
}

/// The topology of what is usual.
pub fn usual_topology() -> Value {
    json!({
        "application_requests_per_hour": 36,
        "query_apdex_weekly_average": 0.996,
        "nodes": [{
            "node_memory_total_bytes": 512,
            "node_memory_utilization": 0.45,
            "node_cpus": 16,
            "node_cpu_utilization": 0.2,
            "node_uname_info": {"machine": "x86_64", "sysname": "Linux", "release": "6.1"},
            "node_services": [{
                "name": "web",
                "process_count": 10,
                "process_memory_rss": 300,
                "process_memory_uss": 301,
                "process_memory_pss": 302,
                "server": "puma",
            }],
        }],
        "failures": [],
    })
}

fn rails(value: &str) -> Value {
    sample(json!({"instance": "localhost:8080", "job": "gitlab-rails"}), value)
}

pub fn sample(labels: Value, value: &str) -> Value {
    json!({"metric": labels, "value": [1_795_085_670.0, value]})
}

/// The reply that holds samples.
pub fn vector(samples: &Value) -> Answer {
    Answer::json(&json!({"status": "success", "data": {"resultType": "vector", "result": samples}}))
}

/// The name of the topology's query that is asked; `None` for others.
pub fn asked_name(asked: &Asked) -> Option<&'static str> {
    let promql = asked.parameters.get("query")?;
    QUERIES.iter().find(|(_, query)| query == promql).map(|(name, _)| *name)
}

/// A server that is ready, and answers the queries of a topology thus.
pub fn answering(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Double {
    Double::start(move |asked| match (asked.path.as_str(), asked_name(asked)) {
        ("/-/ready", _) => Answer::ready(),
        ("/api/v1/query", Some(name)) => answer(name),
        _ => vector(&json!([sample(json!({}), "7")])),
    })
}

fn generated(double: &Double) -> Generated {
    let cli = instance(&format!("url = \"{}\"", double.url()));
    topology(&cli);
    generate(&cli, &[])
}

#[test]
fn one_node_and_its_services() {
    let double = answering(|name| vector(&usual(name)));
    let generated = generated(&double);
    assert_eq!(generated.topology(), usual_topology());
    let queries: Vec<&str> = QUERIES.iter().map(|(_, query)| *query).collect();
    assert_eq!(double.queries(), queries, "in this order");
    let times: Vec<Option<String>> = double
        .asked()
        .iter()
        .map(|asked| asked.parameters.get("time").cloned())
        .collect();
    assert!(
        times[1].is_some() && times[1..].iter().all(|time| *time == times[1]),
        "{times:?}"
    );
}

#[test]
fn nodes_and_services_come_in_the_order_in_which_they_were_seen() {
    let double = answering(|name| {
        let at = |instance: &str, job: &str| json!({"instance": instance, "job": job});
        vector(&match name {
            "node_memory" => json!([
                sample(at("zeta:9100", "node"), "2"),
                sample(at("alpha:9100", "node"), "3")
            ]),
            "node_cpus" => json!([
                sample(at("middle:9100", "node"), "4"),
                sample(at("zeta:9100", "node"), "1")
            ]),
            "service_rss" => json!([
                sample(at("alpha:1", "redis"), "8"),
                sample(at("alpha:2", "gitaly"), "9")
            ]),
            "service_process_count" => json!([
                sample(at("alpha:2", "gitaly"), "1.9"),
                sample(at("late:1", "stray"), "1")
            ]),
            "service_workers" => json!([
                sample(
                    json!({"instance": "alpha:3", "job": "gitlab-rails", "server": "puma"}),
                    "1"
                ),
                sample(json!({"instance": "alpha:3", "job": " postgres "}), "1"),
            ]),
            _ => json!([]),
        })
    });
    let topology = generated(&double).topology();
    let nodes = json!([
        {"node_memory_total_bytes": 2, "node_cpus": 1, "node_services": []},
        {"node_memory_total_bytes": 3, "node_services": [
            {"name": "gitaly", "process_count": 1, "process_memory_rss": 9},
            {"name": "redis", "process_memory_rss": 8},
            {"name": "web", "server": "puma"},
        ]},
        {"node_cpus": 4, "node_services": []},
        {"node_services": []},
    ]);
    assert_eq!(topology["nodes"], nodes, "{topology:#}");
    let failures = [
        "app_requests",
        "query_apdex",
        "node_memory_utilization",
        "node_cpu_utilization",
        "node_uname_info",
        "service_uss",
        "service_pss",
    ];
    let mut failures: Vec<Value> = failures.iter().map(|name| json!({*name: "empty_result"})).collect();
    failures.push(json!({"service_unknown": "stray"}));
    assert_eq!(topology["failures"], json!(failures));
    assert!(topology.get("application_requests_per_hour").is_none());
}

#[test]
fn what_is_no_finite_number_is_left_out_and_said() {
    let double = answering(|name| {
        let mut samples = usual(name);
        match name {
            "app_requests" => samples[0]["value"][1] = json!("NaN"),
            "node_memory" => samples[0]["value"][1] = json!("+Inf"),
            // The label counts, not the number.
            "service_workers" => samples[0]["value"][1] = json!("NaN"),
            _ => {}
        }
        vector(&samples)
    });
    let mut expected = usual_topology();
    expected
        .as_object_mut()
        .unwrap()
        .remove("application_requests_per_hour");
    expected["nodes"][0]
        .as_object_mut()
        .unwrap()
        .remove("node_memory_total_bytes");
    expected["failures"] = json!([{"app_requests": "not_finite"}, {"node_memory": "not_finite"}]);
    assert_eq!(generated(&double).topology(), expected);
}

#[test]
fn only_vectors_count() {
    let double = answering(|name| match name {
        "query_apdex" => {
            Answer::json(&json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}}))
        }
        "node_cpus" => {
            Answer::json(&json!({"status": "success", "data": {"resultType": "string", "result": [1, "x"]}}))
        }
        name => vector(&usual(name)),
    });
    let topology = generated(&double).topology();
    assert_eq!(
        topology["failures"],
        json!([{"query_apdex": "empty_result"}, {"node_cpus": "empty_result"}])
    );
}
