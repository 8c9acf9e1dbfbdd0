//! Our rules of billing usage, held against the reconstructed schemas.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use service_ping::emit::snowplow::{SchemaVersion, Schemas};

use crate::support::data::compat_data;

fn schema(name: &str) -> Option<jsonschema::Validator> {
    let file = compat_data(&format!("snowplow/reconstructed/{name}.draft4.json"))?;
    let text = std::fs::read_to_string(file).expect("the schema");
    let schema = serde_json::from_str(&text).expect("JSON");
    Some(
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft4)
            .build(&schema)
            .expect("a schema"),
    )
}

/// A usage that every version takes.
fn sound() -> Map<String, Value> {
    let usage = json!({
        "event_id": "01a2284b-b9e1-71db-b2bc-df46e7bdc690", "event_type": "t", "unit_of_measure": "u", "quantity": 1,
        "realm": "SM", "timestamp": "2026-11-19T00:00:00.000Z",
    });
    usage.as_object().expect("an object").clone()
}

fn value() -> impl Strategy<Value = Value> {
    let texts = prop::sample::select(vec![
        "",
        "x",
        "SaaS",
        "SM",
        "saas",
        ".com",
        "dedicated",
        "self-managed",
        "2026-11-19T00:00:00Z",
        "2026-11-19T00:00:00+01:00",
        "2026-11-19",
        "01a2284b-b9e1-71db-b2bc-df46e7bdc690",
        "01A2284B-B9E1-71DB-B2BC-DF46E7BDC690",
        "01a2284b-b9e1-01db-b2bc-df46e7bdc690",
        "01a2284b-b9e1-71db-72bc-df46e7bdc690",
    ]);
    let long = prop::sample::select(vec![63, 64, 65, 254, 255, 256]).prop_map(|length| json!("ü".repeat(length)));
    let numbers = prop::sample::select(vec![
        json!(0),
        json!(1),
        json!(-1),
        json!(0.5),
        json!(-0.5),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
    ]);
    prop_oneof![
        texts.prop_map(Value::from),
        long,
        numbers,
        Just(Value::Null),
        Just(json!(true)),
        Just(json!({})),
        Just(json!({"a": {"b": [1]}})),
        Just(json!([])),
        Just(json!(["a"])),
        Just(json!([1])),
    ]
}

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "event_id",
        "event_type",
        "unit_of_measure",
        "quantity",
        "realm",
        "timestamp",
        "instance_id",
        "unique_instance_id",
        "host_name",
        "project_id",
        "namespace_id",
        "root_namespace_id",
        "subject",
        "global_user_id",
        "seat_ids",
        "correlation_id",
        "deployment_type",
        "assignments",
        "metadata",
        "organization_id",
        "instance_version",
        "entity_id",
        "subject_type",
        "category",
        "unknown",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn rules_and_schemas_agree(fields in prop::collection::vec((key(), prop::option::of(value())), 0..3)) {
        let mut usage = sound();
        for (key, value) in fields {
            match value {
                Some(value) => drop(usage.insert(key.to_owned(), value)),
                None => drop(usage.remove(key)),
            }
        }
        let usage = Value::Object(usage);
        for version in SchemaVersion::ALL {
            let Some(schema) = schema(&format!("billable_usage-{}", version.text())) else { return Ok(()) };
            let name = format!("iglu:com.gitlab/billable_usage/jsonschema/{}", version.text());
            let ours = Schemas::built_in().check(&name, &usage);
            prop_assert_eq!(ours.is_ok(), schema.is_valid(&usage), "{:?} {}", ours, usage);
        }
    }

    #[test]
    fn rules_and_schema_of_custom_events_agree(name in prop::option::of(value()), props in prop::option::of(value())) {
        let Some(schema) = schema("custom_event-1-0-0") else { return Ok(()) };
        let mut data = Map::new();
        data.extend(name.map(|name| ("name".to_owned(), name)));
        data.extend(props.map(|props| ("props".to_owned(), props)));
        let data = Value::Object(data);
        let ours = Schemas::built_in().check("iglu:com.gitlab/custom_event/jsonschema/1-0-0", &data);
        prop_assert_eq!(ours.is_ok(), schema.is_valid(&data), "{:?} {}", ours, data);
    }
}
