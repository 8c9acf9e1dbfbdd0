//! The shipped definitions give one payload however they are planned, and nothing falls back.

use serde_json::Value;

use crate::instance::{self, now};
use crate::support::cli::Cli;

const PLANS: [&str; 3] = ["auto", "shared", "separate"];

/// An instance where no metric asks in vain; its settings say no wherever they can.
const CONFIGURATION: &str = r#"
[instance]
uuid = "0190f3a1-0000-7000-8000-000000000000"
hostname = "gitlab.example"
version = "17.0.0"
edition = "EE"
installation_type = "tests"

[event_store]
url = "sqlite://events.db"

[reporting]
# There is no Prometheus here.
disabled_metrics = ["topology", "settings.gitaly_apdex"]
"#;

/// What is no yes or no.
const TOLD: &str = "\
operating_system = \"debian-12\"
git_version = \"2.39.5\"
gitaly_version = \"17.0.0\"
gitlab_pages_version = \"17.0.0\"
gitaly_servers = 1
gitaly_clusters = 0
gitaly_filesystems = [\"EXT_2_3_4\"]
";

const DENIED: [&str; 20] = [
    "signup_enabled",
    "gravatar_enabled",
    "gitpod_enabled",
    "grafana_link_enabled",
    "mattermost_enabled",
    "reply_by_email_enabled",
    "influxdb_metrics_enabled",
    "elasticsearch_enabled",
    "geo_enabled",
    "pages_enabled",
    "container_registry_enabled",
    "dependency_proxy_enabled",
    "gitlab_shared_runners_enabled",
    "instance_auto_devops_enabled",
    "web_ide_clientside_preview_enabled",
    "ldap_enabled",
    "ldap_encrypted_secrets_enabled",
    "omniauth_enabled",
    "prometheus_enabled",
    "prometheus_metrics_enabled",
];

const STORES: [&str; 5] = ["artifacts", "external_diffs", "lfs", "uploads", "packages"];
const STORE: &str = "{ enabled = false, object_store = { enabled = false, direct_upload = false, \
                     background_upload = false, provider = \"AWS\" } }";

/// An answer to every setting that the definitions ask for.
fn settings() -> String {
    let denied: String = DENIED.iter().map(|name| format!("{name} = false\n")).collect();
    let stores: String = STORES.iter().map(|name| format!("{name} = {STORE}\n")).collect();
    format!("{TOLD}{denied}\n[settings.object_store]\n{stores}")
}

/// What `generate` prints under a plan.
fn payload(url: &str, plan: &str) -> Value {
    let settings = settings();
    let cli = Cli::new();
    let configuration = format!("{CONFIGURATION}\n[database.main]\nurl = \"{url}\"\n\n[settings]\n{settings}");
    cli.write("service-ping.toml", &configuration);
    let now = now().to_rfc3339();
    let definitions = env!("CARGO_MANIFEST_DIR");
    let asked = ["--plan", plan, "--now", &now, "--definitions", definitions];
    let outcome = cli.run(&[&["generate", "--metadata", "metadata.json"], &asked[..]].concat());
    let payload = parsed(&outcome.expect_code(0).stdout);
    assert_nothing_fell_back(&parsed(&cli.read("metadata.json")), plan);
    payload
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"))
}

fn assert_nothing_fell_back(metadata: &Value, plan: &str) {
    let metrics = metadata["metrics"].as_array().expect("a list of metrics");
    assert!(metrics.len() > 300, "only {} metrics", metrics.len());
    let failed: Vec<&Value> = metrics.iter().filter(|metric| metric.get("error").is_some()).collect();
    assert!(failed.is_empty(), "{plan}: {failed:#?}");
}

fn assert_same(url: &str) {
    let payloads = PLANS.map(|plan| payload(url, plan));
    for (payload, plan) in payloads.iter().zip(PLANS) {
        assert_eq!(payload, &payloads[0], "{plan}");
    }
}

#[test]
fn on_postgresql_the_payload_is_the_same_under_every_plan() {
    if let Some(database) = instance::postgres() {
        assert_same(&database.reader_url());
    }
}

#[test]
fn on_sqlite_the_payload_is_the_same_under_every_plan() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = instance::sqlite(folder.path());
    assert_same(&format!("sqlite://{}", path.display()));
}
