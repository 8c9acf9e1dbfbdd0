//! Batched measures against plain SQL: every kind of key, range, operation and join, on PostgreSQL and SQLite.

#[path = "batch/cancelled.rs"]
mod cancelled;
#[path = "batch/distinct.rs"]
mod distinct;
#[path = "batch/engine.rs"]
mod engine;
#[path = "batch/estimates.rs"]
mod estimates;
#[path = "batch/grouped.rs"]
mod grouped;
#[path = "batch/joins.rs"]
mod joins;
#[path = "batch/keys.rs"]
mod keys;
#[path = "batch/named.rs"]
mod named;
#[path = "batch/numbers.rs"]
mod numbers;
#[path = "batch/oracle.rs"]
mod oracle;
#[path = "batch/partitions.rs"]
mod partitions;
#[path = "batch/property.rs"]
mod property;
#[path = "batch/ranges.rs"]
mod ranges;
#[path = "batch/relations.rs"]
mod relations;
#[path = "batch/row_estimates.rs"]
mod row_estimates;
#[path = "batch/sqlite_keys.rs"]
mod sqlite_keys;
#[path = "batch/windows.rs"]
mod windows;
#[path = "batch/writers.rs"]
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
