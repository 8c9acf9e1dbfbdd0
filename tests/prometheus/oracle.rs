//! The topology worked out by hand from what Prometheus itself answers, in the words of the description.

use serde_json::{Map, Value, json};

use crate::support::prometheus::server::Prometheus;

/// What the topology is at an instant, in seconds, but for its duration.
pub fn topology(server: &Prometheus, at: &str) -> Value {
    let week = |aggregate: &str, series: &str| {
        server.vector(
            &format!("{aggregate}_over_time (gitlab_usage_ping:{series}[1w])"),
            Some(at),
        )
    };
    let requests = number(&week("avg", "ops:rate5m")[0]) * 3600.0;
    let apdex = number(&week("avg", "sql_duration_apdex:ratio_rate5m")[0]);
    let memory = week("max", "node_memory_total_bytes:max");
    let memory_used = week("avg", "node_memory_utilization:avg");
    let cpus = week("max", "node_cpus:count");
    let cpu_used = week("avg", "node_cpu_utilization:avg");
    let uname = server.vector("node_uname_info", Some(at));
    let rss = week("avg", "node_service_process_resident_memory_bytes:avg");
    let uss = week("avg", "node_service_process_unique_memory_bytes:avg");
    let pss = week("avg", "node_service_process_proportional_memory_bytes:avg");
    let processes = week("avg", "node_service_process:count");
    let workers = server.vector("gitlab_usage_ping:node_service_app_server_workers:sum", Some(at));

    let mut hosts: Vec<String> = Vec::new();
    let in_order = [
        &memory,
        &memory_used,
        &cpus,
        &cpu_used,
        &uname,
        &rss,
        &uss,
        &pss,
        &processes,
        &workers,
    ];
    for series in in_order.into_iter().flatten() {
        if !hosts.contains(&host(series)) {
            hosts.push(host(series));
        }
    }
    let mut failures = Vec::new();
    let nodes: Vec<Value> =
        hosts
            .iter()
            .map(|name| {
                let mut node = Map::new();
                let mut put = |key: &str, value: Option<Value>| value.map(|value| node.insert(key.to_owned(), value));
                put(
                    "node_memory_total_bytes",
                    of_host(&memory, name).map(|series| whole(number(series))),
                );
                put(
                    "node_memory_utilization",
                    of_host(&memory_used, name).map(|series| json!(number(series))),
                );
                put("node_cpus", of_host(&cpus, name).map(|series| whole(number(series))));
                put(
                    "node_cpu_utilization",
                    of_host(&cpu_used, name).map(|series| json!(number(series))),
                );
                put("node_uname_info", of_host(&uname, name).map(|series| {
                let labels = &series["metric"];
                json!({"machine": labels["machine"], "sysname": labels["sysname"], "release": labels["release"]})
            }));
                let mut services: Vec<(String, Map<String, Value>)> = Vec::new();
                let figures = [
                    ("process_count", &processes),
                    ("process_memory_rss", &rss),
                    ("process_memory_uss", &uss),
                    ("process_memory_pss", &pss),
                    ("server", &workers),
                ];
                for (figure, series) in figures {
                    for series in series.iter().filter(|series| host(series) == *name) {
                        let job = series["metric"]["job"].as_str().expect("a job").to_owned();
                        let value = match figure {
                            "server" => series["metric"]["server"].clone(),
                            _ => whole(number(series)),
                        };
                        match services.iter_mut().find(|(known, _)| *known == job) {
                            Some((_, figures)) => drop(figures.insert(figure.to_owned(), value)),
                            None => services.push((job, Map::from_iter([(figure.to_owned(), value)]))),
                        }
                    }
                }
                let mut list = Vec::new();
                for (job, figures) in services {
                    let name = match job.as_str() {
                        "gitlab-rails" => "web",
                        "gitlab-sidekiq" => "sidekiq",
                        "gitlab-workhorse" => "workhorse",
                        "node" => "node-exporter",
                        "redis" | "postgres" | "gitaly" | "prometheus" | "registry" => &job,
                        _ => {
                            failures.push(json!({"service_unknown": job}));
                            continue;
                        }
                    };
                    let mut service = Map::from_iter([("name".to_owned(), json!(name))]);
                    service.extend(figures);
                    list.push(Value::Object(service));
                }
                node.insert("node_services".to_owned(), json!(list));
                Value::Object(node)
            })
            .collect();
    json!({
        "application_requests_per_hour": whole(requests),
        "query_apdex_weekly_average": apdex,
        "nodes": nodes,
        "failures": failures,
    })
}

fn number(series: &Value) -> f64 {
    series["value"][1].as_str().expect("text").parse().expect("a number")
}

fn whole(number: f64) -> Value {
    json!(number.trunc() as i64)
}

/// The instances of these tests are names and IPv4 addresses with ports.
fn host(series: &Value) -> String {
    let instance = series["metric"]["instance"].as_str().expect("an instance");
    let name = instance.split(':').next().expect("a name");
    if name == "127.0.0.1" {
        "localhost".to_owned()
    } else {
        name.to_owned()
    }
}

fn of_host<'a>(series: &'a [Value], name: &str) -> Option<&'a Value> {
    series.iter().rfind(|series| host(series) == name)
}
