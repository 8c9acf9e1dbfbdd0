//! systemd's own verdict on the units. Where systemd-analyze is missing these tests fail; scripts/test installs it.

use std::path::Path;
use std::process::{Command, Output};

use super::text;

const UNITS: [&str; 5] = [
    "service-ping.service",
    "service-ping.timer",
    "service-ping-submit.service",
    "service-ping-submit.timer",
    "service-ping-serve.service",
];
/// Each service, and the verb that it starts.
const SERVICES: [(&str, &str); 3] = [
    ("service-ping.service", "run"),
    ("service-ping-submit.service", "submit"),
    ("service-ping-serve.service", "serve"),
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
    for (unit, _) in SERVICES {
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
    for (unit, verb) in SERVICES {
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

/// systemd tells when a calendar's times are: 8, 16 and 24 hours after the weekly job, and on.
#[test]
fn what_was_not_delivered_is_tried_again_every_eight_hours() {
    let times = |unit: &str, many: &str| {
        let timer = text(&format!("packaging/{unit}"));
        let calendar = timer.lines().find_map(|line| line.strip_prefix("OnCalendar="));
        let output = Command::new("systemd-analyze")
            .args(["calendar", "--base-time=2026-11-08 01:59:59 UTC", "--iterations", many])
            .arg(calendar.expect("a calendar"))
            .env("TZ", "UTC")
            .output()
            .expect("systemd-analyze runs");
        let said = said(&output);
        let is_time = |line: &&str| line.contains("Next elapse: ") || line.contains("Iter. #");
        let lines = said.lines().filter(is_time);
        let times = lines.filter_map(|line| line.split_once(": ").map(|(_, time)| time.trim().to_owned()));
        times.collect::<Vec<String>>()
    };
    assert_eq!(times("service-ping.timer", "1"), ["Sun 2026-11-08 02:00:00 UTC"]);
    let again = times("service-ping-submit.timer", "4");
    let expected = [
        "Sun 2026-11-08 02:00:00 UTC",
        "Sun 2026-11-08 10:00:00 UTC",
        "Sun 2026-11-08 18:00:00 UTC",
        "Mon 2026-11-09 02:00:00 UTC",
    ];
    assert_eq!(again, expected);
    let timer = text("packaging/service-ping-submit.timer");
    for line in [
        "Persistent=true",
        "RandomizedDelaySec=1h",
        "Unit=service-ping-submit.service",
    ] {
        assert!(timer.lines().any(|found| found == line), "{line}");
    }
}

#[test]
fn a_run_that_failed_is_tried_again_and_one_that_cannot_go_well_is_not() {
    let service = text("packaging/service-ping.service");
    for line in [
        "Restart=on-failure",
        "RestartSec=8h",
        "RestartPreventExitStatus=2 3",
        "StartLimitBurst=4",
    ] {
        assert!(service.lines().any(|found| found == line), "{line}");
    }
    let submit = text("packaging/service-ping-submit.service");
    assert!(submit.contains("\nSuccessExitStatus=4 6\n"));
}

/// Every service is confined as its siblings are.
#[test]
fn the_services_are_hardened_alike() {
    let confinement = |unit: &str| {
        let unit = text(&format!("packaging/{unit}"));
        let begin = unit.find("User=service-ping").expect("a user");
        let end = unit.find("\n[Install]").unwrap_or(unit.len());
        unit[begin..end].trim_end().to_owned()
    };
    let [first, others @ ..] = SERVICES.map(|(unit, _)| confinement(unit));
    assert!(others.iter().all(|other| *other == first), "{others:#?}");
}
