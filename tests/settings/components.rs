//! Values of components over HTTP.

use serde_json::{Value, json};
use service_ping::state::StateStore;

use crate::component::{Behaviour, Component};
use crate::instance::Instance;

fn configuration(components: &[(&str, &str)]) -> String {
    let section = |(name, url): &(&str, &str)| {
        // Nobody waits for the others: they answer, or are gone.
        let timeout = if *name == "silent" { "300ms" } else { "60s" };
        format!("[components.{name}]\nurl = \"{url}\"\ntimeout = \"{timeout}\"\n")
    };
    components.iter().map(section).collect()
}

fn value(instance: &Instance, key: &str, value_type: &str, options: Value) {
    instance.metric(key, value_type, "HttpValueMetric", options);
}

#[test]
fn parts_of_one_answer_are_one_request() {
    let body = r#"{"version": "15.4.2-rc1", "servers": 56, "a/b": {"on": true}, "filesystems": ["EXT_2_3_4"], "nothing": null}"#;
    let gitaly = Component::says("x-vendor: gitlab\r\n", body);
    let instance = Instance::new(&configuration(&[("gitaly", &gitaly.url())]));
    let of = |more: Value| {
        let mut options = more;
        options["component"] = json!("gitaly");
        options
    };
    value(&instance, "version", "string", of(json!({"pointer": "/version"})));
    value(&instance, "servers", "number", of(json!({"pointer": "/servers"})));
    value(&instance, "on", "boolean", of(json!({"pointer": "/a~1b/on"})));
    value(
        &instance,
        "filesystems",
        "object",
        of(json!({"pointer": "/filesystems"})),
    );
    value(&instance, "nothing", "string", of(json!({"pointer": "/nothing"})));
    value(&instance, "vendor", "string", of(json!({"header": "X-Vendor"})));
    value(
        &instance,
        "major",
        "number",
        of(json!({"pattern": "\"version\": \"(\\d+)"})),
    );
    value(&instance, "text", "string", of(json!({})));
    instance.metric(
        "parts",
        "object",
        "VersionPartsMetric",
        of(json!({"pointer": "/version"})),
    );
    let generated = instance.generate();
    assert_eq!(generated.fallbacks(), Vec::<String>::new());
    let expected = json!({
        "version": "15.4.2-rc1", "servers": 56, "on": true, "filesystems": ["EXT_2_3_4"], "nothing": null,
        "vendor": "gitlab", "major": 15, "text": body, "parts": {"major": 15, "minor": 4, "patch": 2}
    });
    assert_eq!(generated.payload, expected);
    assert_eq!(gitaly.asked(), ["GET /version HTTP/1.1"]);
}

/// Of each source of the last run: whether it was up, its readings and its statements.
fn sources(instance: &Instance) -> Vec<(String, bool, i64, i64)> {
    let file = instance.cli.folder().join("service-ping.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = StateStore::open(&format!("sqlite://{}", file.display())).await;
        let store = store.expect("the store opens");
        let runs = store.runs(1).await.expect("the store answers");
        let sources = store.sources(runs[0].id).await.expect("the store answers");
        sources
            .into_iter()
            .map(|one| (one.source, one.is_up, one.readings, one.statements))
            .collect()
    })
}

