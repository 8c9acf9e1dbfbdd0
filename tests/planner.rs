//! Plans that nothing fools: however the metrics of a run share their scans, each value is plain SQL's.

#[path = "planner/answers.rs"]
mod answers;
#[path = "planner/bad_input.rs"]
mod bad_input;
#[path = "planner/bounds.rs"]
mod bounds;
#[path = "planner/collected.rs"]
mod collected;
#[path = "planner/condition.rs"]
mod condition;
#[path = "shipped/instance.rs"]
mod instance;
#[path = "planner/isolation.rs"]
mod isolation;
#[path = "planner/joined_estimates.rs"]
mod joined_estimates;
#[path = "planner/key.rs"]
mod key;
#[path = "planner/metric.rs"]
mod metric;
#[path = "batch/oracle.rs"]
mod oracle;
#[path = "planner/property.rs"]
mod property;
#[path = "planner/schema.rs"]
mod schema;
#[path = "planner/semi_joins.rs"]
mod semi_joins;
#[path = "faults/server.rs"]
#[allow(dead_code, reason = "tests of faults use the rest")]
mod server;
#[path = "planner/servers.rs"]
mod servers;
#[path = "planner/shape.rs"]
mod shape;
#[path = "planner/shipped.rs"]
mod shipped;
#[path = "planner/told.rs"]
mod told;
#[path = "planner/wide.rs"]
mod wide;
#[path = "planner/writers.rs"]
mod writers;

mod support;

/// Runs what is asynchronous in a test that is not.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}
