//! Where the server is: addresses that say no scheme, and Consul's catalogue.

use serde_json::{Value, json};

use crate::instance::{Generated, generate, instance, query};
use crate::support::prometheus::double::{Answer, Double};
use crate::support::prometheus::server::{Prometheus, PrometheusSettings};

fn asked(lines: &str) -> Generated {
    let cli = instance(lines);
    query(&cli, "settings.one", "vector(1)", "");
    generate(&cli, &[])
}

fn assert_found(lines: &str) {
    let generated = asked(lines);
    assert_eq!(
        generated.payload["settings"]["one"], 1,
        "{lines}: {:?}",
        generated.reasons
    );
}

fn assert_not_found(lines: &str, says: &str) {
    let generated = asked(lines);
    let reason = &generated.reasons["settings.one"];
    assert!(
        reason.starts_with("source_unavailable: ") && reason.contains(says),
        "{reason}"
    );
}

#[test]
fn an_address_that_listens_is_tried_with_tls_first() {
    let plain = Prometheus::start();
    for address in ["", "0.0.0.0", "127.0.0.1", "localhost"] {
        assert_found(&format!("url = \"{address}:{}\"", plain.port));
    }
    assert_found(&format!("url = \"http://0.0.0.0:{}\"", plain.port));
    let secured = Prometheus::start_with(&PrometheusSettings {
        tls: true,
        ..PrometheusSettings::default()
    });
    let authority = secured.authority();
    assert_found(&format!("url = \":{}\"\nca_file = {authority:?}", secured.port));
    assert_not_found(&format!("url = \":{}\"", secured.port), "certificate");
}

#[test]
fn a_path_before_the_api_is_kept() {
    let server = Prometheus::start();
    let port = server.port;
    let paths = ["/prometheus/-/ready", "/prometheus/api/v1/query"];
    let double = Double::start(move |asked| match asked.path.as_str() {
        "/prometheus/-/ready" => Answer::ready(),
        "/prometheus/api/v1/query" => Answer::json(
            &json!({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "1"]}]}}),
        ),
        _ => Answer::From(port),
    });
    for slash in ["", "/"] {
        assert_found(&format!("url = \"{}/prometheus{slash}\"", double.url()));
    }
    assert!(
        double.asked().iter().all(|asked| paths.contains(&asked.path.as_str())),
        "{:?}",
        double.asked()
    );
}

/// With a host name that is not plainly this machine's, a password or token waits for TLS.
#[test]
fn credentials_are_not_shown_in_the_open() {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    let double = Double::start_on("0.0.0.0", |_| Answer::ready());
    let address = format!("{}:{}", host.trim(), double.port);
    asked(&format!(
        "url = \"{address}\"\nbearer_token = \"another-secret\"\ntimeout = \"2s\""
    ));
    asked(&format!(
        "url = \"{address}\"\nusername = \"me\"\npassword = \"another-secret\"\ntimeout = \"2s\""
    ));
    assert_eq!(double.asked().len(), 0, "{:?}", double.asked());
}

fn consul(entries: Value) -> Double {
    Double::start(move |asked| match asked.path.as_str() {
        "/v1/catalog/service/prometheus" => match asked.headers.get("x-consul-token").map(String::as_str) {
            None | Some("correct-horse-consul") => Answer::json(&entries),
            Some(_) => Answer::Says(403, "text/plain", "Permission denied".to_owned()),
        },
        _ => Answer::Says(404, "text/plain", "no such page".to_owned()),
    })
}

#[test]
fn consul_lists_the_first_server_with_its_own_address_or_its_nodes() {
    let server = Prometheus::start();
    let port = server.port;
    for entries in [
        json!([{"ServiceAddress": "127.0.0.1", "Address": "10.255.255.1", "ServicePort": port}, {"ServicePort": 1}]),
        json!([{"ServiceAddress": "", "Address": "127.0.0.1", "ServicePort": port}]),
        json!([{"Address": "127.0.0.1", "ServicePort": port, "ServiceTags": ["x"]}]),
    ] {
        let consul = consul(entries);
        assert_found(&format!("consul_url = \"{}\"", consul.url()));
        assert_eq!(consul.asked().len(), 1, "once a run");
        assert!(!consul.asked()[0].headers.contains_key("authorization"));
    }
    let consul = consul(json!([{"Address": "127.0.0.1", "ServicePort": port}]));
    let url = format!("consul_url = \"{}\"\n", consul.url());
    assert_found(&format!("{url}consul_token = \"correct-horse-consul\""));
    assert_not_found(&format!("{url}consul_token = \"another\""), "Consul answered 403");
    // An address of its own wins.
    assert_not_found(&format!("{url}url = \"http://127.0.0.1:1\""), "refused");
    assert_eq!(consul.asked().len(), 2);
}

#[test]
fn consul_may_know_of_none() {
    let consul_says = |answer: fn() -> Answer, says: &str| {
        let consul = Double::start(move |_| answer());
        assert_not_found(&format!("consul_url = \"{}\"", consul.url()), says);
    };
    consul_says(|| Answer::json(&json!([])), "Consul lists no service `prometheus`");
    consul_says(
        || Answer::json(&json!({"error": "x"})),
        "Consul's reply is no list of services",
    );
    consul_says(
        || Answer::json(&json!([{"Address": "x"}])),
        "Consul's reply is no list of services",
    );
    consul_says(
        || Answer::Says(500, "text/plain", "rpc error".to_owned()),
        "Consul answered 500",
    );
    consul_says(
        || Answer::Half("[{}, {}]".to_owned()),
        "Consul does not tell where it is",
    );
    assert_not_found(
        "consul_url = \"http://127.0.0.1:1\"",
        "Consul does not tell where it is",
    );
}
