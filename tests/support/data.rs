//! Real inputs, read from beside the checkout and never copied in.

use std::path::{Path, PathBuf};

/// `path` inside the folder of real inputs: `SERVICE_PING_COMPAT_DATA`, or `../shared/data` beside the checkout. Where
/// it is absent this says that the test was not run, and the test should return.
pub fn compat_data(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SERVICE_PING_COMPAT_DATA").map_or_else(beside_the_checkout, PathBuf::from);
    let wanted = folder.join(path);
    if wanted.exists() {
        return Some(wanted);
    }
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!(
        "NOT RUN: {test}: {} is absent; set SERVICE_PING_COMPAT_DATA to the folder of real inputs",
        wanted.display()
    );
    None
}

fn beside_the_checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data")
}
