//! `[telemetry]`: who may look on while a run goes.

use schemars::JsonSchema;

use super::problem::ProblemKind;
use super::secret::Secret;
use super::section::Section;
use super::tree::Origin;
use super::url::Url;

/// Who may look on while a run goes: an OpenTelemetry collector of your own. It hears of times, tables, key paths and reasons,
/// never of values; a collector that is away costs a run nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
pub struct Telemetry {
    /// A collector that takes traces over OTLP/HTTP, such as `http://localhost:4318`; a path that does not end in `/v1/traces`
    /// gets it. Left empty, nothing is sent. `otlp_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub otlp: Option<Url>,
    /// A token that the collector asks for, sent as `Authorization: Bearer …`. `otlp_token_file` reads it from a file of its
    /// own.
    #[schemars(with = "Option<String>", example = "")]
    pub otlp_token: Option<Secret>,
    /// Further headers that the collector asks for, each as `name=value`.
    #[schemars(with = "Vec<String>", example = Vec::<String>::new())]
    pub otlp_headers: Vec<Header>,
}

/// A header of a request, whose value may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: Secret,
}

impl Telemetry {
    pub(super) fn read(mut section: Section<'_>, schemes: &[&str]) -> Telemetry {
        let token = section.secret("otlp_token", "otlp_token_file");
        let headers = section.strings("otlp_headers").unwrap_or_default();
        let telemetry = Telemetry {
            otlp: section.url("otlp", "otlp_file", schemes),
            otlp_token: token.and_then(|(origin, text)| self::token(&section, &origin, text)),
            otlp_headers: headers
                .iter()
                .filter_map(|(origin, text)| header(&section, origin, text))
                .collect(),
        };
        section.finish();
        telemetry
    }
}

fn token(section: &Section<'_>, origin: &Origin, text: String) -> Option<Secret> {
    let is_one = is_value(&text) && !text.contains(' ');
    if !is_one {
        section.out_of_range("otlp_token", origin, "a token of visible ASCII letters, without spaces");
    }
    is_one.then(|| Secret::new(text))
}

fn header(section: &Section<'_>, origin: &Origin, text: &str) -> Option<Header> {
    let header = text.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
    let header = header.filter(|(name, value)| is_name(name) && is_value(value));
    if header.is_none() {
        let kind = ProblemKind::OutOfRange {
            key: "otlp_headers".to_owned(),
            expected: "a list of headers such as \"x-tenant=ping\"".to_owned(),
        };
        section.reader.report(origin, kind);
    }
    header.map(|(name, value)| Header {
        name: name.to_ascii_lowercase(),
        value: Secret::new(value.to_owned()),
    })
}

/// RFC 9110's token; what a client sets by itself is not for the operator to say.
fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let of_the_client = [
        "content-type",
        "content-length",
        "host",
        "transfer-encoding",
        "connection",
    ];
    !name.is_empty() && name.chars().all(is_letter) && !of_the_client.contains(&name.to_ascii_lowercase().as_str())
}

fn is_value(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c == ' ' || c.is_ascii_graphic())
}
