//! The CronJob, held strictly against Kubernetes' own schemas. Where kubernetes-validate is missing these tests fail;
//! scripts/test installs it.

use std::path::PathBuf;
use std::process::Command;

use super::text;

/// The oldest Kubernetes whose CronJobs have a time zone for good, and the newest that there are schemas of.
const VERSIONS: [&str; 2] = ["1.27.0", "1.37.0"];

/// Where scripts/servers.sh puts it.
fn validator() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let tools = cache.or_else(home).expect("a home").join("service-ping");
    let script = text("scripts/servers.sh");
    let version = script
        .lines()
        .find_map(|line| line.strip_prefix("readonly KUBERNETES_VALIDATE="))
        .expect("a version");
    tools.join(format!("kubernetes-validate-{version}/bin/kubernetes-validate"))
}

/// What it says against a document; nothing where all is well.
fn problems(document: &str, version: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cronjob.yaml");
    std::fs::write(&file, document).expect("writable");
    let program = validator();
    let output = Command::new(&program)
        .args(["--strict", "-k", version])
        .arg(&file)
        .output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}; run scripts/test", program.display()));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (!output.status.success()).then_some(said)
}

#[test]
fn kubernetes_knows_every_field_of_the_cronjob() {
    for version in VERSIONS {
        let said = problems(&text("packaging/kubernetes/cronjob.yaml"), version);
        assert_eq!(said, None, "Kubernetes {version}");
    }
}

#[test]
fn a_field_that_it_does_not_know_and_a_wrong_type_are_found() {
    let sound = text("packaging/kubernetes/cronjob.yaml");
    for (right, wrong, says) in [
        ("concurrencyPolicy:", "concurencyPolicy:", "concurencyPolicy"),
        (
            "readOnlyRootFilesystem:",
            "readOnlyRootFileSystem:",
            "readOnlyRootFileSystem",
        ),
        (
            "startingDeadlineSeconds: 86400",
            "startingDeadlineSeconds: a day",
            "a day",
        ),
        ("  schedule: ", "  plan: ", "schedule"),
    ] {
        let planted = sound.replace(right, wrong);
        assert_ne!(planted, sound, "{right} is there");
        let said = problems(&planted, VERSIONS[1]).unwrap_or_default();
        assert!(said.contains(says), "{wrong}: {said}");
    }
}
