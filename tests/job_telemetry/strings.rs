//! `GITLAB_TRACING`, as GitLab's services spell it.

use service_ping::emit::job_telemetry::{TracingString, TracingTarget};

fn of(text: &str) -> String {
    match TracingString::parse(text) {
        Err(error) => format!("error: {error}"),
        Ok(tracing) => {
            let target = match tracing.target {
                TracingTarget::Console => "console".to_owned(),
                TracingTarget::Endpoint(endpoint) => format!("{} {}", endpoint.protocol().name(), endpoint.expose()),
            };
            let headers: Vec<String> = tracing
                .headers
                .iter()
                .map(|(name, value)| format!(" {name}={value}"))
                .collect();
            format!("{target}{}{}", headers.concat(), "!".repeat(tracing.remarks.len()))
        }
    }
}

const EXPORT: &str = "opentelemetry.proto.collector.trace.v1.TraceService/Export";

#[test]
fn each_scheme_has_its_meaning() {
    let grpc = |origin: &str| format!("grpc {origin}/{EXPORT}");
    let http = |url: &str| format!("http/protobuf {url}");
    for (text, expected) in [
        ("otlp://localhost", http("http://localhost:4318/v1/traces")),
        ("otlp://localhost:4317", grpc("http://localhost:4317")),
        ("otlp://a.example/x", http("https://a.example:4318/x")),
        ("otlp://u:p@a.example", http("https://u:p@a.example:4318/v1/traces")),
        ("otlp://console", "console".to_owned()),
        ("otlp-http://127.0.0.1:1", http("http://127.0.0.1:1/v1/traces")),
        ("otlp-grpc://a.example:5?insecure=true", grpc("http://a.example:5")),
        ("otlp-grpc://a.example:5?insecure=0", grpc("https://a.example:5")),
        ("otlp-grpc://[::1]:5", grpc("http://[::1]:5")),
        ("http://a.example", http("http://a.example/v1/traces")),
        ("https://a.example/x", http("https://a.example/x")),
        ("grpc://a.example", grpc("http://a.example:4317")),
        ("grpcs://a.example:9", grpc("https://a.example:9")),
        ("opentracing://jaeger", format!("{}!", grpc("http://localhost:4317"))),
        (
            "opentracing://jaeger?udp_endpoint=127.0.0.2:6831&sampler=const&sampler_param=1&service_name=x",
            format!("{}!!", grpc("http://127.0.0.2:4317")),
        ),
        (
            "otlp-http://localhost:4318?sampler_param=0.5&header%5EX-Tenant=a%20b",
            format!("{} x-tenant=a b!", http("http://localhost:4318/v1/traces")),
        ),
    ] {
        assert_eq!(of(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_connection_string_says_why_and_quotes_no_secret() {
    for text in [
        "",
        "localhost:4318",
        "otlp-http://canary",
        "otlp-grpc://canary?insecure=1",
        "ftp://u:canary@a.example:1",
        "otlp://a.example?insecure=maybe",
        "otlp://a.example?sampler_param=1.5",
        "otlp://a.example?sampler=often",
        "otlp://a.example?header%5E=canary",
        "otlp://a.example?what=canary",
        "otlp://?x",
    ] {
        let said = of(text);
        assert!(
            said.starts_with("error: ") && !said.contains("canary"),
            "{text}: {said}"
        );
    }
    assert_eq!(
        of("opentracing://stackdriver"),
        "error: its provider \"stackdriver\" is not known; opentracing://jaeger is"
    );
}
