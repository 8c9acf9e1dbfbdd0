//! From a test file's value to its tests.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::check::check;
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::schema::shapes;
use super::test_file::{TestFields, TestFile, TrackedFields};
use super::yaml::Document;
use super::{Expected, MetricTest, MetricTests, TestEvent, Tested};

/// Reads the tests of one file.
///
/// # Errors
/// Every complaint about the file.
pub(super) fn read(document: &Document) -> Result<MetricTests, Vec<Complaint>> {
    let value = &document.value;
    let shapes = shapes().map_err(|error| vec![Complaint::error(Code::BadValue, &[], error.to_string())])?;
    let mut complaints = check(&shapes.test, value);
    complaints.extend(subjects(value));
    complaints.extend(tests(value).flat_map(|(index, test)| of_test(index, test)));
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let fields = TestFile::deserialize(value)
        .map_err(|error| vec![Complaint::error(Code::WrongType, &[], error.to_string())])?;
    Ok(definition(fields, document))
}

fn tests(value: &Value) -> impl Iterator<Item = (usize, &Value)> {
    value["tests"].as_array().into_iter().flatten().enumerate()
}

/// A file is about a metric or about a class.
fn subjects(value: &Value) -> Option<Complaint> {
    let help = "name the key path under `metric`, or a class under `class` with its `options`";
    match (value["metric"].is_null(), value["class"].is_null()) {
        (true, true) => {
            let complaint = Complaint::error(Code::MissingField, &["metric".into()], "`metric` is missing");
            Some(complaint.at(At::Key).with_help(help))
        }
        (false, false) => Some(
            Complaint::error(
                Code::BadValue,
                &["class".into()],
                "both a `metric` and a `class` are tested",
            )
            .at(At::Key)
            .with_help("take one of them out, or make two files"),
        ),
        (false, true) if !value["options"].is_null() => Some(
            Complaint::error(
                Code::BadValue,
                &["options".into()],
                "options beside a `metric`, which has its own",
            )
            .at(At::Key)
            .with_help(help),
        ),
        _ => None,
    }
}

fn of_test(index: usize, test: &Value) -> Vec<Complaint> {
    let at = |rest: &[Segment]| [&["tests".into(), Segment::Index(index)], rest].concat();
    let mut complaints = Vec::new();
    if test.is_object() && test.get("value").is_none() {
        let complaint = Complaint::error(Code::MissingField, &at(&["value".into()]), "`value` is missing");
        complaints.push(complaint.at(At::Key).with_help("say which value the metric shall have"));
    }
    complaints.extend(bad_expectation(&test["value"]).map(|complaint| complaint.under(&at(&["value".into()]))));
    complaints.extend(bad_instant(&test["now"]).map(|complaint| complaint.under(&at(&["now".into()]))));
    for (event, fields) in test["events"].as_array().into_iter().flatten().enumerate() {
        let here = at(&["events".into(), Segment::Index(event), "at".into()]);
        complaints.extend(bad_instant(&fields["at"]).map(|complaint| complaint.under(&here)));
    }
    complaints
}

fn bad_instant(value: &Value) -> Option<Complaint> {
    let text = value.as_str()?;
    instant(text).is_none().then(|| {
        Complaint::error(Code::BadValue, &[], format!("`{text}` is no moment"))
            .with_help("write it as 2026-01-01T00:00:00Z, or as 2026-01-01")
    })
}

/// Mappings with these keys are no values of grouped metrics.
fn bad_expectation(value: &Value) -> Option<Complaint> {
    let map = value.as_object()?;
    let bad = |field: &str, message: &str| {
        let complaint = Complaint::error(Code::BadValue, &[field.into()], message);
        Some(complaint.with_help("write it as {approximately: 100, within: 0.03}"))
    };
    if !map.contains_key("approximately") {
        return None;
    }
    if !value["approximately"].is_number() {
        return bad("approximately", "`approximately` is no number");
    }
    let within = value["within"].as_f64();
    if within.is_none_or(|within| !(0.0..=1.0).contains(&within)) {
        return bad("within", "`within` is not a number from 0 to 1");
    }
    match map
        .keys()
        .find(|key| !["approximately", "within"].contains(&key.as_str()))
    {
        Some(key) => bad(key, "an approximate value has `approximately` and `within` alone"),
        None => None,
    }
}

/// RFC 3339, or a date, which begins at midnight of UTC.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let date = || {
        let date: NaiveDate = text.parse().ok()?;
        Some(date.and_time(NaiveTime::MIN).and_utc())
    };
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .ok()
        .or_else(date)
}

fn definition(fields: TestFile, document: &Document) -> MetricTests {
    let subject = match (fields.metric, fields.class) {
        (Some(metric), _) => Tested::Metric(metric),
        (None, class) => Tested::Class {
            name: class.unwrap_or_default(),
            options: fields.options.unwrap_or_default(),
        },
    };
    let tests = fields.tests.into_iter().enumerate();
    MetricTests {
        subject,
        time_frame: fields.time_frame,
        tables: fields.tables.unwrap_or_default(),
        tests: tests.map(|(index, test)| of_fields(index, test, document)).collect(),
        file: document.source.file.clone(),
    }
}

fn of_fields(index: usize, fields: TestFields, document: &Document) -> MetricTest {
    let path: [Segment; 3] = ["tests".into(), Segment::Index(index), "value".into()];
    let place = document.locate(&path, &At::Value);
    MetricTest {
        name: fields.name,
        now: fields.now.as_deref().and_then(instant),
        rows: fields.rows.unwrap_or_default(),
        events: fields.events.unwrap_or_default().into_iter().map(tracked).collect(),
        expected: expected(fields.value.unwrap_or_default()),
        position: document.source.position(place.start),
    }
}

fn expected(value: Value) -> Expected {
    let number = |field: &str| value[field].as_f64();
    match (number("approximately"), number("within"), value["reason"].as_str()) {
        (Some(value), Some(within), _) => Expected::Approximately { value, within },
        (_, _, Some(reason)) if value.as_object().is_some_and(|map| map.len() == 1) => {
            Expected::Reason(reason.to_owned())
        }
        _ => Expected::Exactly(value),
    }
}

fn tracked(fields: TrackedFields) -> TestEvent {
    TestEvent {
        name: fields.name,
        values: fields.values.unwrap_or_default().iter().map(text).collect(),
        identifiers: texts(fields.identifiers.unwrap_or_default()),
        properties: fields.properties.unwrap_or_default().into_iter().collect(),
        by: fields.by,
        at: fields.at.as_deref().and_then(instant),
    }
}

fn texts(map: Map<String, Value>) -> BTreeMap<String, String> {
    map.into_iter().map(|(name, value)| (name, text(&value))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
