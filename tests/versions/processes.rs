//! Several deliverers of one outbox, and deliverers that die.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use service_ping::state::{Delivery, StateStore};
use service_ping::versions::{DeliveryOptions, deliver};

use crate::outbox::{DAYS, Outbox, client, options};
use crate::script::{METADATA, Script, Step, USAGE_DATA};

const STATE: &str = "SERVICE_PING_TEST_STATE";
const ENDPOINT: &str = "SERVICE_PING_TEST_ENDPOINT";

fn short_lease() -> DeliveryOptions {
    DeliveryOptions {
        lease: Duration::from_secs(1),
        ..options()
    }
}

/// Not a test but a deliverer: another process runs it when it is told what to deliver.
#[tokio::test]
async fn deliverer() {
    let (Ok(state), Ok(endpoint)) = (std::env::var(STATE), std::env::var(ENDPOINT)) else {
        return;
    };
    let store = StateStore::open(&state).await.unwrap();
    deliver(&store, &client(endpoint), &short_lease()).await.unwrap();
}

fn start_process(outbox: &Outbox, script: &Script) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::deliverer"])
        .env(STATE, &outbox.url)
        .env(ENDPOINT, script.url())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

async fn wait(mut process: Child) {
    let status = tokio::task::spawn_blocking(move || process.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deliverers_send_each_payload_once_on_sqlite() {
    two_deliverers_send_each_payload_once(Outbox::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deliverers_send_each_payload_once_on_postgresql() {
    two_deliverers_send_each_payload_once(Outbox::at(crate::postgres::new_database().await).await).await;
}

async fn two_deliverers_send_each_payload_once(outbox: Outbox) {
    for day in DAYS {
        outbox.add(day).await;
    }
    // The first payload is held back until both are at work.
    let mut script = Script::of([Step::Gate(Box::new(Step::body(
        201,
        r#"{"conv_index":{"usage_data_id":1}}"#,
    )))])
    .await;
    let deliverers = [0, 1].map(|_| {
        let (url, endpoint) = (outbox.url.clone(), script.url());
        tokio::spawn(async move {
            let store = StateStore::open(&url).await.unwrap();
            deliver(&store, &client(endpoint), &options()).await.unwrap()
        })
    });
    assert_eq!(script.next_arrival().await, USAGE_DATA);
    script.open_gate();
    for deliverer in deliverers {
        assert!(deliverer.await.unwrap().is_delivered());
    }
    let keys: Vec<String> = script
        .requests(USAGE_DATA)
        .iter()
        .map(|request| request.key().to_owned())
        .collect();
    let mut distinct = keys.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!((keys.len(), distinct.len()), (3, 3), "{keys:?}");
    assert_eq!(script.requests(METADATA).len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_send_each_payload_once() {
    let outbox = Outbox::holding(&DAYS).await;
    let script = Script::start().await;
    let processes = [0, 1, 2].map(|_| start_process(&outbox, &script));
    for process in processes {
        wait(process).await;
    }
    assert_eq!(
        (script.requests(USAGE_DATA).len(), script.requests(METADATA).len()),
        (3, 3)
    );
    assert_eq!(outbox.store.waiting_reports().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_leaves_its_payload_to_the_next_under_the_same_key() {
    let outbox = Outbox::holding(&DAYS[..1]).await;
    let mut script = Script::of([Step::Silence]).await;
    let mut process = start_process(&outbox, &script);
    assert_eq!(script.next_arrival().await, USAGE_DATA);
    process.kill().unwrap();
    process.wait().unwrap();

    let delivered = deliver(&outbox.store, &client(script.url()), &short_lease())
        .await
        .unwrap();
    assert!(delivered.is_delivered(), "{delivered:?}");
    let [first, second] = &script.requests(USAGE_DATA)[..] else {
        panic!()
    };
    assert_eq!((first.key(), &first.body), (second.key(), &second.body));
    let report = &outbox.store.reports(1).await.unwrap()[0];
    assert_eq!(
        (report.delivery, report.attempts),
        (Delivery::Sent, 2),
        "the killed attempt counts"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_request_keeps_its_lease() {
    let outbox = Outbox::holding(&DAYS[..1]).await;
    let mut script = Script::of([Step::Gate(Box::new(Step::body(
        201,
        r#"{"conv_index":{"usage_data_id":9}}"#,
    )))])
    .await;
    let brief = || DeliveryOptions {
        lease: Duration::from_millis(300),
        ..options()
    };
    let first = {
        let (store, client) = (outbox.store.clone(), client(script.url()));
        tokio::spawn(async move { deliver(&store, &client, &brief()).await.unwrap() })
    };
    assert_eq!(script.next_arrival().await, USAGE_DATA);
    // Twice the lease passes before the second gives up; the first has renewed it meanwhile.
    let second = deliver(&outbox.store, &client(script.url()), &brief()).await.unwrap();
    assert_eq!(
        second.reports[0].outcome,
        service_ping::versions::DeliveryOutcome::HeldElsewhere
    );
    script.open_gate();
    assert!(first.await.unwrap().is_delivered());
    assert_eq!(script.requests(USAGE_DATA).len(), 1);
}
