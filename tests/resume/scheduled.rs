//! `serve --schedule` that is stopped in the middle of a run: the next process goes on with it.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use service_ping::schedule::Schedule;
use service_ping::state::StateStore;

use crate::instance::{CONNECTIONS, Instance, Receiver, UUID, database};
use crate::leases::{Holder, PATIENT, add_waiting_metric, waiting_runs};
use crate::ranges::{is_range, repeated};
use crate::support::postgres::Postgres;
use crate::support::wait::wait_until;

const SERVE: [&str; 4] = ["serve", "--schedule", "--listen", "none"];

/// Has the instance miss its last slots.
fn served_three_weeks_ago(instance: &Instance) {
    let record = Schedule::new(UUID, Duration::ZERO, Vec::new()).begin(Utc::now() - TimeDelta::days(21));
    let file = instance.cli.folder().join("service-ping.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = StateStore::open(&format!("sqlite://{}", file.display()))
            .await
            .expect("the store opens");
        store.begin_schedule(&record).await.expect("the schedule begins");
        store.close().await;
    });
}

#[test]
fn the_next_process_of_the_scheduler_goes_on_with_its_run() {
    let postgres = Postgres::dedicated();
    let database = database(&postgres);
    let receiver = Receiver::start();
    let settings = format!("{PATIENT}[schedule]\nsplay = \"0s\"\n");
    let instance = Instance::new(&database, "scheduled", receiver.url(), &settings);
    add_waiting_metric(&instance);
    served_three_weeks_ago(&instance);

    let holder = Holder::begin(&database);
    let first = instance.cli.start(&SERVE);
    wait_until("a run in the middle", || {
        let ranges = instance.statements(&database);
        let ranges = ranges.iter().filter(|statement| is_range(statement)).count();
        waiting_runs(&database) == "1" && ranges > 5
    });
    first.signal("TERM");
    let (code, said) = first.wait();
    assert_eq!(code, Some(0), "{said:#?}");
    assert_eq!(receiver.payloads().len(), 0, "{said:#?}");
    holder.let_go();

    let mut second = instance.cli.start(&SERVE);
    second.line_with("goes on with the run of ");
    second.line_with(" is done");
    second.signal("TERM");
    let (code, said) = second.wait();
    assert_eq!(code, Some(0), "{said:#?}");
    assert_eq!((receiver.payloads().len(), receiver.metadata().len()), (1, 1));
    let repeated = repeated(&instance.statements(&database));
    assert!(repeated.len() <= CONNECTIONS, "{}", repeated.join("\n"));
}
