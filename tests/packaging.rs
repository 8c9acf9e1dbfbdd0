//! What installs the program: units, CronJob, container, Debian package.

#[path = "packaging/cronjob.rs"]
mod cronjob;
#[path = "packaging/files.rs"]
mod files;
#[path = "packaging/kubernetes.rs"]
mod kubernetes;
#[path = "packaging/maintainer.rs"]
mod maintainer;
#[path = "packaging/units.rs"]
mod units;

use std::path::{Path, PathBuf};

/// A file of the repository.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

pub fn text(name: &str) -> String {
    let path = path(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
