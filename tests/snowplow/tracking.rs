//! Trackers as these tests set them up, and events for them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use service_ping::emit::snowplow::spool::{Fsync, Spool, SpoolOptions};
use service_ping::emit::snowplow::{
    Backoff, BillingOptional, BillingRequired, Callback, Destination, Emitter, EmitterOptions, Realm, Ring, Storage,
    Tracker, TrackerOptions,
};

/// Waits that tests can wait for.
pub fn quick() -> EmitterOptions {
    EmitterOptions {
        linger: Duration::from_millis(5),
        billing_linger: Duration::from_millis(5),
        backoff: Backoff {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(8),
            long: Duration::from_millis(10),
            longest_asked: Duration::from_millis(20),
        },
        stop_deadline: Duration::from_secs(30),
        ..EmitterOptions::default()
    }
}

pub fn options() -> TrackerOptions {
    TrackerOptions {
        app_id: "tests".to_owned(),
        namespace: Some("gl".to_owned()),
        ..TrackerOptions::default()
    }
}

pub fn spool(folder: &Path) -> Arc<Spool> {
    Arc::new(Spool::open(folder, SpoolOptions::default()).expect("a spool"))
}

/// A spool that does not wait for the disk.
pub fn hasty_spool(folder: &Path) -> Arc<Spool> {
    let options = SpoolOptions {
        fsync: Fsync::Never,
        ..SpoolOptions::default()
    };
    Arc::new(Spool::open(folder, options).expect("a spool"))
}

pub fn ring() -> Arc<Ring> {
    Arc::new(Ring::new(10_000))
}

pub fn tracker(url: &str, storage: Arc<dyn Storage>, emitter: EmitterOptions) -> Tracker {
    tracker_to(Destination::at(url), storage, emitter, None)
}

pub fn tracker_to(
    destination: Destination,
    storage: Arc<dyn Storage>,
    emitter: EmitterOptions,
    callback: Option<Callback>,
) -> Tracker {
    let emitter = Emitter::start(destination, storage, emitter, callback).expect("an emitter");
    Tracker::new(options(), emitter).expect("a tracker")
}

pub fn usage() -> BillingRequired {
    BillingRequired {
        category: "runner_compute_usage".to_owned(),
        event_type: "runner_compute_usage".to_owned(),
        realm: Realm::SelfManaged,
        unit_of_measure: "seconds".to_owned(),
        quantity: 12.5,
    }
}

pub fn beside() -> BillingOptional {
    BillingOptional {
        instance_id: "instance".to_owned(),
        unique_instance_id: "c8d1f3c0-1111-4222-8333-444455556666".to_owned(),
        host_name: "gitlab.example.com".to_owned(),
        project_id: 7,
        namespace_id: 8,
        root_namespace_id: 9,
        subject: "42".to_owned(),
        global_user_id: "anonymous".to_owned(),
        seat_ids: vec!["a".to_owned(), "b".to_owned()],
        correlation_id: "01ABC".to_owned(),
        deployment_type: "self-managed".to_owned(),
        assignments: vec!["duo".to_owned()],
        metadata: serde_json::from_str(r#"{"feature_qualified_name":"ü?>~","nested":{"a":[1,2.5,null]}}"#)
            .expect("JSON"),
        ..BillingOptional::default()
    }
}
