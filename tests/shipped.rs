//! Every shipped database metric on a sample instance: the computed value is the dumped statement's own.

#[path = "shipped/computed.rs"]
mod computed;
#[path = "shipped/instance.rs"]
mod instance;
#[path = "batch/oracle.rs"]
mod oracle;
#[path = "shipped/reviews.rs"]
mod reviews;
#[path = "shipped/values.rs"]
mod values;

mod support;

/// Runs what is asynchronous in a test that is not.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}
