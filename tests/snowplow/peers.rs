//! Snowplow's own trackers, from PyPI and npm, beside ours. Where they are missing these tests fail; scripts/test installs
//! them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use service_ping::emit::snowplow::collector::GoodEvent;
use service_ping::emit::snowplow::{Base64, BillingStamp, SchemaVersion, TrackerOptions};

use crate::events::{received, sent};
use crate::front::Front;
use crate::support::data::compat_data;
use crate::tracking::{beside, options, usage};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snowplow/peers")
        .join(name)
}

/// A folder that scripts/servers.sh fills, named by a tool and the version that stands there.
fn tool(name: &str, version: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let tools = cache.or_else(home).expect("a home").join("service-ping");
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/servers.sh");
    let text = std::fs::read_to_string(servers).expect("the script");
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("readonly {version}=")))
        .expect("a version");
    let folder = tools.join(format!("{name}-{version}"));
    assert!(folder.is_dir(), "{} is missing: run scripts/test", folder.display());
    folder
}

fn python() -> Command {
    Command::new(tool("snowplow-tracker", "PYTHON_SNOWPLOW_TRACKER").join("bin/python"))
}

fn node() -> Command {
    let mut command = Command::new("node");
    command.env(
        "NODE_PATH",
        tool("node-tracker", "NODE_SNOWPLOW_TRACKER").join("node_modules"),
    );
    command
}

fn run(mut command: Command) -> String {
    // Whatever proxy this machine has: the collector is on it.
    let output = command.env("NO_PROXY", "127.0.0.1").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// Our own two events, and the same for a peer to send.
fn ours(base64: Base64) -> (Vec<u8>, Value) {
    let props = json!({"ü?>~": [1, 2.5, null, "a\"b"], "nested": {"deep": true}});
    let options = TrackerOptions { base64, ..options() };
    let body = sent(options, |tracker| {
        let optional = beside();
        tracker
            .track_stamped_billing_event(&usage(), &optional, &BillingStamp::default())
            .expect("it is sound");
        tracker
            .track_event("clicked", props.as_object(), &[])
            .expect("it is sound");
    });
    let [usage, custom] = received(&body).try_into().expect("two events");
    let wanted = json!({
        "usage": {
            "category": field(&usage, "se_ca"), "action": field(&usage, "se_ac"), "label": field(&usage, "se_la"),
            "value": 12.5, "schema": usage.attached[0].schema, "data": usage.attached[0].data,
        },
        "custom": custom.own,
    });
    (body, wanted)
}

fn field(event: &GoodEvent, key: &str) -> Value {
    event.raw_event.parameters.get(key).cloned().unwrap_or_default()
}

/// What a peer sends of the same two events.
fn theirs(mut peer: Command, wanted: &Value) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("events.json");
    std::fs::write(&file, wanted.to_string()).expect("writable");
    let front = Front::open();
    peer.arg(&file).arg(&front.url);
    run(peer);
    front.wait_for_taken(2);
    let requests = front.requests();
    assert_eq!(requests.len(), 1, "both events in one request");
    assert!(requests[0].line.starts_with("POST /com.snowplowanalytics.snowplow/tp2"));
    requests[0].body.clone()
}

/// Fields that say the same whoever sends; ids and times are each sender's own.
fn compare(ours: &[u8], theirs: &[u8]) {
    let (ours, theirs) = (received(ours), received(theirs));
    assert_eq!((ours.len(), theirs.len()), (2, 2));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours.own, theirs.own);
        assert_eq!(ours.attached, theirs.attached);
        assert_eq!(ours.event_type, theirs.event_type);
        for key in ["e", "p", "aid", "tna", "se_ca", "se_ac", "se_la", "se_pr", "se_va"] {
            assert_eq!(field(ours, key), field(theirs, key), "{key}");
        }
        let own_keys = ["eid", "tv", "dtm", "stm", "ue_px", "ue_pr", "cx", "co"];
        let others = |event: &GoodEvent| {
            let keys = event
                .raw_event
                .parameters
                .keys()
                .filter(|key| !own_keys.contains(&key.as_str()));
            let mut keys: Vec<String> = keys.cloned().collect();
            keys.sort();
            keys
        };
        assert_eq!(others(ours), others(theirs));
    }
}

fn python_tracker() -> Command {
    let mut command = python();
    command.arg(script("track.py"));
    command
}

fn node_tracker() -> Command {
    let mut command = node();
    command.arg(script("track.js"));
    command
}

#[test]
fn pythons_tracker_says_the_same_of_the_same_events() {
    let (body, wanted) = ours(Base64::UrlSafe);
    compare(&body, &theirs(python_tracker(), &wanted));
}

#[test]
fn nodes_tracker_says_the_same_of_the_same_events() {
    let (body, wanted) = ours(Base64::Standard);
    compare(&body, &theirs(node_tracker(), &wanted));
}

#[test]
fn a_validator_of_python_takes_all_of_ours_and_theirs() {
    let (Some(schemas), Some(reconstructed)) = (compat_data("snowplow/schemas"), compat_data("snowplow/reconstructed"))
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut bodies: Vec<Vec<u8>> = [Base64::Standard, Base64::UrlSafe, Base64::Off]
        .map(|base64| ours(base64).0)
        .into();
    let (_, wanted) = ours(Base64::Standard);
    bodies.push(theirs(python_tracker(), &wanted));
    bodies.push(theirs(node_tracker(), &wanted));
    for version in SchemaVersion::ALL {
        let options = TrackerOptions {
            schema_version: version,
            shape: service_ping::emit::snowplow::BillingShape::SelfDescribing,
            ..options()
        };
        bodies.push(sent(options, |tracker| {
            tracker
                .track_billing_event_with_optional_input(&usage(), &beside())
                .expect("it is sound");
        }));
    }
    let mut command = python();
    command.arg(script("validate.py")).arg(&schemas).arg(&reconstructed);
    for (nth, body) in bodies.iter().enumerate() {
        let file = folder.path().join(format!("{nth}.json"));
        std::fs::write(&file, body).expect("writable");
        command.arg(file);
    }
    assert_eq!(run(command).trim(), "13");
}
