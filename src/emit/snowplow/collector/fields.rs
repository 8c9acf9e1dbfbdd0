//! The fields of an event, and what the pipeline asks of each.

use serde_json::{Map, Value};
use uuid::Uuid;

/// Every key of the tracker protocol that a payload may have.
const KEYS: [&str; 80] = [
    "tna", "aid", "p", "dtm", "tz", "e", "tid", "eid", "tv", "duid", "nuid", "uid", "vid", "ip", "res", "url", "page",
    "refr", "fp", "ctype", "cookie", "lang", "f_pdf", "f_qt", "f_realp", "f_wma", "f_dir", "f_fla", "f_java",
    "f_gears", "f_ag", "cd", "ds", "cs", "vp", "mac", "pp_mix", "pp_max", "pp_miy", "pp_may", "ad_ba", "ad_ca",
    "ad_ad", "ad_uid", "tr_id", "tr_af", "tr_tt", "tr_tx", "tr_sh", "tr_ci", "tr_st", "tr_co", "tr_cu", "ti_id",
    "ti_sk", "ti_nm", "ti_na", "ti_ca", "ti_pr", "ti_qu", "ti_cu", "sa", "sn", "st", "sp", "se_ca", "se_ac", "se_la",
    "se_pr", "se_va", "ue_na", "ue_pr", "ue_px", "co", "cx", "ua", "tnuid", "stm", "sid", "ttm",
];
const REQUIRED: [&str; 3] = ["tv", "p", "e"];
const PLATFORMS: [&str; 9] = ["web", "iot", "app", "mob", "pc", "cnsl", "tv", "srv", "headset"];
/// The longest texts that a warehouse takes.
const LONGEST: [(&str, usize); 9] = [
    ("eid", 36),
    ("aid", 255),
    ("tna", 128),
    ("tv", 100),
    ("ua", 1000),
    ("se_ca", 1000),
    ("se_ac", 1000),
    ("se_la", 4096),
    ("se_pr", 1000),
];
const INSTANTS: [&str; 3] = ["dtm", "stm", "ttm"];

/// Whether an event is an object of known keys and texts, as the schema of payloads says.
pub(super) fn check_payload(event: &Value) -> Vec<String> {
    let Some(object) = event.as_object() else {
        return vec!["an event must be an object".to_owned()];
    };
    let mut errors = Vec::new();
    for (key, value) in object {
        if !KEYS.contains(&key.as_str()) {
            errors.push(format!("{key} is no field of an event"));
        } else if !value.is_string() {
            errors.push(format!("{key} must be a text"));
        }
    }
    let missing = REQUIRED.iter().filter(|key| !object.contains_key(**key));
    errors.extend(missing.map(|key| format!("{key} is missing")));
    errors
}

/// What the pipeline refuses beyond the schema.
pub(super) fn check_rules(event: &Map<String, Value>) -> Vec<String> {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    let mut errors = Vec::new();
    if text("p").is_some_and(|platform| !PLATFORMS.contains(&platform)) {
        errors.push(format!("p must be one of {}", PLATFORMS.join(", ")));
    }
    if text("eid").is_some_and(|id| !is_canonical(id)) {
        errors.push("eid must be a UUID in its canonical form".to_owned());
    }
    for (key, longest) in LONGEST {
        if text(key).is_some_and(|text| text.chars().count() > longest) {
            errors.push(format!("{key} must have {longest} letters at most"));
        }
    }
    for key in INSTANTS {
        if text(key).is_some_and(|text| !is_instant(text)) {
            errors.push(format!("{key} must be milliseconds since 1970"));
        }
    }
    errors.extend(check_structured(event));
    for pair in [["ue_px", "ue_pr"], ["cx", "co"]] {
        if pair.iter().all(|key| event.contains_key(*key)) {
            errors.push(format!("{} and {} exclude each other", pair[0], pair[1]));
        }
    }
    errors
}

fn check_structured(event: &Map<String, Value>) -> Vec<String> {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    let mut errors = Vec::new();
    match text("e") {
        Some("se") => {
            let empty = ["se_ca", "se_ac"]
                .into_iter()
                .filter(|key| text(key).is_none_or(str::is_empty));
            errors.extend(empty.map(|key| format!("{key} must be there in a structured event")));
        }
        Some("ue") if text("ue_px").or(text("ue_pr")).is_none() => {
            errors.push("ue_px or ue_pr must be there in a self-describing event".to_owned());
        }
        Some("ue" | "pv" | "pp" | "tr" | "ti") | None => {}
        Some(other) => errors.push(format!("e must be one of se, ue, pv, pp, tr, ti, and not {other}")),
    }
    if text("se_va").is_some_and(|value| !is_decimal(value)) {
        errors.push("se_va must be a decimal number".to_owned());
    }
    errors
}

/// A UUID of any version; its letters may be large.
fn is_canonical(text: &str) -> bool {
    let parsed = Uuid::try_parse(text).ok();
    parsed.is_some_and(|uuid| uuid.hyphenated().to_string() == text.to_ascii_lowercase())
}

/// Milliseconds of a year that a warehouse takes.
fn is_instant(text: &str) -> bool {
    let is_number = !text.is_empty() && text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && text.parse::<u64>().is_ok()
}

/// A number as decimals are read: a sign, digits, a point, an exponent.
fn is_decimal(text: &str) -> bool {
    let is_of_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    is_of_digits && is_plain && text.parse::<f64>().is_ok()
}
