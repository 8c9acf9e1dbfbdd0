use service_ping::config::{Config, Environment};

use super::folder::{fill, folder};

thread_local! {
    static FOLDER: tempfile::TempDir = folder();
}

/// A configuration: read, or refused with problems that can be shown.
pub fn config(bytes: &[u8]) {
    FOLDER.with(|folder| {
        fill(folder.path(), &[("service-ping.toml", bytes)]);
        let environment: Environment = [("HOME", "/nowhere"), ("SECRET", "s3cr3t")].into_iter().collect();
        match Config::load_from(folder.path(), None, &environment) {
            Ok(config) => assert!(!format!("{config:?}").contains("s3cr3t")),
            Err(errors) => {
                assert!(!errors.problems().is_empty());
                assert!(!errors.to_string().contains("s3cr3t"), "{errors}");
            }
        }
    });
}
