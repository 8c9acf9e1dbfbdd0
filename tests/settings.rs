//! What an instance knows of itself: its licence, its settings, its components, its databases.

mod support;

#[path = "settings/component.rs"]
mod component;
#[path = "settings/components.rs"]
mod components;
#[path = "settings/databases.rs"]
mod databases;
#[path = "settings/geo.rs"]
mod geo;
#[path = "settings/instance.rs"]
mod instance;
#[path = "settings/license.rs"]
mod license;
#[path = "settings/payload.rs"]
mod payload;
#[path = "shipped/instance.rs"]
#[expect(dead_code, reason = "the tests of shipped definitions use the rest of it")]
mod sample;
#[path = "settings/tables.rs"]
mod tables;

/// Runs what is asynchronous in a test that is not.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(future)
}
