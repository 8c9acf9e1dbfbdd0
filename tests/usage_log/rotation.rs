//! Files, and how they are turned over.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use service_ping::config::WriterKind;
use service_ping::emit::usage_log::{Outcome, WriteError};

use crate::jobs::{Site, files, lines, record, tally, uuids};
use crate::support::wait::{PATIENCE, wait_until};

fn rotating(keys: &str) -> String {
    format!("[experimental.usage_logger]\nenabled = true\n[experimental.usage_logger.logrotate]\n{keys}\n")
}

#[test]
fn a_file_is_named_by_its_moment_and_readable_by_all() {
    let site = Site::new();
    let log = site.open(&rotating(""));
    assert_eq!(site.log_files().len(), 0, "no file before there is a record");
    assert_eq!(log.record_within(&record(1), PATIENCE)[0].outcome, Outcome::Written);
    let file = &site.log_files()[0];
    let name = file.file_name().unwrap().to_str().unwrap();
    let pattern = regex::Regex::new(r"^usage-log-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.\d{3}\.json$").unwrap();
    assert!(pattern.is_match(name), "{name}");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(file), mode(file.parent().unwrap())), (0o644, 0o755));
    log.close(PATIENCE);
    let log = site.open(&rotating(""));
    log.record_within(&record(2), PATIENCE);
    log.close(PATIENCE);
    assert_eq!(site.log_files().len(), 2, "each start begins a file");
}

#[test]
fn every_record_may_have_a_file_of_its_own_and_the_newest_stay() {
    let site = Site::new();
    // A nanosecond is over before the next record, and many are in one millisecond.
    let log = site.open(&rotating("max_rotation_age = 1\nmax_backup_files = 1000"));
    let records: Vec<_> = (0..200).map(record).collect();
    records.iter().for_each(|record| drop(log.record(record)));
    log.close(PATIENCE);
    let found = lines(&site.log_files());
    let ids: Vec<String> = records.iter().map(|record| record.uuid().to_string()).collect();
    assert_eq!(uuids(&found), ids, "in the order of their names");
    assert_eq!(site.log_files().len(), 200);
    let log = site.open(&rotating("max_rotation_age = 1\nmax_backup_files = 3"));
    assert_eq!(site.log_files().len(), 3, "cleaned at the start");
    log.record_within(&record(1), PATIENCE);
    log.close(PATIENCE);
    let left = site.log_files();
    assert_eq!(left.len(), 3, "the one that is written counts");
    assert_eq!(uuids(&lines(&left))[..2], ids[198..]);
}

#[test]
fn a_file_that_grows_old_is_ended_by_the_timer() {
    let site = Site::new();
    let log = site.open(&rotating("max_rotation_age = \"50ms\"\ngzip = true"));
    log.record_within(&record(1), PATIENCE);
    // Nothing is stored any more: the timer ends the file, which is compressed then.
    wait_until("the file to be compressed", || {
        let files = site.log_files();
        matches!(&files[..], [only] if only.to_string_lossy().ends_with(".json.gz"))
    });
    let packed = site.log_files().remove(0);
    let mut text = String::new();
    let mut reader = flate2::read::GzDecoder::new(File::open(packed).unwrap());
    std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
    assert_eq!(text.lines().count(), 1);
    log.record_within(&record(2), PATIENCE);
    log.close(PATIENCE);
    assert_eq!(site.log_files().len(), 2);
}

#[test]
fn a_file_that_grows_large_is_followed_by_the_next() {
    let site = Site::new();
    let log = site.open(&rotating("max_file_mib = 1"));
    let label = "x".repeat(300 * 1024);
    for id in 0..7 {
        let job = crate::jobs::job(id);
        let built = service_ping::emit::usage_log::Record::builder()
            .job(job)
            .labels([("l", label.as_str())]);
        log.record(&built.build());
    }
    log.close(PATIENCE);
    let sizes: Vec<u64> = site
        .log_files()
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .collect();
    assert!(sizes.iter().all(|size| *size <= 1024 * 1024), "{sizes:?}");
    assert_eq!(sizes.len(), 3);
}

