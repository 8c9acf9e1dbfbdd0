//! Tokens that the collectors of payloads ask for.

use crate::exec::exec;
use crate::jobs::payload;
use crate::support::cli::Cli;
use crate::support::otlp_collector::{Answer, Collector};
use crate::support::wait::wait_until;

/// A payload whose collector wants to be shown who this machine is.
fn guarded(collector: &Collector) -> String {
    let auth = r#"{"type": "http_bearer_gcp_oidc", "http_bearer_gcp_oidc": {"audience": "https://otel.example.com"}}"#;
    payload(&format!("[{{\"url\": \"{}\", \"auth\": {auth}}}]", collector.url))
}

/// A machine whose metadata server is this one.
fn machine(metadata: &Collector) -> Cli {
    let host = metadata.url.strip_prefix("http://").expect("an address");
    Cli::new().env("GCE_METADATA_HOST", host)
}

#[test]
fn a_machine_at_google_cloud_shows_its_identity() {
    let metadata = Collector::start(&[Answer::Body(b"identity-canary\n")]);
    let named = Collector::start(&[Answer::Taken]);
    let told = exec(&machine(&metadata), &guarded(&named), &["true"]).expect_code(0);
    wait_until("the span", || named.requests().len() == 1);
    assert_eq!(named.requests()[0].headers["authorization"], "Bearer identity-canary");
    let asked = metadata.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].headers["metadata-flavor"], "Google");
    assert_eq!(
        asked[0].line,
        "GET /computeMetadata/v1/instance/service-accounts/default/identity\
         ?audience=https%3A%2F%2Fotel.example.com&format=full HTTP/1.1"
    );
    assert!(!format!("{}{}", told.stdout, told.stderr).contains("canary"));
}

#[test]
fn a_machine_without_an_identity_is_believed_or_silent_as_is_said() {
    let metadata = Collector::start(&[Answer::Status(404)]);
    for (is_required, requests) in [(false, 1), (true, 0)] {
        let named = Collector::start(&[Answer::Taken]);
        let cli = machine(&metadata);
        let config = format!("[job_telemetry]\nmax_age = \"1s\"\nrequire_auth = {is_required}\n");
        cli.write("service-ping.toml", &config);
        cli.write("job.json", &guarded(&named));
        let arguments = [
            "job",
            "exec",
            "--wait",
            "20s",
            "--payload",
            "job.json",
            "--",
            "sh",
            "-c",
            "exit 4",
        ];
        cli.run(&arguments).expect_code(4);
        assert_eq!(named.requests().len(), requests);
        assert!(
            named
                .requests()
                .iter()
                .all(|request| !request.headers.contains_key("authorization"))
        );
    }
}
