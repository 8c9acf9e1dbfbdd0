//! `doctor` on what is told of jobs.

use crate::support::cli::Cli;

fn says(cli: &Cli, config: &str) -> String {
    cli.write("service-ping.toml", config);
    cli.run(&["doctor"]).stdout
}

#[track_caller]
fn assert_line(text: &str, mark: &str, subject: &str, says: &str) {
    let line = text.lines().find(|line| line.contains(subject));
    let is_it = line.is_some_and(|line| line.starts_with(mark) && line.contains(says));
    assert!(is_it, "{mark} {subject} {says}:\n{text}");
}

#[test]
fn it_says_whom_jobs_are_told_of() {
    let cli = Cli::new();
    assert!(!says(&cli, "").contains("job telemetry"));
    let told = says(
        &cli,
        "[job_telemetry]\nendpoint = \"grpcs://otel.example.com:4317\"\ntoken = \"canary\"\n",
    );
    assert_line(
        &told,
        "ok",
        "job telemetry",
        "tells grpcs://otel.example.com:4317, grpc",
    );
    assert!(!told.contains("canary"), "{told}");
    let by = Cli::new().env(
        "GITLAB_TRACING",
        "otlp-http://user:canary@otel.example.com:4318/v1/traces",
    );
    let told = says(&by, "");
    assert_line(
        &told,
        "ok",
        "job telemetry",
        "https://otel.example.com:4318, http/protobuf, by GITLAB_TRACING",
    );
    assert!(!told.contains("canary"), "{told}");
    let wrong = Cli::new().env("GITLAB_TRACING", "gopher://canary@example.com");
    let told = says(&wrong, "");
    assert_line(&told, "FAIL", "job telemetry", "GITLAB_TRACING: its scheme is none of");
    assert!(!told.contains("canary"), "{told}");
}

#[test]
fn it_says_which_writers_the_usage_log_has_and_which_it_lacks() {
    let cli = Cli::new();
    let log = "[experimental.usage_logger]\nenabled = true\nwriters = [\"logrotate\", \"snowplow_billing\"]\n";
    assert_line(&says(&cli, log), "FAIL", "usage log", "usage-log check");
    let whole =
        format!("{log}[experimental.usage_logger.snowplow_billing]\ncollector_uri = \"https://a.example.com\"\n");
    assert_line(
        &says(&cli, &whole),
        "ok",
        "usage log",
        "2 writers: logrotate, snowplow_billing",
    );
}
