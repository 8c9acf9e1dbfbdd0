//! Payloads of any kind: negotiation is off or tolerates them, and the job runs.

use proptest::prelude::*;
use serde_json::{Value, json};
use service_ping::emit::job_telemetry::{AllowedHosts, Bounds, JobFacts, JobPayload, JobResult, JobSpans, Negotiation};

use crate::jobs::{PARENT, TRACE, payload};
use crate::support::cli::Cli;

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!(TRACE)),
        Just(json!(PARENT)),
        Just(json!("http://127.0.0.1:1")),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let key = prop::sample::select(vec![
            "features",
            "tracing",
            "trace_id",
            "span_parent_id",
            "otel_endpoints",
            "url",
            "auth",
            "type",
            "id",
            "http_bearer_gcp_oidc",
            "audience",
            "job_telemetry",
            "trace_context",
            "parent_span_id",
            "variables",
            "key",
            "value",
            "steps",
            "name",
            "job_info",
            "git_info",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// Everything that is done with a payload; on what it says alone, and never wrongly on.
fn look(bytes: &[u8]) {
    let payload = JobPayload::read(bytes).unwrap_or_default();
    if let Negotiation::On(on) = Negotiation::of(&payload, true, &AllowedHosts::default()) {
        assert!(!on.endpoints.is_empty());
        let facts = JobFacts::of(&payload, "shell");
        let bounds = Bounds { start: 5, end: 9 };
        let spans = JobSpans::of(&on, &facts, &JobResult::success(), bounds, true);
        let again = JobSpans::decode(&spans.encode()).expect("what we wrote");
        assert_eq!((again.json(), again.spans()), (spans.json(), spans.spans()));
        assert!(spans.encode().len() < 4096 * spans.spans(), "4 KiB a span");
    }
}

proptest! {
    #[test]
    fn any_document(document in anything()) {
        look(document.to_string().as_bytes());
    }

    #[test]
    fn any_part_of_a_good_payload(part in anything(), at in 0..6usize) {
        let mut document: Value = serde_json::from_str(&payload("[\"http://127.0.0.1:1\"]")).unwrap();
        let paths = [
            "/features/tracing/trace_id", "/features/tracing/span_parent_id", "/features/tracing/otel_endpoints",
            "/features/tracing/otel_endpoints/0", "/variables", "/job_info",
        ];
        *document.pointer_mut(paths[at]).unwrap() = part;
        look(document.to_string().as_bytes());
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        look(&bytes);
    }
}

#[test]
fn a_payload_of_ten_mebibytes_and_one_of_many_levels_are_payloads() {
    let cli = Cli::new();
    let mut document: Value = serde_json::from_str(&payload("[]")).unwrap();
    document["job_info"]["name"] = "x".repeat(10 * 1024 * 1024).into();
    let deep = "[".repeat(100_000);
    for payload in [document.to_string(), deep] {
        look(payload.as_bytes());
        cli.write("job.json", &payload);
        let ran = cli.run(&["job", "exec", "--payload", "job.json", "--", "sh", "-c", "exit 3"]);
        assert_eq!(ran.code, Some(3));
    }
}
