//! `[job_telemetry]`: whom jobs are told of.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;

use super::secret::Secret;
use super::section::Section;
use super::token_keys::{Given, complain, one_of, token_from};
use super::url::Url;

/// Whom `job exec` tells of its job, over OTLP: what a job's payload asks for is told to this collector, or to those that the
/// payload names. Without an endpoint here, in `GITLAB_TRACING` or in the payload, nothing is connected to.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct JobTelemetry {
    /// A collector of yours: `http://…` and `https://…` for OTLP/HTTP, `grpc://…` and `grpcs://…` for OTLP/gRPC. Left empty,
    /// the connection string in the variable `GITLAB_TRACING` counts. `endpoint_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub endpoint: Option<Url>,
    /// How spans travel to it: `http/protobuf`, `http/json` or `grpc`; as its scheme says if it is not said.
    #[schemars(with = "Option<String>", example = "")]
    pub protocol: Option<String>,
    /// A token that it asks for, sent as `Authorization: Bearer …`. Collectors of payloads never see it.
    #[schemars(with = "Option<String>", example = "")]
    pub token: Option<Secret>,
    /// A file that holds the token, read anew for each request, as Kubernetes renews it.
    #[schemars(with = "Option<String>", example = "")]
    pub token_file: Option<PathBuf>,
    /// Where a token is fetched: `oidc`, with the keys below, or of a machine at Google Cloud, `gcp_identity` or `gcp_iam`.
    #[schemars(with = "Option<String>", example = "")]
    pub token_from: Option<String>,
    /// Whom tokens are for; the collector's scheme and host if it is not said.
    #[schemars(with = "Option<String>", example = "")]
    pub audience: Option<String>,
    /// For `oidc`: the provider's token endpoint.
    #[schemars(with = "Option<String>", example = "")]
    pub oidc_url: Option<Url>,
    /// For `oidc`: the client's id.
    #[schemars(with = "Option<String>", example = "")]
    pub oidc_client_id: Option<String>,
    /// For `oidc`: the client's secret. `oidc_client_secret_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub oidc_client_secret: Option<Secret>,
    /// Whether nothing is sent where a token cannot be had. Else it is tried without.
    #[schemars(example = false)]
    pub require_auth: bool,
    /// Whether a token may go to another machine over plain http or grpc.
    #[schemars(example = false)]
    pub allow_insecure_token: bool,
    /// Hosts that payloads may name, such as `otel.example.com` or `*.example.com`. Left empty, any but those of the
    /// machine's own network, where clouds keep their metadata.
    #[schemars(with = "Vec<String>", example = Vec::<String>::new())]
    pub allowed_endpoints: Vec<String>,
    /// How long spans are tried to be told before they are given up, 1s to 24h; a job never waits for it.
    #[schemars(with = "String", example = &"5m")]
    pub max_age: Duration,
    /// Whether spans also bear the names of OpenTelemetry's conventions for pipelines, `cicd.*` and `vcs.*`.
    #[schemars(example = true)]
    pub semconv: bool,
    /// A collector as GitLab's services are told it: the variable `GITLAB_TRACING`.
    #[schemars(skip)]
    pub gitlab_tracing: Option<Secret>,
    /// What stands in for Google Cloud's metadata server: the variable `GCE_METADATA_HOST`.
    #[schemars(skip)]
    pub metadata_host: Option<String>,
}

const PROTOCOLS: [&str; 3] = ["http/protobuf", "http/json", "grpc"];
const SCHEMES: [&str; 4] = ["http", "https", "grpc", "grpcs"];

impl Default for JobTelemetry {
    fn default() -> JobTelemetry {
        JobTelemetry {
            endpoint: None,
            protocol: None,
            token: None,
            token_file: None,
            token_from: None,
            audience: None,
            oidc_url: None,
            oidc_client_id: None,
            oidc_client_secret: None,
            require_auth: false,
            allow_insecure_token: false,
            allowed_endpoints: Vec::new(),
            max_age: Duration::from_secs(300),
            semconv: true,
            gitlab_tracing: None,
            metadata_host: None,
        }
    }
}

impl JobTelemetry {
    pub(super) fn read(mut section: Section<'_>, http: &[&str]) -> JobTelemetry {
        let defaults = JobTelemetry::default();
        let environment = |name| section.reader.environment.get(name).filter(|text| !text.is_empty());
        let gitlab_tracing = environment("GITLAB_TRACING").map(|text| Secret::new(text.to_owned()));
        let metadata_host = environment("GCE_METADATA_HOST").map(str::to_owned);
        let telemetry = JobTelemetry {
            endpoint: section.url("endpoint", "endpoint_file", &SCHEMES),
            protocol: one_of(&mut section, "protocol", &PROTOCOLS),
            token: section
                .string("token")
                .filter(|token| !token.is_empty())
                .map(Secret::new),
            token_file: section.path("token_file"),
            token_from: token_from(&mut section),
            audience: section.string("audience").filter(|audience| !audience.is_empty()),
            oidc_url: section.url("oidc_url", "oidc_url_file", http),
            oidc_client_id: section.string("oidc_client_id").filter(|id| !id.is_empty()),
            oidc_client_secret: section.hidden("oidc_client_secret", "oidc_client_secret_file"),
            require_auth: section.boolean("require_auth").unwrap_or(defaults.require_auth),
            allow_insecure_token: section
                .boolean("allow_insecure_token")
                .unwrap_or(defaults.allow_insecure_token),
            allowed_endpoints: hosts(&mut section),
            max_age: max_age(&mut section).unwrap_or(defaults.max_age),
            semconv: section.boolean("semconv").unwrap_or(defaults.semconv),
            gitlab_tracing,
            metadata_host,
        };
        telemetry.complain(&section);
        section.finish();
        telemetry
    }

    fn complain(&self, section: &Section<'_>) {
        let given = Given {
            token: self.token.is_some(),
            token_file: self.token_file.is_some(),
            oidc_url: self.oidc_url.is_some(),
            oidc_client_id: self.oidc_client_id.is_some(),
            oidc_client_secret: self.oidc_client_secret.is_some(),
        };
        complain(section, self.token_from.as_deref(), &given);
    }
}

fn max_age(section: &mut Section<'_>) -> Option<Duration> {
    let range = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);
    section.parsed("max_age", "a duration from 1s to 24h", |text| {
        super::parse_duration(text).filter(|age| range.contains(age))
    })
}

fn hosts(section: &mut Section<'_>) -> Vec<String> {
    let expected = "a list of hosts such as \"otel.example.com\" or \"*.example.com\"";
    let mut hosts = Vec::new();
    for (origin, text) in section.strings("allowed_endpoints").unwrap_or_default() {
        let host = text.strip_prefix("*.").unwrap_or(&text);
        if url::Host::parse(host).is_ok() && !host.contains('*') {
            hosts.push(text);
        } else {
            section.out_of_range("allowed_endpoints", &origin, expected);
        }
    }
    hosts
}
