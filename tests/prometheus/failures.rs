//! Servers that fail: what the topology says of it, the reasons of other metrics, and the rest of the ping, which is exact.

use serde_json::{Value, json};

use crate::instance::{Generated, generate, instance, query, topology};
use crate::shape::{QUERIES, answering, sample, usual, usual_topology, vector};
use crate::support::prometheus::double::{Answer, Double};
use crate::support::prometheus::server::Prometheus;

/// A topology without what comes of this query.
fn without(name: &str) -> Value {
    let mut topology = usual_topology();
    let map = topology.as_object_mut().unwrap();
    let service = |figure: &'static str| vec!["node_services", figure];
    let place = match name {
        "app_requests" => {
            map.remove("application_requests_per_hour");
            return topology;
        }
        "query_apdex" => {
            map.remove("query_apdex_weekly_average");
            return topology;
        }
        "node_memory" => vec!["node_memory_total_bytes"],
        "service_rss" => service("process_memory_rss"),
        "service_uss" => service("process_memory_uss"),
        "service_pss" => service("process_memory_pss"),
        "service_process_count" => service("process_count"),
        "service_workers" => service("server"),
        name => vec![name],
    };
    let node = &mut topology["nodes"][0];
    let holder = match place.len() {
        1 => node,
        _ => &mut node["node_services"][0],
    };
    holder.as_object_mut().unwrap().remove(*place.last().unwrap());
    topology
}

fn fails(kind: &str) -> Answer {
    let error = |status, kind: &str| {
        let body = json!({"status": "error", "errorType": kind, "error": "private words"});
        Answer::Says(status, "application/json", body.to_string())
    };
    match kind {
        "400" => error(400, "bad_data"),
        "401" => Answer::Says(401, "text/plain", "Unauthorized".to_owned()),
        "422" => error(422, "execution"),
        "500" => Answer::Says(500, "text/html", "<html>".to_owned()),
        "503" => error(503, "timeout"),
        "503 canceled" => error(503, "canceled"),
        "503 by a proxy" => Answer::Says(503, "text/html", "<html>".to_owned()),
        "302" => Answer::Says(302, "text/html", String::new()),
        "half" => {
            Answer::Half(json!({"status": "success", "data": {"resultType": "vector", "result": []}}).to_string())
        }
        "no JSON" => Answer::Says(200, "text/html", "<html>".to_owned()),
        "no number" => vector(&json!([sample(json!({}), "many")])),
        "broken" => Answer::Breaks,
        other => panic!("{other}?"),
    }
}

/// Each way to fail, the error that a topology names, and the reason of a metric.
const WAYS: [(&str, &str, &str); 12] = [
    ("400", "QueryError", "invalid_statement"),
    ("401", "UnexpectedResponseError", "source_unavailable"),
    ("422", "UnexpectedResponseError", "statement_failed"),
    ("500", "UnexpectedResponseError", "statement_failed"),
    ("503", "UnexpectedResponseError", "statement_timeout"),
    ("503 canceled", "UnexpectedResponseError", "statement_cancelled"),
    ("503 by a proxy", "UnexpectedResponseError", "source_not_ready"),
    ("302", "UnexpectedResponseError", "statement_failed"),
    ("half", "ConnectionError", "connection_lost"),
    ("no JSON", "UnexpectedResponseError", "statement_failed"),
    ("no number", "UnexpectedResponseError", "statement_failed"),
    ("broken", "ConnectionError", "connection_lost"),
];

#[test]
fn each_query_that_fails_costs_its_own_part() {
    for (index, (way, class, _)) in WAYS.into_iter().enumerate() {
        let (failing, _) = QUERIES[index];
        let double = answering(move |name| match name == failing {
            true => fails(way),
            false => vector(&usual(name)),
        });
        let mut expected = without(failing);
        expected["failures"] = json!([{failing: class}]);
        assert_eq!(of(&double, "").topology(), expected, "{way}");
    }
}

#[test]
fn each_metric_that_fails_has_its_reason_and_no_other_does() {
    let cli_of = |double: &Double| {
        let cli = instance(&format!("url = \"{}\"", double.url()));
        query(&cli, "settings.failing", "failing", "");
        query(&cli, "settings.fine", "fine", "");
        topology(&cli);
        cli
    };
    for (way, _, reason) in WAYS {
        let double = Double::start(move |asked| match asked.parameters.get("query").map(String::as_str) {
            None => Answer::ready(),
            Some("failing") => fails(way),
            Some(promql) => match QUERIES.iter().find(|(_, query)| *query == promql) {
                Some((name, _)) => vector(&usual(name)),
                None => vector(&json!([sample(json!({}), "7")])),
            },
        });
        let generated = generate(&cli_of(&double), &[]);
        assert_eq!(
            generated.reason("settings.failing"),
            Some(reason),
            "{way}: {:?}",
            generated.reasons
        );
        assert_eq!(generated.reasons.len(), 1, "{:?}", generated.reasons);
        assert_eq!(generated.payload["settings"]["failing"], -1);
        assert_eq!(generated.payload["settings"]["fine"], 7);
        assert_eq!(generated.topology(), usual_topology());
        let says = &generated.reasons["settings.failing"];
        let may_say = way == "400";
        assert_eq!(says.contains("private words"), may_say, "{says}");
    }
}

