//! A state store that is full, read-only, damaged, or of another version: what is said, and that nothing that waits is
//! lost. Each test holds a payload that waits, and sees it arrive once the store is in order.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::front::Mood;
use crate::instance::{database, json};
use crate::ledger::Ledger;
use crate::support::cli::Outcome;

/// Somebody who is not root, for whom permissions count.
const NOBODY: u32 = 65534;
const PAGE: usize = 4096;

fn outcome(mut command: Command) -> Outcome {
    let output = command.output().expect("the command runs");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// An instance with one payload that waits.
fn waiting() -> Ledger {
    let mut ledger = Ledger::new("");
    ledger.front.set(Mood::Status(503, ""));
    let front = ledger.front.url();
    ledger.run("2026-11-01T02:00:00Z", &front).expect_code(4);
    ledger.front.set(Mood::Forward);
    ledger
}

fn store(ledger: &Ledger) -> PathBuf {
    ledger.cli.folder().join("service-ping.db")
}

/// Every verb that opens the store ends 1, says `part` and what to do, and does not panic.
fn fails_saying(ledger: &Ledger, part: &str) {
    for verb in [&["run", "--now", "2026-11-08T02:00:00Z"][..], &["submit"], &["history"]] {
        let outcome = ledger.cli.run(verb).expect_code(1);
        says(&outcome, part);
    }
    let doctor = ledger.cli.run(&["doctor"]).expect_code(1);
    assert!(
        doctor.stdout.contains("FAIL  state") && doctor.stdout.contains(part),
        "{}",
        doctor.stdout
    );
}

fn says(outcome: &Outcome, part: &str) {
    let error = outcome.stderr.lines().find(|line| line.starts_with("error: "));
    let error = error.unwrap_or_else(|| panic!("{outcome:?}"));
    assert!(
        error.starts_with("error: the state store") && error.contains(part),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
}

/// What waited is sent, and so is what is measured next.
fn recovers(mut ledger: Ledger) {
    let front = ledger.front.url();
    ledger.run("2026-11-08T02:00:00Z", &front).expect_code(0);
    assert_eq!(ledger.close(), 2);
}

#[test]
fn a_file_that_may_not_grow_is_full_and_keeps_what_it_holds() {
    let ledger = waiting();
    // A limit for each file that is written, which the log of what is to be written reaches: at once, or in the middle.
    for blocks in [8, 64] {
        let binary = ledger.cli.command(&[]).get_program().to_owned();
        let mut limited = Command::new("sh");
        limited
            .args([
                "-c",
                &format!("ulimit -f {blocks}; exec \"$0\" run --now 2026-11-08T02:00:00Z"),
            ])
            .arg(binary)
            .env_clear()
            .current_dir(ledger.cli.folder());
        says(&outcome(limited).expect_code(1), "is full: make room");
        let kept = json(&ledger.cli.run(&["history", "--format", "json"]).expect_code(0).stdout);
        assert_eq!(
            kept["runs"].as_array().and_then(|runs| runs.last()).expect("a run")["delivery"],
            "waiting"
        );
    }
    let history = ledger.history();
    assert_eq!(history.iter().filter(|run| run["delivery"] == "waiting").count(), 1);
    let front = ledger.front.url();
    ledger.submit("2026-11-08T03:00:00Z", &front).expect_code(0);
    assert_eq!(
        ledger.history().iter().filter(|run| run["delivery"] == "sent").count(),
        1
    );
}

/// A file system of its own, where this process may make one; what `ulimit` shows elsewhere holds anyway.
#[test]
fn a_full_disk_ends_1_and_is_recovered_from() {
    let ledger = waiting();
    let disk = ledger.cli.folder().join("disk");
    std::fs::create_dir(&disk).expect("the folder is ours");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&disk)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("no file system can be mounted here: the limit of a file's size is tested alone");
        return;
    }
    let _unmounted = Mount(disk.clone());
    let command = |arguments: &[&str]| {
        let mut command = ledger.cli.command(arguments);
        command
            .env("SERVICE_PING__STATE__URL", "sqlite://disk/service-ping.db")
            .env("SERVICE_PING__VERSIONS__URL", ledger.front.url());
        outcome(command)
    };
    ledger.front.set(Mood::Status(503, ""));
    command(&["run", "--now", "2026-11-02T02:00:00Z"]).expect_code(4);
    std::fs::write(disk.join("ballast"), vec![0; 2 << 20]).expect_err("the disk is full");
    ledger.front.set(Mood::Forward);
    says(
        &command(&["run", "--now", "2026-11-08T02:00:00Z"]).expect_code(1),
        "is full: make room",
    );
    says(&command(&["submit"]).expect_code(1), "is full: make room");
    std::fs::remove_file(disk.join("ballast")).expect("the ballast is ours");
    let sent = json(&command(&["submit", "--format", "json"]).expect_code(0).stdout);
    assert_eq!(sent["reports"].as_array().map(Vec::len), Some(1), "{sent}");
}

