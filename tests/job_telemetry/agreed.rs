//! What payload and configuration agree on: the table of both contracts.

use service_ping::emit::job_telemetry::{
    AllowedHosts, JobPayload, Negotiation, OffReason, PayloadAuth, PayloadEndpoint, Protocol,
};

use crate::jobs::{PARENT, TRACE};

/// `on TRACE PARENT endpoints`, or `off REASON`.
fn of(payload: &str, is_configured: bool) -> String {
    let payload = JobPayload::read(payload.as_bytes()).expect("JSON");
    match Negotiation::of(&payload, is_configured, &AllowedHosts::default()) {
        Negotiation::Off(reason) => format!("off {}", reason.label()),
        Negotiation::On(on) => {
            let endpoints: Vec<String> = on.endpoints.iter().map(spelled).collect();
            let parent = on.parent.map(|parent| parent.to_string()).unwrap_or_default();
            format!("on {} {parent} {} -{}", on.trace, endpoints.join(","), on.skipped.len())
        }
    }
}

fn spelled(endpoint: &PayloadEndpoint) -> String {
    match endpoint {
        PayloadEndpoint::Configured => "own".to_owned(),
        PayloadEndpoint::Named { endpoint, auth } => match auth {
            None => endpoint.expose().to_owned(),
            Some(PayloadAuth::GcpOidc { audience }) => format!("{}+{audience}", endpoint.expose()),
        },
    }
}

