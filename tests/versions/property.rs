//! Whatever an endpoint does, in whatever order: one payload has one key, and all is delivered once it recovers.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use service_ping::state::Delivery;
use service_ping::versions::deliver;

use crate::outbox::{DAYS, Outbox, client, options};
use crate::script::{METADATA, Script, Step, USAGE_DATA};

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::body(201, r#"{"dev_ops_score":{"usage_data_id":7}}"#)),
        Just(Step::body(200, "{}")),
        Just(Step::status(406)),
        Just(Step::status(500)),
        Just(Step::with_header(503, "retry-after: 86400")),
        Just(Step::with_header(302, "location: /elsewhere")),
        Just(Step::Reset),
        Just(Step::Truncate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn one_payload_has_one_key(
        payloads in prop::collection::vec(step(), 0..12),
        metadata in prop::collection::vec(step(), 0..6),
        restarts in prop::collection::vec(any::<bool>(), 3),
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(play(payloads, metadata, restarts))?;
    }
}

async fn play(payloads: Vec<Step>, metadata: Vec<Step>, restarts: Vec<bool>) -> Result<(), TestCaseError> {
    let script = Script::of(payloads.clone()).await;
    script.then(METADATA, metadata);
    let mut outbox = Outbox::sqlite().await;
    for (day, restart) in DAYS.iter().zip(restarts) {
        outbox.add(day).await;
        outbox.deliver_at(&client(script.url()), day).await;
        if restart {
            outbox.restart().await;
        }
    }
    // Each week uses up a step of the script, if one is left; then the endpoint takes everything.
    for week in 1..=20 {
        let now = DAYS[2].parse::<chrono::DateTime<chrono::Utc>>().unwrap() + chrono::TimeDelta::weeks(week);
        let options = service_ping::versions::DeliveryOptions {
            now: Some(now),
            ..options()
        };
        let delivered = deliver(&outbox.store, &client(script.url()), &options).await.unwrap();
        if delivered.reports.is_empty() && delivered.metadata.is_empty() {
            break;
        }
    }

    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut attempts: BTreeMap<String, u32> = BTreeMap::new();
    for request in script.requests(USAGE_DATA) {
        *attempts.entry(request.key().to_owned()).or_default() += 1;
        keys.entry(request.body.clone())
            .or_default()
            .insert(request.key().to_owned());
    }
    prop_assert!(keys.values().all(|keys| keys.len() == 1), "{:?}", keys);
    prop_assert_eq!(keys.len(), DAYS.len());
    let taken = script
        .requests(METADATA)
        .iter()
        .map(|request| request.key().to_owned())
        .collect::<BTreeSet<_>>();
    let reports = outbox.store.reports(10).await.unwrap();
    for report in &reports {
        prop_assert_ne!(report.delivery, Delivery::Waiting);
        prop_assert_eq!(report.attempts, attempts[&report.idempotency_key.to_string()]);
    }
    let sent = reports
        .iter()
        .filter(|report| report.delivery == Delivery::Sent)
        .count();
    prop_assert_eq!(taken.len(), sent, "metadata follows what was sent, and nothing else");
    prop_assert_eq!(outbox.store.unsent_metadata().await.unwrap(), vec![]);
    Ok(())
}
