//! Snowplow's own trackers, with the same events in batches of a hundred.

use std::process::Command;
use std::time::Instant;

use serde_json::json;
use snowplow_tracker::{BatchEmitter, InMemoryEventStore, SelfDescribingJson, StructuredEvent, Tracker};

use crate::collector::Collector;

const SCHEMA: &str = "iglu:com.gitlab/billable_usage/jsonschema/1-0-2";
const ID: &str = "01a2284b-b9e1-71db-b2bc-df46e7bdc690";

/// The crate, from the first call until the collector has all.
pub fn rust(events: usize) -> f64 {
    let collector = Collector::start();
    let emitter = BatchEmitter::builder()
        .collector_url(&collector.url)
        .event_store(InMemoryEventStore::new(events, 100))
        .build()
        .expect("an emitter");
    let mut tracker = Tracker::new("gl", "bench", emitter, None);
    let begun = Instant::now();
    for _ in 0..events {
        let event = StructuredEvent::builder()
            .category("runner_compute_usage")
            .action("runner_compute_usage")
            .label(ID)
            .value(12.5)
            .build()
            .expect("an event");
        let usage = json!({
            "event_id": ID, "event_type": "runner_compute_usage", "unit_of_measure": "seconds", "quantity": 12.5,
            "realm": "SM", "timestamp": "2026-11-19T00:00:00.000Z", "project_id": 7, "namespace_id": 8,
            "root_namespace_id": 9, "subject": "42", "deployment_type": "self-managed",
        });
        tracker
            .track(event, Some(vec![SelfDescribingJson::new(SCHEMA, usage)]))
            .expect("it is accepted");
    }
    // It says so where nothing is left to be flushed; the collector counts.
    let _ = tracker.flush();
    collector.wait_for(events);
    let rate = events as f64 / begun.elapsed().as_secs_f64();
    tracker.close_emitter().expect("it closes");
    rate
}

const SCRIPT: &str = r#"
import sys, time
from snowplow_tracker import Emitter, SelfDescribingJson, StructuredEvent, Subject, Tracker
url, events = sys.argv[1], int(sys.argv[2])
emitter = Emitter(url, method="post", batch_size=100)
tracker = Tracker("gl", emitter, app_id="bench", subject=Subject(), encode_base64=True)
usage = {"event_id": "01a2284b-b9e1-71db-b2bc-df46e7bdc690", "event_type": "runner_compute_usage",
         "unit_of_measure": "seconds", "quantity": 12.5, "realm": "SM", "timestamp": "2026-11-19T00:00:00.000Z",
         "project_id": 7, "namespace_id": 8, "root_namespace_id": 9, "subject": "42", "deployment_type": "self-managed"}
begun = time.monotonic()
for _ in range(events):
    tracker.track(StructuredEvent(category="runner_compute_usage", action="runner_compute_usage",
        label=usage["event_id"], value=12.5,
        context=[SelfDescribingJson("iglu:com.gitlab/billable_usage/jsonschema/1-0-2", usage)]))
tracker.flush()
print(events / (time.monotonic() - begun))
"#;

/// Python's tracker, without the start of Python; its calls return once their batch was answered.
pub fn python(python: &str, events: usize) -> f64 {
    let collector = Collector::start();
    let output = Command::new(python)
        .args(["-W", "ignore", "-c", SCRIPT, &collector.url, &events.to_string()])
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    collector.wait_for(events);
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().parse().expect("a rate")
}
