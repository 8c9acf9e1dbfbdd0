//! Events on the wire, read back by a judge that knows the genuine schemas.

use serde_json::{Map, Value, json};
use service_ping::emit::snowplow::collector::GoodEvent;
use service_ping::emit::snowplow::{
    Base64, BillingOptional, BillingShape, BillingStamp, Destination, Emitter, SchemaVersion, SelfDescribing, Tracker,
    TrackerOptions,
};
use uuid::Uuid;

use crate::collector::{judges, request};
use crate::front::Front;
use crate::support::data::compat_data;
use crate::support::wait::PATIENCE;
use crate::tracking::{beside, options, quick, ring, usage};

/// What a tracker with these options sends.
pub fn sent(options: TrackerOptions, track: impl Fn(&Tracker)) -> Vec<u8> {
    let front = Front::open();
    let emitter = Emitter::start(Destination::at(&front.url), ring(), quick(), None).expect("an emitter");
    let tracker = Tracker::new(options, emitter).expect("a tracker");
    track(&tracker);
    assert!(tracker.flush_wait(PATIENCE));
    front.requests().remove(0).body
}

/// The events, sound by every judge.
pub fn received(body: &[u8]) -> Vec<GoodEvent> {
    let mut all = judges().into_iter().map(|judge| {
        let judged = judge.judge(&request(body.to_vec()));
        judged
            .into_iter()
            .map(|one| one.expect("it is sound"))
            .collect::<Vec<_>>()
    });
    let first = all.next().expect("a judge");
    assert!(all.all(|other| other == first));
    first
}

fn field<'a>(event: &'a GoodEvent, key: &str) -> Option<&'a str> {
    event
        .raw_event
        .parameters
        .get(key)
        .map(|value| value.as_str().expect("a text"))
}

#[test]
fn a_custom_event_has_its_name_properties_and_contexts() {
    let props: Map<String, Value> = serde_json::from_str(r#"{"ü":"?>~\t","n":[1,2.5,null]}"#).expect("JSON");
    let context = SelfDescribing {
        schema: "iglu:com.gitlab/custom_event/jsonschema/1-0-0".to_owned(),
        data: json!({"name": "attached"}),
    };
    let mut events = Vec::new();
    for base64 in [Base64::Standard, Base64::UrlSafe, Base64::Off] {
        let options = TrackerOptions { base64, ..options() };
        let body = sent(options, |tracker| {
            tracker
                .track_event("clicked", Some(&props), std::slice::from_ref(&context))
                .expect("it is sound");
        });
        let event = received(&body).remove(0);
        let [encoded, plain] =
            [["ue_px", "cx"], ["ue_pr", "co"]].map(|keys| keys.map(|key| field(&event, key).is_some()));
        assert_eq!(
            (encoded, plain),
            ([base64 != Base64::Off; 2], [base64 == Base64::Off; 2])
        );
        events.push(event);
    }
    for event in &events {
        let own = event.own.as_ref().expect("its data");
        assert_eq!(own.schema, "iglu:com.gitlab/custom_event/jsonschema/1-0-0");
        assert_eq!(own.data, json!({"name": "clicked", "props": props}));
        assert_eq!(event.attached, std::slice::from_ref(&context));
        assert_eq!((field(event, "e"), field(event, "p")), (Some("ue"), Some("srv")));
        assert_eq!((field(event, "aid"), field(event, "tna")), (Some("tests"), Some("gl")));
        assert!(field(event, "tv").expect("a tracker").starts_with("rust-service-ping-"));
        let [made, sent] =
            ["dtm", "stm"].map(|key| field(event, key).expect("a time").parse::<u64>().expect("a number"));
        assert!(made <= sent && sent < made + 60_000);
    }
    let standard = field(&events[0], "ue_px").expect("encoded");
    assert!(
        standard.contains(['+', '/', '=']) && !standard.contains(['-', '_']),
        "{standard}"
    );
    let url_safe = field(&events[1], "ue_px").expect("encoded");
    assert_eq!(url_safe, standard.replace('+', "-").replace('/', "_"));
    // Ids differ, but nothing else does where it is plain.
    assert!(field(&events[2], "ue_pr").expect("plain").starts_with("{\"schema\":"));
}

#[test]
fn what_is_not_said_is_not_there() {
    let plain = TrackerOptions {
        app_id: "a".to_owned(),
        ..TrackerOptions::default()
    };
    let body = sent(plain, |tracker| {
        tracker.track_event("clicked", None, &[]).expect("it is sound");
    });
    let event = received(&body).remove(0);
    let mut keys: Vec<&str> = event.raw_event.parameters.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["aid", "dtm", "e", "eid", "p", "stm", "tv", "ue_px"]);
    assert_eq!(event.own.expect("its data").data, json!({"name": "clicked"}));
}

