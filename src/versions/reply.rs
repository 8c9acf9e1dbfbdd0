//! What the endpoint answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The endpoint's receipt of a payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Acknowledgement {
    /// The endpoint's id of the payload, above 0.
    pub usage_data_id: i64,
    pub dev_ops: DevOpsReport,
}

/// The instance beside its peers, as a reply tells it.
#[derive(Debug, Clone, PartialEq)]
pub enum DevOpsReport {
    /// The reply holds none, as it does for an instance's first payload.
    Absent,
    /// All numbers by their names, such as `leader_issues`.
    Valid(BTreeMap<String, f64>),
    /// What is missing or wrong. A warning, never a failure.
    Invalid(String),
}

/// Features that every DevOps report compares.
const FEATURES: [&str; 9] = [
    "issues",
    "notes",
    "milestones",
    "boards",
    "merge_requests",
    "ci_pipelines",
    "environments",
    "deployments",
    "service_desk_issues",
];
/// A feature that endpoints compared until GitLab 18.
const FORMER_FEATURES: [&str; 1] = ["projects_prometheus_active"];
const SIDES: [&str; 3] = ["leader", "instance", "percentage"];
/// Where a reply keeps id and report; the second is the later name.
const SECTIONS: [&str; 2] = ["conv_index", "dev_ops_score"];

/// Reads a reply to `/usage_data`; all that it does not know, it leaves.
///
/// # Errors
/// The reply names no payload id; the text says why.
pub(super) fn parse(body: &[u8]) -> Result<Acknowledgement, String> {
    let reply: Value = serde_json::from_slice(body).map_err(|_| "the reply is not JSON".to_owned())?;
    let sections = SECTIONS.iter().filter_map(|name| reply.get(name)?.as_object());
    sections
        .filter_map(|section| {
            Some(Acknowledgement {
                usage_data_id: id(section)?,
                dev_ops: dev_ops(section),
            })
        })
        .next()
        .ok_or_else(|| {
            "the reply has no whole number above 0 at conv_index.usage_data_id or dev_ops_score.usage_data_id"
                .to_owned()
        })
}

fn id(section: &Map<String, Value>) -> Option<i64> {
    section.get("usage_data_id")?.as_i64().filter(|id| *id > 0)
}

fn dev_ops(section: &Map<String, Value>) -> DevOpsReport {
    let former = FORMER_FEATURES
        .iter()
        .filter(|feature| SIDES.iter().any(|side| section.contains_key(&name(side, feature))));
    let features: Vec<&str> = FEATURES.iter().chain(former).copied().collect();
    let names: Vec<String> = features
        .iter()
        .flat_map(|feature| SIDES.iter().map(move |side| name(side, feature)))
        .collect();
    if !names.iter().any(|name| section.contains_key(name)) {
        return DevOpsReport::Absent;
    }
    match names.into_iter().map(|name| number(section, name)).collect() {
        Ok(metrics) => DevOpsReport::Valid(metrics),
        Err(problem) => DevOpsReport::Invalid(problem),
    }
}

fn name(side: &str, feature: &str) -> String {
    format!("{side}_{feature}")
}

fn number(section: &Map<String, Value>, name: String) -> Result<(String, f64), String> {
    let Some(value) = section.get(&name) else {
        return Err(format!("`{name}` is missing"));
    };
    match value.as_f64() {
        Some(number) if number.is_finite() && number >= 0.0 => Ok((name, number)),
        _ => Err(format!("`{name}` is not a number of 0 or more")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{DevOpsReport, FEATURES, SIDES, parse};

    fn read(reply: &Value) -> Result<super::Acknowledgement, String> {
        parse(reply.to_string().as_bytes())
    }

    fn section() -> Value {
        let mut section = json!({"usage_data_id": 31643, "unknown": {"kept": "out"}});
        for feature in FEATURES {
            for side in SIDES {
                section[format!("{side}_{feature}")] = json!(10.2);
            }
        }
        section
    }

    #[test]
    fn an_id_is_a_whole_number_above_nothing() {
        assert_eq!(
            read(&json!({"conv_index": {"usage_data_id": 5}}))
                .unwrap()
                .usage_data_id,
            5
        );
        assert_eq!(
            read(&json!({"dev_ops_score": {"usage_data_id": 6}}))
                .unwrap()
                .usage_data_id,
            6
        );
        let both = json!({"conv_index": {"usage_data_id": 0}, "dev_ops_score": {"usage_data_id": 7}});
        assert_eq!(read(&both).unwrap().usage_data_id, 7);
        for id in [
            json!(0),
            json!(-1),
            json!(1.5),
            json!("5"),
            json!(null),
            json!([5]),
            json!(u64::MAX),
        ] {
            assert!(read(&json!({"conv_index": {"usage_data_id": id}})).is_err(), "{id}");
        }
        for body in [&b""[..], b"{", b"[]", b"5", b"<html>", b"{\"conv_index\": []}", b"\xff"] {
            assert!(parse(body).is_err());
        }
    }

    #[test]
    fn a_dev_ops_report_is_whole_or_none() {
        let Ok(reply) = read(&json!({"conv_index": section()})) else {
            panic!("no id")
        };
        let DevOpsReport::Valid(metrics) = reply.dev_ops else {
            panic!("{:?}", reply.dev_ops)
        };
        assert_eq!((metrics.len(), metrics["leader_issues"]), (27, 10.2));
        assert_eq!(
            read(&json!({"conv_index": {"usage_data_id": 1}})).unwrap().dev_ops,
            DevOpsReport::Absent
        );

        for (name, value) in [
            ("percentage_notes", json!(-0.1)),
            ("leader_boards", json!("5")),
            ("instance_issues", json!(null)),
        ] {
            let mut section = section();
            section[name] = value;
            let DevOpsReport::Invalid(problem) = read(&json!({"conv_index": section})).unwrap().dev_ops else {
                panic!()
            };
            assert!(problem.contains(name), "{problem}");
        }
        let mut section = section();
        section["leader_projects_prometheus_active"] = json!(1);
        let reply = read(&json!({"conv_index": section})).unwrap();
        assert_eq!(
            reply.dev_ops,
            DevOpsReport::Invalid("`instance_projects_prometheus_active` is missing".to_owned())
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body: Vec<u8>) {
            let _ = parse(&body);
        }
    }
}
