//! What a record says, and how it is written.

use serde_json::json;
use service_ping::emit::usage_log::{JobInfo, Record, short_token};

use crate::jobs::{Site, instant, job, lines, record};
use std::time::Duration;

#[test]
fn every_key_is_there_whatever_is_known() {
    let site = Site::new();
    let log = site.open("[experimental.usage_logger]\nenabled = true\n");
    let (full, empty) = (record(5), Record::builder().build());
    log.record(&full);
    log.record(&empty);
    log.close(Duration::from_secs(30));
    let lines = lines(&site.log_files());
    let mut expected = json!({
        "uuid": full.uuid().to_string(),
        "timestamp": lines[0]["timestamp"],
        "runner": {"uuid": "r-uuid", "id": "abcdefghi", "name": "name", "system_id": "s_1", "executor": "docker"},
        "job": {
            "id": 5, "pipeline_id": 7, "ref": "main", "url": "https://gitlab.example.com/g/p",
            "duration_seconds": 12.5, "status": "success", "failure_reason": "",
            "started_at": "2026-11-19T00:00:00.25Z", "finished_at": "2026-11-19T00:00:12.75Z",
            "project": {"id": 11, "name": "p", "full_path": "g/p"}, "namespace": {"id": 12},
            "root_namespace": {"id": 13}, "organization": {"id": 14},
            "instance": {"id": "instance", "unique_id": "01a2284b-b9e1-71db-b2bc-df46e7bdc690"},
            "user": {"id": 15}, "scoped_user": {"id": 16},
        },
        "labels": {"a": "record", "b": "record"},
    });
    assert_eq!(lines[0], expected);
    let never = "0001-01-01T00:00:00Z";
    expected = json!({
        "uuid": empty.uuid().to_string(),
        "timestamp": lines[1]["timestamp"],
        "runner": {"uuid": "", "id": "", "name": "", "system_id": "", "executor": ""},
        "job": {
            "id": 0, "pipeline_id": 0, "ref": "", "url": "", "duration_seconds": 0.0, "status": "pending",
            "failure_reason": "", "started_at": never, "finished_at": never,
            "project": {"id": 0, "name": "", "full_path": ""}, "namespace": {"id": 0}, "root_namespace": {"id": 0},
            "organization": {"id": 0}, "instance": {"id": "", "unique_id": ""}, "user": {"id": 0},
            "scoped_user": {"id": 0},
        },
        "labels": {},
    });
    assert_eq!(lines[1], expected);
    for line in &lines {
        let text = line["timestamp"].as_str().unwrap();
        let time = instant(text);
        assert!(
            text.ends_with('Z') && !text.trim_end_matches('Z').ends_with('0') || !text.contains('.'),
            "{text}"
        );
        assert!((chrono::Utc::now() - time).num_seconds() < 60, "{text}");
    }
}

#[test]
fn ids_are_of_version_7_and_follow_one_another() {
    let records: Vec<Record> = (0..100).map(record).collect();
    for record in &records {
        assert_eq!(record.uuid().get_version_num(), 7);
        let (seconds, _) = record.uuid().get_timestamp().expect("a time").to_unix();
        assert!(record.timestamp().timestamp().abs_diff(i64::try_from(seconds).unwrap()) <= 1);
    }
    assert!(records.is_sorted_by(|one, next| one.uuid() < next.uuid()));
}

#[test]
fn a_duration_is_from_start_to_finish_or_nothing() {
    let (started, finished) = (job(1).started_at, job(1).finished_at);
    let of = |started_at, finished_at| {
        let job = JobInfo {
            started_at,
            finished_at,
            ..job(1)
        };
        Record::builder().job(job).build().duration_seconds()
    };
    assert!((of(started, finished) - 12.5).abs() < 1e-9);
    for (started, finished) in [(None, finished), (started, None), (None, None), (finished, started)] {
        assert!(of(started, finished) == 0.0);
    }
}

#[test]
fn later_labels_win() {
    let built = Record::builder()
        .labels([("a", "1"), ("b", "1")])
        .labels([("b", "2")])
        .build();
    assert_eq!(built.labels()["a"], "1");
    assert_eq!(built.labels()["b"], "2");
}

#[test]
fn tokens_are_shortened_to_what_names_the_runner() {
    for (token, short) in [
        ("glrt-abcdefghijk", "abcdefghi"),
        ("glrt-t1_abcdefghijk", "abcdefghi"),
        ("GR1348941abcdefghijk", "abcdefghi"),
        ("abcdefghijk", "abcdefghi"),
        ("abc", "abc"),
        ("", ""),
        ("äöüäöüäöüäöü", "äöüäöüäöü"),
    ] {
        assert_eq!(short_token(token), short);
    }
}
