//! The table of billing events, the draft's keys among them.

use std::collections::BTreeMap;

use super::notice::NoticeKind;
use super::read::Reading;
use super::settings::SnowplowBillingSettings;
use crate::config::load::HTTP;
use crate::config::problem::ProblemKind;
use crate::config::section::Section;
use crate::config::settings::json;
use crate::config::snowplow::{FSYNC, SHAPES, VERSIONS, choice, text};
use crate::config::tree::{Node, Value};
use crate::config::url::Url;

/// The buckets of the Runner, in seconds.
const BUCKETS: [f64; 8] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// More would be no histogram any more.
const MOST_BUCKETS: usize = 100;
const DEPLOYMENTS: [&str; 3] = ["self-managed", ".com", "dedicated"];

/// Reads the table; `None` where it names no collector.
pub(super) fn read(reading: &mut Reading<'_>, mut table: Section<'_>) -> Option<SnowplowBillingSettings> {
    let collector_uri = collector(reading, &mut table);
    draft_keys(reading, &mut table);
    let reader = table.reader;
    let spool = table.path("spool").unwrap_or_else(|| reader.path("usage-log-spool"));
    let realm = table.parsed("realm", "`SM`, `SaaS` or `Dedicated`", realm);
    let app_id = text(&mut table, "app_id", 255);
    let namespace = text(&mut table, "namespace", 128);
    let category = text(&mut table, "category", 255);
    let deployment_type = choice(&mut table, "deployment_type", &DEPLOYMENTS);
    let [enable_oidc, skip_oidc, skip_failure, base64_encode] = [
        "enable_oidc",
        "skip_oidc_if_unsupported_cloud",
        "skip_runner_system_failure",
        "base64_encode",
    ]
    .map(|key| table.boolean(key));
    let batch_delivery_duration_buckets = buckets(&mut table);
    let send_limit = table.integer("send_limit", 1..=1000);
    let schema_version = choice(&mut table, "schema_version", &VERSIONS);
    let shape = choice(&mut table, "shape", &SHAPES);
    let spool_mib = table.integer("spool_mib", 1..=65_536);
    let fsync = choice(&mut table, "fsync", &FSYNC);
    let metadata = metadata(&mut table);
    table.finish();
    Some(SnowplowBillingSettings {
        collector_uri: collector_uri?,
        app_id: app_id.unwrap_or_else(|| "gitlab-runner".to_owned()),
        namespace,
        category: category.unwrap_or_else(|| "runner_compute_usage".to_owned()),
        realm: realm.unwrap_or("SM").to_owned(),
        deployment_type,
        enable_oidc: enable_oidc.unwrap_or(false),
        skip_oidc_if_unsupported_cloud: skip_oidc.unwrap_or(true),
        skip_runner_system_failure: skip_failure.unwrap_or(true),
        batch_delivery_duration_buckets,
        base64_encode: base64_encode.unwrap_or(true),
        send_limit: send_limit.unwrap_or(100),
        schema_version,
        shape,
        spool,
        spool_mib: spool_mib.unwrap_or(256),
        fsync,
        metadata,
        metadata_host: reader.environment.get("GCE_METADATA_HOST").map(str::to_owned),
    })
}

/// The collector's address; the draft had its scheme in a key of its own.
fn collector(reading: &mut Reading<'_>, table: &mut Section<'_>) -> Option<Url> {
    let protocol = table.origin_and_string("protocol", "`https` or `http`");
    if let Some((origin, text)) = &protocol {
        let (key, instead) = ("protocol", "begin `collector_uri` with https:// or http://");
        reading.notice(origin, NoticeKind::Deprecated { key, instead });
        if !HTTP.contains(&text.as_str()) {
            table.out_of_range("protocol", origin, "`https` or `http`");
        }
    }
    let protocol = protocol.filter(|(_, text)| HTTP.contains(&text.as_str()));
    let (origin, text) = table.origin_and_string("collector_uri", "a string")?;
    let text = match (text.split_once("://"), &protocol) {
        (Some((scheme, _)), Some((other, protocol))) if scheme != protocol => {
            let (key, other_key) = ("protocol".to_owned(), "collector_uri".to_owned());
            let kind = ProblemKind::Exclusive { key, other: other_key };
            table.reader.report(other, kind);
            text
        }
        (Some(_), _) => text,
        (None, Some((_, protocol))) => format!("{protocol}://{text}"),
        (None, None) => format!("https://{text}"),
    };
    match Url::parse(&text, &HTTP) {
        Ok(url) => Some(url),
        Err(error) => {
            let key = "collector_uri".to_owned();
            table.reader.report(&origin, ProblemKind::Address { key, error });
            None
        }
    }
}

/// What the draft had, and is said in no other way today.
fn draft_keys(reading: &mut Reading<'_>, table: &mut Section<'_>) {
    let Some((origin, text)) = table.origin_and_string("request_type", "`post`") else {
        return;
    };
    let (key, instead) = ("request_type", "remove it: events are always posted");
    reading.notice(&origin, NoticeKind::Deprecated { key, instead });
    if !text.eq_ignore_ascii_case("post") {
        table.out_of_range(key, &origin, "`post`: no other request is sent");
    }
}

fn realm(text: &str) -> Option<&'static str> {
    match text {
        "SM" | "self-managed" => Some("SM"),
        "SaaS" | "saas" => Some("SaaS"),
        "Dedicated" | "dedicated" => Some("Dedicated"),
        _ => None,
    }
}

fn buckets(table: &mut Section<'_>) -> Vec<f64> {
    const KEY: &str = "batch_delivery_duration_buckets";
    const EXPECTED: &str = "a list of 1 to 100 numbers above 0, each above the one before it";
    let Some((_, node)) = table.take(KEY) else {
        return BUCKETS.to_vec();
    };
    let Value::Array(items) = &node.value else {
        table.reader.wrong_type(KEY, &node.origin, EXPECTED, &node.value);
        return BUCKETS.to_vec();
    };
    let bounds: Option<Vec<f64>> = items.iter().map(number).collect();
    let is_ascending = |bounds: &Vec<f64>| {
        let begins = bounds.first().is_some_and(|first| *first > 0.0);
        begins && bounds.len() <= MOST_BUCKETS && bounds.is_sorted_by(|one, next| one < next)
    };
    let bounds = bounds.filter(is_ascending);
    if bounds.is_none() {
        table.out_of_range(KEY, &node.origin, EXPECTED);
    }
    bounds.unwrap_or_else(|| BUCKETS.to_vec())
}

/// A bound that a duration can hold.
#[expect(clippy::cast_precision_loss, reason = "bounds are seconds, not ids")]
fn number(node: &Node) -> Option<f64> {
    let number = match node.value {
        Value::Integer(number) => number as f64,
        Value::Float(number) => number,
        _ => return None,
    };
    (number.is_finite() && number <= 1e9).then_some(number)
}

fn metadata(table: &mut Section<'_>) -> BTreeMap<String, serde_json::Value> {
    let Some(metadata) = table.optional_section("metadata") else {
        return BTreeMap::new();
    };
    let reader = metadata.reader;
    let entries = metadata.entries();
    entries
        .filter_map(|(name, node)| json(reader, &name, &node).map(|value| (name, value)))
        .collect()
}