#[test]
fn a_run_keeps_how_often_components_were_asked() {
    let gitaly = Component::says("", r#"{"version": "15.4.2", "servers": 2}"#);
    let configured = configuration(&[("gitaly", &gitaly.url())]);
    let instance = Instance::new(&format!("{configured}\n[settings]\npages_version = \"1.62.0\"\n"));
    for (key, pointer) in [("version", "/version"), ("servers", "/servers")] {
        let value_type = if key == "version" { "string" } else { "number" };
        value(
            &instance,
            key,
            value_type,
            json!({"component": "gitaly", "pointer": pointer}),
        );
    }
    let pages = json!({"component": "pages", "setting": "pages_version"});
    value(&instance, "pages", "string", pages);
    value(&instance, "registry", "string", json!({"component": "registry"}));
    instance.cli.run(&["run", "--format", "json"]).expect_code(0);
    assert_eq!(gitaly.asked().len(), 1);
    // What nobody could be asked for is no reading of a component.
    assert_eq!(sources(&instance), [("components".to_owned(), true, 2, 1)]);
}

#[test]
fn what_goes_wrong_has_its_reason_and_costs_its_metric_alone() {
    let elsewhere = Component::says("", "1.0");
    let redirect = format!("location: {}\r\n", elsewhere.url());
    let servers = [
        ("well", Component::says("", "2.26.1\n")),
        ("silent", Component::start(Behaviour::Silent)),
        ("endless", Component::start(Behaviour::Endless)),
        (
            "broken",
            Component::start(Behaviour::Says("nonsense\r\n\r\n".to_owned())),
        ),
        (
            "refusing",
            Component::with_status("401 Unauthorized", "registry-version: 2.9\r\n", "no"),
        ),
        ("redirecting", Component::with_status("302 Found", &redirect, "")),
    ];
    let urls: Vec<(&str, String)> = servers.iter().map(|(name, server)| (*name, server.url())).collect();
    let mut components: Vec<(&str, &str)> = urls.iter().map(|(name, url)| (*name, url.as_str())).collect();
    components.push(("away", "http://ada:hunter2@127.0.0.1:1/"));
    let instance = Instance::new(&configuration(&components));
    for (name, _) in &components {
        value(&instance, name, "string", json!({"component": name}));
    }
    value(
        &instance,
        "unknown",
        "string",
        json!({"component": "http://127.0.0.1:1/"}),
    );
    value(
        &instance,
        "no_json",
        "string",
        json!({"component": "well", "pointer": "/version"}),
    );
    value(
        &instance,
        "no_header",
        "string",
        json!({"component": "well", "header": "x-version"}),
    );
    value(
        &instance,
        "no_match",
        "string",
        json!({"component": "well", "pattern": "^v"}),
    );
    value(
        &instance,
        "of_refusing",
        "string",
        json!({"component": "refusing", "header": "Registry-Version"}),
    );
    value(&instance, "no_number", "number", json!({"component": "well"}));
    let generated = instance.generate();
    let expected = [
        ("well", json!("2.26.1"), ""),
        ("silent", json!(-1), "source_unavailable"),
        ("endless", json!(-1), "unexpected_answer"),
        ("broken", json!(-1), "source_unavailable"),
        ("refusing", json!(-1), "unexpected_answer"),
        ("redirecting", json!(-1), "unexpected_answer"),
        ("away", json!(-1), "source_unavailable"),
        ("unknown", json!(-1), "source_not_configured"),
        ("no_json", json!(-1), "unexpected_answer"),
        ("no_header", json!(-1), "unexpected_answer"),
        ("no_match", json!(-1), "unexpected_answer"),
        ("of_refusing", json!("2.9"), ""),
        ("no_number", json!(-2), "wrong_type"),
    ];
    for (key, value, reason) in expected {
        assert_eq!(generated.payload[key], value, "{key}: {}", generated.why(key));
        assert!(generated.why(key).starts_with(reason), "{key}: {}", generated.why(key));
        assert!(!generated.why(key).contains("hunter2"), "{}", generated.why(key));
    }
    assert_eq!(elsewhere.asked(), Vec::<String>::new(), "a redirect was followed");
    assert_eq!(servers[0].1.asked().len(), 1);
}

/// A definition has no say in where a request goes.
#[test]
fn a_definition_names_no_address() {
    let server = Component::says("", "1.0");
    let instance = Instance::new("");
    value(
        &instance,
        "by_url",
        "string",
        json!({"url": server.url(), "component": "x"}),
    );
    value(&instance, "by_name", "string", json!({"component": server.url()}));
    value(
        &instance,
        "both",
        "string",
        json!({"component": "x", "pointer": "/a", "header": "b"}),
    );
    value(
        &instance,
        "pattern",
        "string",
        json!({"component": "x", "pattern": "("}),
    );
    value(
        &instance,
        "pointer",
        "string",
        json!({"component": "x", "pointer": "a"}),
    );
    let generated = instance.generate();
    for key in ["by_url", "both", "pattern", "pointer"] {
        assert!(
            generated.why(key).starts_with("invalid_options"),
            "{}",
            generated.why(key)
        );
    }
    assert!(generated.why("by_name").starts_with("source_not_configured"));
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn a_version_that_cannot_be_read_is_told_by_its_first_number() {
    let instance = Instance::new("[settings]\ngit_version = \"git version 2.39.5 (Debian)\"\nodd = \"unknown\"\n");
    for (key, name) in [("git.version", "git_version"), ("absent.version", "absent")] {
        instance.metric(key, "object", "VersionPartsMetric", json!({"setting": name}));
    }
    instance.metric("odd.version", "object", "VersionPartsMetric", json!({"setting": "odd"}));
    let expected = json!({
        "git": {"version": {"major": 2, "minor": 39, "patch": 5}},
        "absent": {"version": {"major": -1}},
        "odd": {"version": -2}
    });
    assert_eq!(instance.generate().payload, expected);
}

#[test]
fn doctor_asks_each_component() {
    let server = Component::with_status("404 Not Found", "", "");
    let instance = Instance::new(&configuration(&[
        ("pages", &server.url()),
        ("away", "http://127.0.0.1:1/"),
    ]));
    let doctor = instance.cli.run(&["doctor"]).expect_code(1);
    assert!(doctor.stdout.contains("answers 404 Not Found"), "{}", doctor.stdout);
    let line = doctor.stdout.lines().find(|line| line.contains("component away"));
    assert!(line.expect("a finding").starts_with("FAIL"), "{}", doctor.stdout);
}