#[test]
fn ids_are_of_version_7_and_rise() {
    let body = sent(options(), |tracker| {
        for _ in 0..100 {
            tracker.track_event("clicked", None, &[]).expect("it is sound");
        }
    });
    let ids: Vec<Uuid> = received(&body)
        .iter()
        .map(|event| field(event, "eid").expect("an id").parse().expect("a UUID"))
        .collect();
    assert!(ids.is_sorted() && ids.iter().all(|id| id.get_version_num() == 7));
}

fn full(version: SchemaVersion) -> BillingOptional {
    let mut optional = beside();
    if version >= SchemaVersion::V2 {
        optional.organization_id = 10;
        optional.instance_version = "19.2.0".to_owned();
        optional.entity_id = "entity".to_owned();
    }
    if version >= SchemaVersion::V3 {
        optional.subject_type = "User".to_owned();
    }
    optional
}

#[test]
fn usage_is_attached_to_a_structured_event_or_is_one_of_its_own() {
    for version in SchemaVersion::ALL {
        for shape in [BillingShape::Structured, BillingShape::SelfDescribing] {
            let options = TrackerOptions {
                shape,
                schema_version: version,
                ..options()
            };
            let body = sent(options, |tracker| {
                tracker
                    .track_billing_event_with_optional_input(&usage(), &full(version))
                    .expect("it is sound");
            });
            let event = received(&body).remove(0);
            let id = field(&event, "eid").expect("an id");
            let data = match shape {
                BillingShape::Structured => {
                    assert_eq!((field(&event, "e"), &event.own), (Some("se"), &None));
                    assert_eq!(field(&event, "se_ca"), Some("runner_compute_usage"));
                    assert_eq!(field(&event, "se_ac"), Some("runner_compute_usage"));
                    assert_eq!(
                        (field(&event, "se_la"), field(&event, "se_va")),
                        (Some(id), Some("12.5"))
                    );
                    assert_eq!(field(&event, "se_pr"), None);
                    event.attached[0].clone()
                }
                BillingShape::SelfDescribing => {
                    assert_eq!((field(&event, "e"), event.attached.len()), (Some("ue"), 0));
                    event.own.clone().expect("its data")
                }
            };
            assert_eq!(
                data.schema,
                format!("iglu:com.gitlab/billable_usage/jsonschema/{}", version.text())
            );
            let mut expected = serde_json::to_value(full(version)).expect("JSON");
            expected["event_id"] = json!(id);
            expected["event_type"] = json!("runner_compute_usage");
            expected["realm"] = json!("SM");
            expected["unit_of_measure"] = json!("seconds");
            expected["quantity"] = json!(12.5);
            expected["timestamp"] = data.data["timestamp"].clone();
            assert_eq!(data.data, expected);
            let timestamp = data.data["timestamp"].as_str().expect("a text");
            assert!(timestamp.ends_with('Z') && timestamp.len() == 24, "{timestamp}");
        }
    }
}