struct Mount(PathBuf);

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_store_or_folder_that_may_not_be_written_says_so() {
    let ledger = waiting();
    let folder = ledger.cli.folder().to_owned();
    for entry in std::fs::read_dir(&folder).expect("the folder is there") {
        chown(entry.expect("an entry").path(), Some(NOBODY), Some(NOBODY)).expect("root gives files away");
    }
    chown(&folder, Some(NOBODY), Some(NOBODY)).expect("root gives files away");
    let as_nobody = || {
        let mut command = ledger.cli.command(&["run", "--now", "2026-11-08T02:00:00Z"]);
        command.uid(NOBODY).gid(NOBODY);
        outcome(command)
    };
    let file = store(&ledger);
    let modes = |file_mode: u32, folder_mode: u32| {
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("ours");
        std::fs::set_permissions(&file, Permissions::from_mode(file_mode)).expect("ours");
        std::fs::set_permissions(&folder, Permissions::from_mode(folder_mode)).expect("ours");
    };
    modes(0o400, 0o755);
    says(&as_nobody().expect_code(1), "it may only be read here");
    modes(0o000, 0o755);
    says(
        &as_nobody().expect_code(1),
        "check that the user that runs service-ping may write them",
    );
    modes(0o600, 0o555);
    says(&as_nobody().expect_code(1), "write the file and its folder");
    modes(0o600, 0o755);
    recovers(ledger);
}

#[test]
fn a_file_that_is_no_store_says_so_and_is_left_alone() {
    let ledger = waiting();
    let whole = std::fs::read(store(&ledger)).expect("the store is there");
    let mut garbage = whole.clone();
    garbage[..PAGE].fill(0xa5);
    for content in [garbage, b"not a database, but a note of somebody\n".repeat(100)] {
        std::fs::write(store(&ledger), &content).expect("the file is ours");
        fails_saying(&ledger, "is no SQLite database");
        assert!(
            std::fs::read(store(&ledger)).expect("it is there") == content,
            "it was changed"
        );
    }
    std::fs::write(store(&ledger), whole).expect("the file is ours");
    recovers(ledger);
}

#[test]
fn a_store_that_is_damaged_says_so_and_what_to_do() {
    let ledger = waiting();
    let whole = std::fs::read(store(&ledger)).expect("the store is there");
    // All that an operator has is the backup of before.
    let mut pages = whole.clone();
    pages[PAGE..].fill(0xa5);
    for content in [
        pages,
        whole[..whole.len() / 2 / PAGE * PAGE].to_vec(),
        whole[..3 * PAGE + 100].to_vec(),
    ] {
        std::fs::write(store(&ledger), content).expect("the file is ours");
        fails_saying(&ledger, "it is damaged: move it away and save what it holds");
    }
    // One page alone: whoever does not read it goes on, and doctor finds it.
    let mut page = whole.clone();
    let last = whole.len() - PAGE;
    page[last..].fill(0xa5);
    std::fs::write(store(&ledger), page).expect("the file is ours");
    let doctor = ledger.cli.run(&["doctor"]).expect_code(1);
    assert!(doctor.stdout.contains("it is damaged"), "{}", doctor.stdout);
    std::fs::write(store(&ledger), whole).expect("the file is ours");
    recovers(ledger);
}

#[test]
fn a_store_of_a_newer_version_is_named_and_not_touched() {
    let ledger = waiting();
    let older = std::fs::read(store(&ledger)).expect("the store is there");
    database(
        &store(&ledger),
        "INSERT INTO _sqlx_migrations VALUES (99, 'later', '2027-01-01', TRUE, x'00', 1)",
    );
    let newer = std::fs::read(store(&ledger)).expect("the store is there");
    fails_saying(
        &ledger,
        "a newer version of service-ping has written it (its schema is 99)",
    );
    assert!(
        std::fs::read(store(&ledger)).expect("it is there") == newer,
        "it was changed"
    );
    std::fs::write(store(&ledger), older).expect("the file is ours");
    recovers(ledger);
}
