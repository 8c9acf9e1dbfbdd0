//! Jobs that end while the log goes over to other writers: no record is lost, and none is there twice.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use service_ping::config::Environment;
use service_ping::emit::snowplow::spool::{Look, Spool, SpoolOptions};
use service_ping::emit::snowplow::{BatchLimit, Storage};
use service_ping::emit::usage_log::{Outcome, UsageLog, follow_hangups};

use crate::billing::close;
use crate::jobs::{Site, collected, collector, files, lines, record, tally, uuids};
use crate::support::wait::{PATIENCE, wait_until};

/// The nth configuration: sometimes the files are other ones, sometimes the events are.
fn nth(url: &str, nth: usize) -> String {
    let folder = ["usage-log", "other-log"][nth / 2 % 2];
    format!(
        "[experimental.usage_logger]\nenabled = true\nwriters = [\"logrotate\", \"snowplow_billing\"]\n\
         [experimental.usage_logger.logrotate]\nmax_rotation_age = \"50ms\"\nmax_backup_files = 1000000\n\
         log_dir = \"{folder}\"\nlabels = {{ nth = \"{}\" }}\n\
         [experimental.usage_logger.snowplow_billing]\ncollector_uri = \"{url}\"\nfsync = \"never\"\n\
         metadata = {{ nth = \"{}\" }}\n",
        nth % 3,
        nth % 2
    )
}

/// What is left in the spool once nobody uses it.
fn spooled(site: &Site) -> Vec<String> {
    let spool = Spool::open(&site.path().join("usage-log-spool"), SpoolOptions::default()).unwrap();
    let limit = BatchLimit {
        events: 1_000_000,
        bytes: usize::MAX,
    };
    let events = spool.peek(limit).unwrap();
    events.iter().map(|event| event.id.to_string()).collect()
}

fn in_files(site: &Site) -> BTreeMap<String, usize> {
    let folders = ["usage-log", "other-log"].map(|folder| site.path().join(folder));
    tally(folders.iter().flat_map(|folder| uuids(&lines(&files(folder)))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn jobs_end_while_the_configuration_changes() {
    const JOBS: i64 = 64;
    const ROUNDS: i64 = 30;
    let (site, collector) = (Arc::new(Site::new()), collector().await);
    let log = Arc::new(site.open(&nth(&collector.url(), 0)));
    let environment = Environment::default();
    let file = site.file();
    let following = {
        let log = Arc::clone(&log);
        tokio::spawn(async move { follow_hangups(log, &file, &environment).await })
    };
    // The signal's default would end this process: nobody sends it before somebody waits for it.
    let waiting = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).unwrap();
    let (is_over, reloads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let changing = {
        let (log, site, is_over, reloads) = (log.clone(), site.clone(), is_over.clone(), reloads.clone());
        let url = collector.url();
        std::thread::spawn(move || {
            while !is_over.load(Ordering::Acquire) {
                let count = reloads.fetch_add(1, Ordering::AcqRel);
                log.reload(&site.settings(&nth(&url, count))).unwrap();
                if count % 3 == 0 {
                    let pid = std::process::id().to_string();
                    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
                }
                std::thread::park_timeout(Duration::from_millis(100));
            }
        })
    };
    let jobs: Vec<_> = (0..JOBS)
        .map(|job| {
            let (log, reloads) = (Arc::clone(&log), Arc::clone(&reloads));
            std::thread::spawn(move || {
                let rounds = (0..ROUNDS).map(|round| {
                    let record = record(job * 1000 + round);
                    let outcomes = log.record(&record);
                    assert_eq!(outcomes.len(), 2);
                    assert!(
                        outcomes.iter().all(|told| told.outcome == Outcome::Queued),
                        "{outcomes:?}"
                    );
                    // Over several reloads, however fast this machine is.
                    if round % 5 == 4 {
                        let seen = reloads.load(Ordering::Acquire);
                        wait_until("a reload", || reloads.load(Ordering::Acquire) > seen);
                    }
                    record.uuid().to_string()
                });
                rounds.collect::<Vec<String>>()
            })
        })
        .collect();
    let finished = tokio::task::spawn_blocking(move || {
        let ids = jobs.into_iter().flat_map(|job| job.join().unwrap());
        let ids = tally(ids);
        is_over.store(true, Ordering::Release);
        changing.thread().unpark();
        changing.join().unwrap();
        ids
    });
    let finished = finished.await.unwrap();
    following.abort();
    let _ = following.await;
    drop(waiting);
    // A reload by signal may be under way on a thread of its own.
    wait_until("the last reload", || Arc::strong_count(&log) == 1);
    let log = Arc::into_inner(log).unwrap();
    let closed = close(log).await;
    assert!(closed.iter().all(|told| told.outcome == Outcome::Closed), "{closed:?}");
    assert!(reloads.load(Ordering::Acquire) >= 6);
    assert_eq!(finished.len(), usize::try_from(JOBS * ROUNDS).unwrap());
    assert_eq!(in_files(&site), finished, "files");
    let events = collected(collector.kept()).into_iter().chain(spooled(&site));
    assert_eq!(tally(events), finished, "collector and spool");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_whose_settings_stay_the_same_stays() {
    let (site, collector) = (Site::new(), collector().await);
    let settings = site.settings(&nth(&collector.url(), 0).replace("50ms", "24h"));
    let log = UsageLog::open(&settings).unwrap();
    for id in 0..5 {
        log.record(&record(id));
        log.reload(&settings).unwrap();
    }
    close(log).await;
    assert_eq!(site.log_files().len(), 1, "one file, over five reloads");
    assert_eq!(collected(collector.kept()).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_is_handed_over_with_what_a_bad_collector_left_in_it() {
    let (site, collector) = (Site::new(), collector().await);
    let log = site.open(&nth("http://127.0.0.1:9", 0));
    let records: Vec<_> = (0..20).map(record).collect();
    for record in &records[..10] {
        log.record_within(record, PATIENCE);
    }
    // The address is corrected: what waits goes to the new one, once the old one has had its time.
    log.reload(&site.settings(&nth(&collector.url(), 0))).unwrap();
    for record in &records[10..] {
        log.record(record);
    }
    close(log).await;
    let ids = tally(records.iter().map(|record| record.uuid().to_string()));
    assert_eq!(tally(collected(collector.kept())), ids);
    assert_eq!(Look::at(&site.path().join("usage-log-spool")).unwrap().pending, 0);
    assert_eq!(in_files(&site), ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_switched_off_and_on_again_has_all_that_came_while_it_was_on() {
    let (site, collector) = (Site::new(), collector().await);
    let on = site.settings(&nth(&collector.url(), 0));
    let off = site.settings("[experimental.usage_logger]\n");
    let log = UsageLog::open(&on).unwrap();
    let mut ids = Vec::new();
    for id in 0..20 {
        let record = record(id);
        log.record(&record);
        log.reload(&off).unwrap();
        assert_eq!(log.record(&self::record(1000 + id)), []);
        log.reload(&on).unwrap();
        assert_eq!(log.left_out(), []);
        ids.push(record.uuid().to_string());
    }
    close(log).await;
    assert_eq!(tally(collected(collector.kept())), tally(ids.clone()));
    assert_eq!(in_files(&site), tally(ids));
}
