//! The console: its language, and its prompt on a pseudo-terminal.

#[path = "console/examples.rs"]
mod examples;
#[path = "console/grammar.rs"]
mod grammar;
#[path = "shipped/instance.rs"]
mod instance;
#[path = "batch/oracle.rs"]
mod oracle;
#[path = "console/prompt.rs"]
mod prompt;
#[path = "console/pty.rs"]
mod pty;

mod support;

/// Runs what is asynchronous in a test that is not.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}