#[test]
fn a_field_of_a_later_version_is_refused() {
    let front = Front::open();
    for version in [SchemaVersion::V1, SchemaVersion::V2] {
        let emitter = Emitter::start(Destination::at(&front.url), ring(), quick(), None).expect("an emitter");
        let options = TrackerOptions {
            schema_version: version,
            ..options()
        };
        let tracker = Tracker::new(options, emitter).expect("a tracker");
        let refused = tracker.track_billing_event_with_optional_input(&usage(), &full(SchemaVersion::V3));
        let refused = refused.expect_err("it is refused").to_string();
        let names = if version == SchemaVersion::V1 {
            "organization_id"
        } else {
            "subject_type"
        };
        assert!(refused.contains(names), "{refused}");
    }
}

#[test]
fn usage_of_another_time_keeps_its_id_and_its_time() {
    let id = Uuid::from_u128(0x2ed6657d_e927_568b_95e1_2665a8aea6a2);
    let stamp = BillingStamp {
        event_id: Some(id),
        timestamp: Some(1_795_046_400_123),
    };
    let body = sent(options(), |tracker| {
        let tracked = tracker.track_stamped_billing_event(&usage(), &BillingOptional::default(), &stamp);
        assert_eq!(tracked, Ok(id));
    });
    let event = received(&body).remove(0);
    assert_eq!(field(&event, "eid"), Some(id.to_string().as_str()));
    assert_eq!(field(&event, "ttm"), Some("1795046400123"));
    assert_eq!(event.attached[0].data["event_id"], id.to_string());
    assert_eq!(event.attached[0].data["timestamp"], "2026-11-19T00:00:00.123Z");
}

#[test]
fn quantities_are_sent_as_they_are() {
    for (quantity, text) in [(0.004, "0.004"), (1e21, "1000000000000000000000"), (1e-7, "0.0000001")] {
        let body = sent(options(), |tracker| {
            let mut usage = usage();
            usage.quantity = quantity;
            tracker.track_billing_event(&usage).expect("it is sound");
        });
        let event = received(&body).remove(0);
        assert_eq!(field(&event, "se_va"), Some(text));
        assert_eq!(event.attached[0].data["quantity"].as_f64(), Some(quantity));
    }
}

#[test]
fn the_genuine_schemas_of_the_envelopes_are_followed() {
    let Some(folder) = compat_data("snowplow/schemas") else {
        return;
    };
    let schema = |path: &str| {
        let text = std::fs::read_to_string(folder.join(path)).expect("the schema");
        let mut schema: Value = serde_json::from_str(&text).expect("JSON");
        schema
            .as_object_mut()
            .expect("an object")
            .retain(|key, _| !["$schema", "self"].contains(&key.as_str()));
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft4)
            .build(&schema)
            .expect("a schema")
    };
    let own = "com.snowplowanalytics.snowplow";
    let payload = schema(&format!("{own}/payload_data/jsonschema/1-0-4"));
    let unstruct = schema(&format!("{own}/unstruct_event/jsonschema/1-0-0"));
    let contexts = schema(&format!("{own}/contexts/jsonschema/1-0-1"));
    let self_describing = schema("com.snowplowanalytics.self-desc/instance-iglu-only/jsonschema/1-0-0");
    let plain = TrackerOptions {
        base64: Base64::Off,
        ..options()
    };
    let body = sent(plain, |tracker| {
        tracker.track_event("clicked", None, &[]).expect("it is sound");
        tracker.track_billing_event(&usage()).expect("it is sound");
    });
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    self_describing.validate(&body).expect("self-describing");
    payload.validate(&body["data"]).expect("a payload");
    let text = |value: &Value| serde_json::from_str::<Value>(value.as_str().expect("a text")).expect("JSON");
    let own = text(&body["data"][0]["ue_pr"]);
    self_describing.validate(&own).expect("self-describing");
    unstruct.validate(&own["data"]).expect("an event's own data");
    let attached = text(&body["data"][1]["co"]);
    self_describing.validate(&attached).expect("self-describing");
    contexts.validate(&attached["data"]).expect("contexts");
}