#[test]
fn after_one_that_runs_out_of_time_no_other_is_asked() {
    for late in [0, 4, 11] {
        let double = answering(move |name| match name == QUERIES[late].0 {
            true => Answer::Never,
            false => vector(&usual(name)),
        });
        let generated = of(&double, "timeout = \"1s\"");
        let failures: Vec<Value> = QUERIES[late..]
            .iter()
            .enumerate()
            .map(|(index, (name, _))| json!({*name: if index == 0 { "ReadTimeout" } else { "timeout_cancellation" }}))
            .collect();
        let topology = generated.topology();
        assert_eq!(topology["failures"], json!(failures), "{late}");
        assert_eq!(topology.get("application_requests_per_hour").is_some(), late > 0);
        assert_eq!(double.queries().len(), late + 1, "the rest is not asked");
        assert_eq!(generated.reasons, Default::default());
    }
}

#[test]
fn a_slow_metric_ends_by_itself_and_the_others_go_on() {
    let double = Double::start(|asked| match asked.parameters.get("query").map(String::as_str) {
        None => Answer::ready(),
        Some("slow") => Answer::Never,
        Some(_) => vector(&json!([sample(json!({}), "7")])),
    });
    let cli = instance(&format!(
        "url = \"{}\"\ntimeout = \"1s\"\nconnections = 1",
        double.url()
    ));
    query(&cli, "settings.slow", "slow", "");
    query(&cli, "settings.zz", "fine", "");
    let generated = generate(&cli, &[]);
    assert_eq!(generated.reason("settings.slow"), Some("statement_timeout"));
    assert_eq!(generated.payload["settings"]["zz"], 7);
}

#[test]
fn a_server_that_is_not_ready_is_asked_once_and_for_nothing_else() {
    for (answer, reason) in [
        (503, "source_not_ready"),
        (404, "source_unavailable"),
        (302, "source_unavailable"),
    ] {
        let double = Double::start(move |_| Answer::Says(answer, "text/plain", "Service Unavailable".to_owned()));
        assert_absent(&double, "", reason);
    }
    assert_absent(&Double::start(|_| Answer::Breaks), "", "source_unavailable");
    assert_absent(
        &Double::start(|_| Answer::Never),
        "timeout = \"1s\"",
        "source_unavailable",
    );
}

/// Five metrics and the topology have one reason, found out once.
fn assert_absent(double: &Double, lines: &str, reason: &str) {
    let cli = instance(&format!("url = \"{}\"\n{lines}", double.url()));
    let names = ["a", "b", "c", "d", "e"].map(|name| format!("settings.{name}"));
    for name in &names {
        query(&cli, name, &format!("vector({})", name.len()), "");
    }
    topology(&cli);
    let generated = generate(&cli, &[]);
    assert_eq!(double.asked().len(), 1, "{:?}", double.asked());
    assert_eq!(double.times("/-/ready"), 1);
    for name in &names {
        assert_eq!(generated.reasons[name], generated.reasons["topology"]);
        assert_eq!(generated.payload["settings"][name.trim_start_matches("settings.")], -1);
    }
    assert_eq!(generated.reason("topology"), Some(reason), "{:?}", generated.reasons);
    assert_eq!(generated.topology(), json!({"failures": []}));
}

#[test]
fn a_server_that_was_killed_behind_a_proxy_is_away() {
    let server = Prometheus::start();
    let double = {
        let port = server.port;
        Double::start(move |_| Answer::From(port))
    };
    let cli = instance(&format!("url = \"{}\"", double.url()));
    query(&cli, "settings.one", "vector(1)", "");
    assert_eq!(generate(&cli, &[]).payload["settings"]["one"], 1);
    server.kill();
    let generated = generate(&cli, &[]);
    assert_eq!(generated.reason("settings.one"), Some("source_unavailable"));
}

#[test]
fn without_the_section_it_is_not_configured() {
    let cli = instance("url = \"http://127.0.0.1:1\"");
    let config = cli.read("service-ping.toml");
    let (before, _) = config.split_once("[prometheus]").unwrap();
    cli.write("service-ping.toml", before);
    query(&cli, "settings.one", "vector(1)", "");
    topology(&cli);
    let generated = generate(&cli, &[]);
    assert_eq!(generated.reason("settings.one"), Some("source_not_configured"));
    assert_eq!(generated.reason("topology"), Some("source_not_configured"));
    assert_eq!(generated.topology(), json!({"failures": []}));
}

/// A flood of an answer is not kept in memory.
#[test]
fn an_answer_that_does_not_end_is_not_read_to_its_end() {
    let double = Double::start(|asked| match asked.path.as_str() {
        "/-/ready" => Answer::ready(),
        _ => Answer::Says(200, "application/json", " ".repeat(40 * 1024 * 1024)),
    });
    let cli = instance(&format!("url = \"{}\"", double.url()));
    query(&cli, "settings.flood", "flood", "");
    assert_eq!(generate(&cli, &[]).reason("settings.flood"), Some("too_many_groups"));
}

fn of(double: &Double, lines: &str) -> Generated {
    let cli = instance(&format!("url = \"{}\"\n{lines}", double.url()));
    topology(&cli);
    generate(&cli, &[])
}
