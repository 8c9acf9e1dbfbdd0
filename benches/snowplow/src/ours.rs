//! Our own tracker.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use service_ping::emit::snowplow::spool::{Spool, SpoolOptions};
use service_ping::emit::snowplow::{
    BillingOptional, BillingRequired, BillingStamp, Destination, Emitter, EmitterOptions, Realm, Ring, Storage,
    Tracker, TrackerOptions,
};

use crate::collector::Collector;

#[derive(Clone, Copy)]
pub enum Kind {
    Custom,
    Billing,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Custom => "custom",
            Kind::Billing => "billing",
        }
    }
}

fn tracker(url: &str, storage: Arc<dyn Storage>) -> Tracker {
    let options = EmitterOptions {
        stop_deadline: Duration::from_secs(60),
        ..EmitterOptions::default()
    };
    let emitter = Emitter::start(Destination::at(url), storage, options, None).expect("an emitter");
    let options = TrackerOptions {
        app_id: "bench".to_owned(),
        namespace: Some("gl".to_owned()),
        ..TrackerOptions::default()
    };
    Tracker::new(options, emitter).expect("a tracker")
}

pub fn usage() -> (BillingRequired, BillingOptional) {
    let required = BillingRequired {
        category: "runner_compute_usage".to_owned(),
        event_type: "runner_compute_usage".to_owned(),
        realm: Realm::SelfManaged,
        unit_of_measure: "seconds".to_owned(),
        quantity: 12.5,
    };
    let optional = BillingOptional {
        project_id: 7,
        namespace_id: 8,
        root_namespace_id: 9,
        subject: "42".to_owned(),
        deployment_type: "self-managed".to_owned(),
        ..BillingOptional::default()
    };
    (required, optional)
}

/// Calls in a row, half of what the ring holds: whoever tracks has other work to do between.
const BURST: usize = 5_000;

/// How long each call took, while a local collector takes what comes. Of each burst nothing is given up.
pub fn latencies(kind: Kind, calls: usize) -> Vec<Duration> {
    let collector = Collector::start();
    let tracker = tracker(&collector.url, Arc::new(Ring::new(10_000)));
    let props = serde_json::json!({"label": "npm", "value": 12, "project_id": 7});
    let (required, optional) = usage();
    let took = (0..calls).map(|nth| {
        if nth % BURST == 0 {
            assert!(tracker.flush_wait(Duration::from_secs(60)), "it is sent");
        }
        let begun = Instant::now();
        let tracked = match kind {
            Kind::Custom => tracker.track_event("push_package", props.as_object(), &[]),
            Kind::Billing => tracker.track_billing_event_with_optional_input(&required, &optional),
        };
        let took = begun.elapsed();
        tracked.expect("it is accepted");
        took
    });
    let took = took.collect();
    assert_eq!(tracker.metrics().overflow_dropped, 0);
    tracker.abort();
    took
}

/// How long the disk takes for a kilobyte.
pub fn fsync() -> Duration {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::new_in(folder()).expect("a file");
    let begun = Instant::now();
    for _ in 0..200 {
        file.write_all(&[b'x'; 1024]).expect("writable");
        file.as_file().sync_data().expect("the disk");
    }
    begun.elapsed() / 200
}

/// Where spools lie: on a disk, which a folder for temporary files need not be.
fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn spool(folder: &Path) -> Arc<Spool> {
    Arc::new(Spool::open(folder, SpoolOptions::default()).expect("a spool"))
}

/// Events a second that are accepted, each a call that returns once the event is on disk.
pub fn durable(threads: usize, each: usize) -> f64 {
    let folder = tempfile::tempdir_in(folder()).expect("a folder");
    let collector = Collector::start();
    let tracker = tracker(&collector.url, spool(folder.path()));
    let begun = Instant::now();
    let threads: Vec<_> = (0..threads)
        .map(|_| {
            let tracker = tracker.clone();
            thread::spawn(move || {
                let (required, optional) = usage();
                for _ in 0..each {
                    tracker
                        .track_billing_event_with_optional_input(&required, &optional)
                        .expect("it is accepted");
                }
            })
        })
        .collect();
    let events = threads.len() * each;
    threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
    let rate = events as f64 / begun.elapsed().as_secs_f64();
    collector.wait_for(events);
    rate
}

/// The same of one thread that hands over a hundred at once.
pub fn durable_batches(events: usize) -> f64 {
    let folder = tempfile::tempdir_in(folder()).expect("a folder");
    let collector = Collector::start();
    let tracker = tracker(&collector.url, spool(folder.path()));
    let (required, optional) = usage();
    let begun = Instant::now();
    for _ in 0..events / 100 {
        let event = || tracker.billing_event(&required, &optional, &BillingStamp::default());
        let batch: Result<Vec<_>, _> = (0..100).map(|_| event()).collect();
        tracker
            .accept_all(batch.expect("they are sound"))
            .expect("they are accepted");
    }
    let rate = events as f64 / begun.elapsed().as_secs_f64();
    collector.wait_for(events / 100 * 100);
    rate
}

/// Events a second from the first call until the collector has all.
pub fn throughput(events: usize) -> f64 {
    let collector = Collector::start();
    let tracker = tracker(&collector.url, Arc::new(Ring::new(events)));
    let (required, optional) = usage();
    let begun = Instant::now();
    for _ in 0..events {
        tracker
            .track_billing_event_with_optional_input(&required, &optional)
            .expect("it is accepted");
    }
    tracker.flush();
    collector.wait_for(events);
    events as f64 / begun.elapsed().as_secs_f64()
}
