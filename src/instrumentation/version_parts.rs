//! `VersionPartsMetric`: a version as its numbers, `{major, minor, patch}`.

use serde_json::{Map, Value, json};

use super::{Context, InstrumentationClass, Request, http_value, setting::SettingMetric, take_only};
use crate::definition::{DataSource, ValueType};
use crate::measure::{Failure, Measure, Reading, Reason};

/// The options of `SettingMetric` or of `HttpValueMetric`, whose text holds the version.
pub(super) struct VersionPartsMetric;

impl InstrumentationClass for VersionPartsMetric {
    fn name(&self) -> &str {
        "VersionPartsMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::System
    }

    fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
        if !request.options.contains_key("component") {
            return SettingMetric.describe(request, context);
        }
        take_only(request.options, &http_value::OPTIONS)?;
        http_value::asked(request.options)
    }

    fn shape(&self, reading: Reading, _: ValueType) -> Result<Value, Failure> {
        let value = reading.to_json();
        let parts = value.as_str().and_then(parts);
        parts.ok_or_else(|| Failure::new(Reason::WrongType, "the value is no version such as 2.26.1"))
    }

    fn fallback(&self, _options: &Map<String, Value>) -> Option<Value> {
        Some(json!({"major": -1}))
    }
}

/// The numbers of the first version in a text, `git version 2.39.5 (Debian)` for instance; those that are not said are 0.
fn parts(text: &str) -> Option<Value> {
    let word = text
        .split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut numbers = word.split('.').map(|part| {
        let digits = part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse::<u32>().ok()
    });
    let major = numbers.next()??;
    let mut next = || numbers.next().flatten().unwrap_or(0);
    Some(json!({"major": major, "minor": next(), "patch": next()}))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn versions_are_read_out_of_texts() {
        let cases = [
            ("2.26.1", Some((2, 26, 1))),
            ("git version 2.39.5 (Debian 1:2.39.5-0)", Some((2, 39, 5))),
            ("v12.10.0-rc1-93-g40980d40", Some((12, 10, 0))),
            ("16", Some((16, 0, 0))),
            ("15rc1", Some((15, 0, 0))),
            ("none", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected
                .map(|(major, minor, patch)| serde_json::json!({"major": major, "minor": minor, "patch": patch}));
            assert_eq!(parts(text), expected, "{text}");
        }
    }
}
