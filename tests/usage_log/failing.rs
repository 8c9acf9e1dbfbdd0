//! Writers that fail or are slow: the others have every record, and so has the job its time.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use service_ping::config::WriterKind;
use service_ping::emit::snowplow::spool::Look;
use service_ping::emit::usage_log::{Outcome, WriteError};

use crate::billing::{billing, close};
use crate::jobs::{Site, collected, collector, lines, record, tally, uuids};
use crate::support::wait::{PATIENCE, wait_until};

fn both(url: &str, rotate: &str, keys: &str) -> String {
    let text = billing(url, keys).replace("[\"snow", "[\"logrotate\", \"snow");
    format!("{text}[experimental.usage_logger.logrotate]\n{rotate}\n")
}

/// A small file system of its own, gone with the value; `None` where this process may not mount one.
struct Small<'a>(&'a Path);

impl Small<'_> {
    fn mount(at: &Path, kib: u32) -> Option<Small<'_>> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={kib}k");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Small(at))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").args(["-l"]).arg(self.0).output());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_the_files_alone_and_no_line_is_torn() {
    let (site, collector) = (Site::new(), collector().await);
    let folder = site.path().join("full");
    let Some(_small) = Small::mount(&folder, 64) else {
        println!("not run: this process may not mount a file system");
        return;
    };
    let log = site.open(&both(&collector.url(), "log_dir = \"full/log\"", ""));
    let records: Vec<_> = (0..300).map(record).collect();
    let mut written = Vec::new();
    for record in &records {
        let outcomes = log.record_within(record, PATIENCE);
        match &outcomes[0].outcome {
            Outcome::Written => written.push(record.uuid().to_string()),
            Outcome::Failed(error) => assert!(matches!(**error, WriteError::Io { .. }), "{error}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(outcomes[1].outcome, Outcome::Written);
    }
    assert!(written.len() > 10 && written.len() < 300, "{}", written.len());
    let counts = log.counts(WriterKind::Logrotate);
    assert_eq!((counts.written + counts.failed, counts.total()), (300, 300));
    // Room again: the log goes on by itself.
    let padding = crate::jobs::files(&folder.join("log"));
    let before = uuids(&lines(&padding));
    assert_eq!(before, written);
    let more = Command::new("mount")
        .args(["-o", "remount,size=1m"])
        .arg(&folder)
        .output()
        .unwrap();
    assert!(more.status.success(), "{more:?}");
    let last = record(1000);
    assert_eq!(log.record_within(&last, PATIENCE)[0].outcome, Outcome::Written);
    written.push(last.uuid().to_string());
    close(log).await;
    assert_eq!(uuids(&lines(&crate::jobs::files(&folder.join("log")))), written);
    let ids = records.iter().chain([&last]).map(|record| record.uuid().to_string());
    assert_eq!(tally(collected(collector.kept())), tally(ids));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_made_leaves_its_writer_out() {
    let (site, collector) = (Site::new(), collector().await);
    std::fs::write(site.path().join("file"), "").unwrap();
    let log = site.open(&both(&collector.url(), "log_dir = \"file/log\"", ""));
    assert_eq!(log.left_out()[0].writer, "logrotate");
    let one = record(1);
    assert_eq!(log.record(&one).len(), 1);
    close(log).await;
    assert_eq!(collected(collector.kept()), [one.uuid().to_string()]);
}

#[test]
fn a_collector_that_is_away_costs_no_record_and_no_job_its_time() {
    let site = Site::new();
    // Taken, so that nobody else listens there, and never answered.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let log = site.open(&both(&url, "", ""));
    let ids: Vec<String> = (0..50)
        .map(|id| {
            let record = record(id);
            let outcomes = log.record(&record);
            assert!(
                outcomes.iter().all(|outcome| outcome.outcome == Outcome::Queued),
                "{outcomes:?}"
            );
            record.uuid().to_string()
        })
        .collect();
    let last = record(100);
    let outcomes = log.record_within(&last, PATIENCE);
    assert!(
        outcomes.iter().all(|outcome| outcome.outcome == Outcome::Written),
        "{outcomes:?}"
    );
    let closed = log.close(Duration::from_millis(100));
    let left = closed
        .iter()
        .find(|outcome| outcome.writer == "snowplow_billing")
        .unwrap();
    assert_eq!(left.outcome, Outcome::Left { queued: 0, spooled: 51 });
    assert_eq!(
        Look::at(&site.path().join("usage-log-spool")).unwrap().pending_billing,
        51
    );
    let found = lines(&site.log_files());
    assert_eq!(
        tally(uuids(&found)),
        tally(ids.into_iter().chain([last.uuid().to_string()]))
    );
}

#[test]
fn a_writer_that_hangs_fills_its_own_queue_alone() {
    const QUEUE: usize = 10_000;
    let site = Site::new();
    let spool = "fsync = \"never\"";
    let log = site.open(&both("http://127.0.0.1:9", "labels = { nth = \"0\" }", spool));
    // A pipe in the place of the lock: whoever opens it waits for a reader, as on a disk that does not answer.
    let lock = site.path().join("usage-log/usage-log.lock");
    std::fs::remove_file(&lock).unwrap();
    assert!(Command::new("mkfifo").arg(&lock).status().unwrap().success());
    log.reload(&site.settings(&both("http://127.0.0.1:9", "labels = { nth = \"1\" }", spool)))
        .unwrap();
    let mut ids = Vec::new();
    for id in 0..QUEUE + 100 {
        let record = record(i64::try_from(id).unwrap());
        let outcomes = log.record(&record);
        let expected = if id < QUEUE {
            Outcome::Queued
        } else {
            Outcome::QueueFull
        };
        assert_eq!(outcomes[0].outcome, expected, "{id}");
        assert_eq!(outcomes[1].outcome, Outcome::Queued, "{id}");
        if id < QUEUE {
            ids.push(record.uuid().to_string());
        }
        if id % 1000 == 0 {
            let written = || log.counts(WriterKind::SnowplowBilling).written;
            wait_until("the other writer to have them", || written() == id as u64 + 1);
        }
    }
    assert_eq!(log.counts(WriterKind::Logrotate).queue_full, 100);
    // The disk answers again.
    let _reader = std::fs::File::open(&lock).unwrap();
    wait_until("the queue to be written", || {
        log.counts(WriterKind::Logrotate).written == QUEUE as u64
    });
    log.close(Duration::ZERO);
    assert_eq!(uuids(&lines(&site.log_files())), ids);
}
