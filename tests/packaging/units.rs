//! systemd's own verdict on the units. Where systemd-analyze is missing these tests fail; scripts/test installs it.

use std::path::Path;
use std::process::{Command, Output};

use super::text;

const UNITS: [&str; 3] = [
    "service-ping.service",
    "service-ping.timer",
    "service-ping-serve.service",
];
const INSTALLED: &str = "/usr/bin/service-ping";

/// The units as they would be installed, but for the program's place: verify wants it to be there.
fn installed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for unit in UNITS {
        let text = text(&format!("packaging/{unit}"));
        let here = text.replace(INSTALLED, env!("CARGO_BIN_EXE_service-ping"));
        std::fs::write(folder.path().join(unit), here).unwrap();
    }
    folder
}

fn analyze(arguments: &[&str], unit: &Path) -> Output {
    let output = Command::new("systemd-analyze").args(arguments).arg(unit).output();
    output.unwrap_or_else(|error| panic!("systemd-analyze: {error}; install the package systemd"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn systemd_has_nothing_to_say_against_any_unit() {
    let folder = installed();
    for unit in UNITS {
        let output = analyze(&["verify", "--man=no"], &folder.path().join(unit));
        assert!(
            output.status.success() && said(&output).is_empty(),
            "{unit}: {}",
            said(&output)
        );
    }
}

#[test]
fn verify_does_find_what_is_wrong() {
    let folder = installed();
    let unit = folder.path().join("service-ping.service");
    let broken = std::fs::read_to_string(&unit)
        .unwrap()
        .replace("Type=oneshot", "Type=weekly");
    std::fs::write(&unit, broken).unwrap();
    assert!(said(&analyze(&["verify", "--man=no"], &unit)).contains("weekly"));
}

#[test]
fn the_services_are_exposed_to_little() {
    let folder = installed();
    for unit in ["service-ping.service", "service-ping-serve.service"] {
        // systemd's score from 0, safe, to 10; it stands here times ten.
        let output = analyze(
            &["security", "--offline=true", "--threshold=20", "--no-pager"],
            &folder.path().join(unit),
        );
        assert!(output.status.success(), "{unit}: {}", said(&output));
    }
}

#[test]
fn the_units_start_what_the_program_understands() {
    for (unit, verb) in [("service-ping.service", "run"), ("service-ping-serve.service", "serve")] {
        let unit = text(&format!("packaging/{unit}"));
        let line = unit
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart="))
            .expect("a command");
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words[0], INSTALLED);
        assert!(words.contains(&verb), "{line}");
        let help = Command::new(env!("CARGO_BIN_EXE_service-ping"))
            .args(&words[1..])
            .arg("--help")
            .output()
            .unwrap();
        assert!(help.status.success(), "{}", said(&help));
    }
}

#[test]
fn the_timer_makes_up_a_missed_week_and_spreads_a_fleet() {
    let timer = text("packaging/service-ping.timer");
    for line in [
        "Persistent=true",
        "RandomizedDelaySec=1h",
        "OnCalendar=Sun *-*-* 02:00:00 UTC",
    ] {
        assert!(timer.lines().any(|found| found == line), "{line}");
    }
    let service = text("packaging/service-ping.service");
    assert!(service.contains("\nType=oneshot\n") && service.contains("\nSuccessExitStatus=4 5 6\n"));
}