#[test]
fn a_flag_and_a_trace_beside_it() {
    let with = |flag: &str, context: &str| {
        format!(r#"{{"features": {{"job_telemetry": {flag}, "new": {{}}}}, "trace_context": {context}, "more": [1]}}"#)
    };
    let context = format!(r#"{{"trace_id": "{TRACE}", "parent_span_id": "{PARENT}", "more": null}}"#);
    assert_eq!(of(&with("true", &context), true), format!("on {TRACE} {PARENT} own -0"));
    assert_eq!(of(&with("true", &context), false), "off no_endpoint");
    for flag in ["false", "null", "1", "\"true\"", "[true]", "{}"] {
        assert_eq!(of(&with(flag, &context), true), "off not_asked", "{flag}");
    }
    for payload in ["{}", "[]", "null", "3", r#"{"features": null}"#, r#"{"features": []}"#] {
        assert_eq!(of(payload, true), "off not_asked", "{payload}");
    }
    let missing = [
        "null".to_owned(),
        "{}".to_owned(),
        "\"x\"".to_owned(),
        format!(r#"{{"trace_id": "{TRACE}"}}"#),
        format!(r#"{{"trace_id": "{TRACE}", "parent_span_id": ""}}"#),
        format!(r#"{{"trace_id": null, "parent_span_id": "{PARENT}"}}"#),
        format!(r#"{{"trace_id": "", "parent_span_id": "{PARENT}"}}"#),
    ];
    for context in missing {
        assert_eq!(of(&with("true", &context), true), "off missing", "{context}");
    }
}

#[test]
fn ids_are_ids_or_nothing_is_told() {
    let with = |trace: &str, parent: &str| {
        let tracing = format!(r#"{{"trace_id": {trace}, "span_parent_id": {parent}, "otel_endpoints": []}}"#);
        of(&format!(r#"{{"features": {{"tracing": {tracing}}}}}"#), true)
    };
    let (trace, parent) = (format!("\"{TRACE}\""), format!("\"{PARENT}\""));
    let upper = with(&trace.to_uppercase(), &parent.to_uppercase());
    assert_eq!(upper, format!("on {TRACE} {PARENT} own -0"));
    for parent in ["\"\"", "null"] {
        assert_eq!(with(&trace, parent), format!("on {TRACE}  own -0"), "{parent}");
    }
    let zeros = format!("\"{}\"", "0".repeat(32));
    let wrong = [
        zeros.as_str(),
        "\"4bf9\"",
        "\"xbf92f3577b34da6a3ce929d0e0e4736\"",
        "5",
        "[]",
        "true",
    ];
    let letters = format!("\"{}\"", "\u{0660}".repeat(32));
    let signed = format!("\"+{}\"", &TRACE[1..]);
    for wrong in wrong.into_iter().chain([letters.as_str(), signed.as_str()]) {
        assert_eq!(with(wrong, &parent), "off malformed", "{wrong}");
    }
    for wrong in [
        "\"0000000000000000\"",
        "\"00f067aa0ba902b\"",
        "\"00f067aa0ba902b7a\"",
        "7",
        "{}",
    ] {
        assert_eq!(with(&trace, wrong), "off malformed", "{wrong}");
    }
    assert_eq!(with("null", &parent), "off missing");
}

#[test]
fn endpoints_are_of_the_payload_or_the_operators() {
    let with = |endpoints: &str, is_configured| {
        let tracing = format!(r#"{{"trace_id": "{TRACE}", "otel_endpoints": {endpoints}}}"#);
        let said = of(&format!(r#"{{"features": {{"tracing": {tracing}}}}}"#), is_configured);
        said.strip_prefix(&format!("on {TRACE}  "))
            .map(str::to_owned)
            .unwrap_or(said)
    };
    const GCP: &str = r#"{"type": "http_bearer_gcp_oidc", "http_bearer_gcp_oidc": {"audience": "ci"}}"#;
    let rows = [
        ("[]".to_owned(), "own -0"),
        ("null".to_owned(), "own -0"),
        (r#"["http://a.example"]"#.to_owned(), "http://a.example/v1/traces -0"),
        (r#"["http://a.example/own"]"#.to_owned(), "http://a.example/own -0"),
        (
            r#"[{"url": "https://a.example/"}]"#.to_owned(),
            "https://a.example/v1/traces -0",
        ),
        (
            format!(r#"[{{"url": "https://a.example/x", "auth": {GCP}, "more": 1}}]"#),
            "https://a.example/x+ci -0",
        ),
        (
            r#"[{"url": "https://a.example/x", "auth": null}, "https://b.example/x", "https://b.example/x"]"#
                .to_owned(),
            "https://a.example/x,https://b.example/x -0",
        ),
        // One that cannot be used does not keep another from it.
        (
            r#"["ftp://a.example", 3, {}, {"url": 5}, "https://b.example/x", "://", "http://169.254.169.254"]"#
                .to_owned(),
            "https://b.example/x -6",
        ),
        (r#"["ftp://a.example"]"#.to_owned(), "off no_endpoint"),
        (
            r#"[{"url": "https://a.example", "auth": {"type": "mtls"}}]"#.to_owned(),
            "off no_endpoint",
        ),
        (
            r#"[{"url": "https://a.example", "auth": {"type": "http_bearer_gcp_oidc"}}]"#.to_owned(),
            "off no_endpoint",
        ),
        (
            r#"[{"url": "https://a.example", "auth": "x"}]"#.to_owned(),
            "off no_endpoint",
        ),
    ];
    for (endpoints, expected) in rows {
        assert_eq!(with(&endpoints, true), expected, "{endpoints}");
    }
    for endpoints in ["[]", "null", "{}", "7"] {
        assert_eq!(with(endpoints, false), "off no_endpoint", "{endpoints}");
    }
}

#[test]
fn the_newer_contract_wins() {
    let both = |tracing: &str| {
        format!(
            r#"{{"features": {{"job_telemetry": true, "tracing": {tracing}}},
            "trace_context": {{"trace_id": "{}", "parent_span_id": "{PARENT}"}}}}"#,
            "1".repeat(32)
        )
    };
    let newer = both(&format!(r#"{{"trace_id": "{TRACE}"}}"#));
    assert_eq!(of(&newer, true), format!("on {TRACE}  own -0"));
    let older = format!("on {} {PARENT} own -0", "1".repeat(32));
    assert_eq!(of(&both("null"), true), older);
    for tracing in ["true", "[]", "\"on\"", "5"] {
        assert_eq!(of(&both(tracing), true), "off not_asked", "{tracing}");
    }
}

#[test]
fn schemes_say_how_spans_travel() {
    let endpoint = |url: &str| {
        let payload = crate::jobs::payload(&format!("[\"{url}\"]"));
        let payload = JobPayload::read(payload.as_bytes()).expect("JSON");
        match Negotiation::of(&payload, false, &AllowedHosts::default()) {
            Negotiation::On(on) => match on.endpoints.into_iter().next() {
                Some(PayloadEndpoint::Named { endpoint, .. }) => endpoint,
                other => panic!("{other:?}"),
            },
            Negotiation::Off(reason) => {
                assert_eq!(reason, OffReason::NoEndpoint);
                panic!("{url} is none")
            }
        }
    };
    for (url, protocol, origin) in [
        ("http://a.example:4318", Protocol::HttpProtobuf, "http://a.example:4318"),
        ("HTTPS://a.example", Protocol::HttpProtobuf, "https://a.example"),
        ("grpc://a.example", Protocol::Grpc, "http://a.example:4317"),
        ("grpc://a.example:80/ignored", Protocol::Grpc, "http://a.example"),
        ("grpcs://a.example", Protocol::Grpc, "https://a.example:4317"),
        ("grpcs://[2001:db8::1]", Protocol::Grpc, "https://[2001:db8::1]:4317"),
    ] {
        let endpoint = endpoint(url);
        assert_eq!(
            (endpoint.protocol(), endpoint.origin().as_str()),
            (protocol, origin),
            "{url}"
        );
    }
}
