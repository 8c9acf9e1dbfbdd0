//! What the package's scripts do, on a root of their own: the commands that would change the machine only say so. The
//! package as a whole is installed in a Debian of its own by `scripts/package test`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::path;

/// A root with the package's files in it, and commands that write down how they were called.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Machine {
        let machine = Machine {
            folder: tempfile::tempdir().expect("a folder"),
        };
        for folder in ["bin", "etc/service-ping", "var/lib/service-ping/deep"] {
            std::fs::create_dir_all(machine.at(folder)).expect("writable");
        }
        let config = machine.at("etc/service-ping/service-ping.toml");
        std::fs::copy(path("packaging/service-ping.toml"), config).expect("writable");
        for command in ["adduser", "chown", "systemctl"] {
            machine.command(command, &format!("echo \"{command} $*\" >> \"$DPKG_ROOT/calls\""));
        }
        machine.command("getent", "exit 2");
        machine
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, name: &str, does: &str) {
        let file = self.at("bin").join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{does}\n")).expect("writable");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("ours");
    }

    fn has_systemd(self) -> Machine {
        std::fs::create_dir_all(self.at("run/systemd/system")).expect("writable");
        self
    }

    /// What a script of the package calls, and what it leaves.
    fn calls(&self, script: &str, arguments: &[&str]) -> Vec<String> {
        let script = path("packaging/debian").join(script);
        let own = format!("{}:/usr/bin:/bin", self.at("bin").display());
        let status = Command::new("sh")
            .arg(&script)
            .args(arguments)
            .env_clear()
            .env("PATH", own)
            .env("DPKG_ROOT", self.folder.path())
            .status();
        assert!(status.expect("a shell").success(), "{} {arguments:?}", script.display());
        let calls = std::fs::read_to_string(self.at("calls")).unwrap_or_default();
        let _ = std::fs::remove_file(self.at("calls"));
        calls.lines().map(str::to_owned).collect()
    }

    fn mode(&self, name: &str) -> u32 {
        let metadata = std::fs::metadata(self.at(name)).expect("it is there");
        metadata.permissions().mode() & 0o777
    }
}

fn has(folder: &Path, name: &str) -> bool {
    folder.join(name).exists()
}

#[test]
fn installing_makes_the_user_and_starts_nothing() {
    let machine = Machine::new();
    let calls = machine.calls("postinst", &["configure", ""]);
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls[0].starts_with("adduser --system --group ") && calls[0].ends_with(" service-ping"));
    assert!(calls[0].contains("--shell /usr/sbin/nologin"), "{calls:?}");
    assert!(calls[1].starts_with("chown root:service-ping "), "{calls:?}");
    assert_eq!(machine.mode("etc/service-ping/service-ping.toml"), 0o640);
}

#[test]
fn an_update_keeps_the_user_and_restarts_what_runs() {
    let machine = Machine::new().has_systemd();
    machine.command("getent", "exit 0");
    let calls = machine.calls("postinst", &["configure", "0.1.0"]);
    assert_eq!(
        calls[1..],
        [
            "systemctl daemon-reload",
            "systemctl try-restart service-ping-serve.service"
        ],
        "{calls:?}"
    );
    assert!(machine.calls("prerm", &["upgrade", "0.2.0"]).is_empty());
}

#[test]
fn an_operator_who_took_the_configuration_away_is_not_given_one() {
    let machine = Machine::new();
    std::fs::remove_dir_all(machine.at("etc/service-ping")).expect("it was there");
    let calls = machine.calls("postinst", &["configure", ""]);
    assert_eq!(calls.len(), 1, "{calls:?}");
}

#[test]
fn removing_stops_it_and_only_a_purge_takes_what_it_kept() {
    let machine = Machine::new().has_systemd();
    let calls = machine.calls("prerm", &["remove"]);
    assert_eq!(
        calls,
        ["systemctl disable --now service-ping.timer service-ping-submit.timer service-ping-serve.service"]
    );
    machine.calls("postrm", &["remove"]);
    assert!(has(machine.folder.path(), "var/lib/service-ping/deep"));
    machine.calls("postrm", &["purge"]);
    assert!(!has(machine.folder.path(), "var/lib/service-ping") && has(machine.folder.path(), "var/lib"));
    // Without systemd nothing is asked of it, and a second purge finds nothing to do.
    let plain = Machine::new();
    std::fs::remove_dir_all(plain.at("var/lib/service-ping")).expect("it was there");
    assert!(plain.calls("prerm", &["remove"]).is_empty());
    assert!(plain.calls("postrm", &["purge"]).is_empty());
}
