//! `[snowplow]`: where single events are sent.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;

use super::secret::Secret;
use super::section::Section;
use super::token_keys::{Given, complain, one_of, token_from};
use super::url::Url;

/// A Snowplow collector that single events are sent to: what `events track` counts of internal events, and what
/// `snowplow track` and `snowplow billing` are told. Left out, none is sent. Identifiers and properties of events leave as
/// they were given.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Snowplow {
    /// The collector's address; the path of events is added where it has none. `collector_file` reads it from a file of its
    /// own.
    #[schemars(with = "String", example = &"https://snowplow.example.com")]
    pub collector: Url,
    /// The application that events are of.
    #[schemars(example = &"service-ping")]
    pub app_id: String,
    /// Which of its trackers these are.
    #[schemars(with = "String", example = &"")]
    pub namespace: Option<String>,
    /// A folder in which events wait, so that none is lost; one process uses it at a time.
    #[schemars(with = "String", example = &"snowplow-spool")]
    pub spool: PathBuf,
    /// MiB that the folder may take, 1 to 65536. Where it is full, custom events give way to custom events, and billing
    /// events are refused.
    #[schemars(example = 256)]
    pub spool_mib: u32,
    /// When the disk is waited for: `always` before an event counts as accepted, at an `interval` of 200ms, or `never`.
    #[schemars(with = "String", example = &"always")]
    pub fsync: String,
    /// How data is encoded: `standard` or `url_safe` base64, or `off` for plain text.
    #[schemars(with = "String", example = &"standard")]
    pub base64: String,
    /// The version of the schema of billing events: `1-0-1`, `1-0-2` or `1-0-3`.
    #[schemars(with = "String", example = &"1-0-2")]
    pub schema_version: String,
    /// What billing events are: `structured` events with the usage attached, or `self_describing` ones.
    #[schemars(with = "String", example = &"structured")]
    pub shape: String,
    /// A folder of schemas in iglu's layout, `vendor/name/jsonschema/1-0-0`, that events are held against before they are
    /// accepted. Without it, the rules of billing events are a reconstruction.
    #[schemars(with = "String", example = &"")]
    pub schemas: Option<PathBuf>,
    /// Events of one request at most, 1 to 1000.
    #[schemars(example = 100)]
    pub batch: u32,
    /// How long one request may take in all.
    #[schemars(with = "String", example = &"5s")]
    pub timeout: Duration,
    /// A token that the collector asks for, sent as `Authorization: Bearer …`.
    #[schemars(with = "String", example = &"")]
    pub token: Option<Secret>,
    /// A file that holds the token, read anew for each request, as Kubernetes renews it.
    #[schemars(with = "String", example = &"")]
    pub token_file: Option<PathBuf>,
    /// Where a token is fetched: `oidc`, with the keys below, or of a machine at Google Cloud, `gcp_identity` or `gcp_iam`.
    #[schemars(with = "String", example = &"")]
    pub token_from: Option<String>,
    /// Whom tokens are for; the collector's scheme and host if it is not said.
    #[schemars(with = "String", example = &"")]
    pub audience: Option<String>,
    /// For `oidc`: the provider's token endpoint.
    #[schemars(with = "String", example = &"")]
    pub oidc_url: Option<Url>,
    /// For `oidc`: the client's id.
    #[schemars(with = "String", example = &"")]
    pub oidc_client_id: Option<String>,
    /// For `oidc`: the client's secret. `oidc_client_secret_file` reads it from a file of its own.
    #[schemars(with = "String", example = &"")]
    pub oidc_client_secret: Option<Secret>,
    /// Whether a token may go to another machine over plain http.
    #[schemars(example = false)]
    pub allow_insecure_token: bool,
    /// What stands in for Google Cloud's metadata server: the variable `GCE_METADATA_HOST`.
    #[schemars(skip)]
    pub metadata_host: Option<String>,
}

const BASE64: [&str; 3] = ["standard", "url_safe", "off"];
pub(super) const FSYNC: [&str; 3] = ["always", "interval", "never"];
pub(super) const VERSIONS: [&str; 3] = ["1-0-2", "1-0-1", "1-0-3"];
pub(super) const SHAPES: [&str; 2] = ["structured", "self_describing"];

impl Snowplow {
    /// Reads the section; `None`, and a problem, where it names no collector.
    pub(super) fn read(mut section: Section<'_>, schemes: &[&str]) -> Option<Snowplow> {
        let before = section.reader.problems.borrow().len();
        let collector = section.url("collector", "collector_file", schemes);
        if collector.is_none() && section.reader.problems.borrow().len() == before {
            section.missing("collector");
        }
        let spool = section
            .path("spool")
            .unwrap_or_else(|| section.reader.path("snowplow-spool"));
        let snowplow = collector.map(|collector| Snowplow {
            collector,
            app_id: text(&mut section, "app_id", 255).unwrap_or_else(|| "service-ping".to_owned()),
            namespace: text(&mut section, "namespace", 128),
            spool,
            spool_mib: section.integer("spool_mib", 1..=65_536).unwrap_or(256),
            fsync: choice(&mut section, "fsync", &FSYNC),
            base64: choice(&mut section, "base64", &BASE64),
            schema_version: choice(&mut section, "schema_version", &VERSIONS),
            shape: choice(&mut section, "shape", &SHAPES),
            schemas: section.path("schemas"),
            batch: section.integer("batch", 1..=1000).unwrap_or(100),
            timeout: section.duration("timeout").unwrap_or(Duration::from_secs(5)),
            token: section
                .string("token")
                .filter(|token| !token.is_empty())
                .map(Secret::new),
            token_file: section.path("token_file"),
            token_from: token_from(&mut section),
            audience: section.string("audience").filter(|audience| !audience.is_empty()),
            oidc_url: section.url("oidc_url", "oidc_url_file", schemes),
            oidc_client_id: section.string("oidc_client_id").filter(|id| !id.is_empty()),
            oidc_client_secret: section.hidden("oidc_client_secret", "oidc_client_secret_file"),
            allow_insecure_token: section.boolean("allow_insecure_token").unwrap_or(false),
            metadata_host: section.reader.environment.get("GCE_METADATA_HOST").map(str::to_owned),
        });
        if let Some(snowplow) = &snowplow {
            snowplow.complain(&section);
            section.finish();
        }
        snowplow
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

/// A text of so many letters at most, none of them a control character.
pub(super) fn text(section: &mut Section<'_>, key: &'static str, most: usize) -> Option<String> {
    let expected = format!("a text of {most} letters at most, none of them a control character");
    section.parsed(key, &expected, |text| {
        let fits = text.chars().count() <= most && !text.chars().any(char::is_control);
        fits.then(|| text.to_owned())
    })
}

/// One of the known texts; the first where nothing is said.
pub(super) fn choice(section: &mut Section<'_>, key: &'static str, known: &[&str]) -> String {
    let said = one_of(section, key, known);
    said.unwrap_or_else(|| known.first().copied().unwrap_or_default().to_owned())
}