#[test]
fn a_torn_line_is_ended_and_other_files_are_left_alone() {
    let site = Site::new();
    let folder = site.path().join("usage-log");
    fs::create_dir(&folder).unwrap();
    let torn = folder.join("usage-log-2020-01-01-00-00-00.000.json");
    fs::write(&torn, "{\"uuid\":\"a\"}\n{\"uu").unwrap();
    let part = folder.join("usage-log-2019-01-01-00-00-00.000.json.gz.part");
    fs::write(&part, "half").unwrap();
    let others = ["usage-log-old.json", "notes.json", "usage-log-2020-01-01.json"].map(|name| folder.join(name));
    others.iter().for_each(|other| fs::write(other, "").unwrap());
    let log = site.open(&rotating("max_rotation_age = 1\nmax_backup_files = 1"));
    assert_eq!(fs::read_to_string(&torn).unwrap(), "{\"uuid\":\"a\"}\n{\"uu\n");
    assert!(!part.exists());
    for id in 0..3 {
        log.record_within(&record(id), PATIENCE);
    }
    log.close(PATIENCE);
    assert!(!torn.exists());
    assert!(others.iter().all(|other| other.exists()));
    assert_eq!(files(&folder).len(), others.len() + 1);
}

#[test]
fn the_file_that_is_written_is_never_deleted() {
    let site = Site::new();
    let folder = site.path().join("usage-log");
    fs::create_dir(&folder).unwrap();
    // As a clock leaves them that was ahead.
    for day in 1..5 {
        File::create(folder.join(format!("usage-log-2999-01-0{day}-00-00-00.000.json"))).unwrap();
    }
    let log = site.open(&rotating("max_backup_files = 2"));
    let one = record(1);
    log.record_within(&one, PATIENCE);
    log.close(PATIENCE);
    assert_eq!(uuids(&lines(&site.log_files())), [one.uuid().to_string()]);
    assert_eq!(site.log_files().len(), 2);
}

#[test]
fn a_folder_is_one_writers_own() {
    let site = Site::new();
    let log = site.open(&rotating(""));
    let other = site.open(&rotating(""));
    assert!(other.record(&record(1)).is_empty());
    let left_out = other.left_out();
    let Outcome::Failed(error) = &left_out[0].outcome else {
        panic!("{left_out:?}")
    };
    assert!(matches!(**error, WriteError::InUse { .. }), "{error}");
    log.close(PATIENCE);
    let again = site.open(&rotating(""));
    assert_eq!(again.left_out(), []);
    assert_eq!(again.record_within(&record(1), PATIENCE)[0].outcome, Outcome::Written);
}

#[test]
fn labels_of_the_files_win_and_stay_there() {
    let site = Site::new();
    let log = site.open(&rotating("labels = { b = \"file\", c = \"file\" }"));
    let one = record(1);
    log.record_within(&one, PATIENCE);
    log.close(PATIENCE);
    let line = lines(&site.log_files()).remove(0);
    assert_eq!(
        line["labels"],
        serde_json::json!({"a": "record", "b": "file", "c": "file"})
    );
    assert_eq!(one.labels().len(), 2);
    assert_eq!(one.labels()["b"], "record");
}

#[test]
fn records_of_many_threads_are_whole_lines_each_once() {
    let site = Site::new();
    let log = site.open(&rotating("max_rotation_age = \"1ms\"\nmax_backup_files = 100000"));
    let ids = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let log = &log;
                scope.spawn(move || {
                    let records = (0..200).map(|id| record(thread * 1000 + id));
                    let ids = records.map(|record| {
                        assert_eq!(log.record(&record)[0].outcome, Outcome::Queued);
                        record.uuid().to_string()
                    });
                    ids.collect::<Vec<String>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect::<Vec<String>>()
    });
    assert_eq!(log.counts(WriterKind::Logrotate).queue_full, 0);
    let closed = log.close(PATIENCE);
    assert_eq!(closed[0].outcome, Outcome::Closed);
    assert_eq!(tally(uuids(&lines(&site.log_files()))), tally(ids));
}

#[test]
fn closing_with_nothing_to_do_takes_no_time_and_says_so() {
    let site = Site::new();
    let log = site.open(&rotating("fsync = true"));
    assert_eq!(log.close(Duration::ZERO).len(), 1);
    let log = site.open("");
    assert_eq!(log.record(&record(1)), []);
    assert_eq!(log.close(Duration::ZERO), []);
}
