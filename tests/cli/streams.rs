//! stdout for results, stderr for the rest, and readers that go away.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::instance::{NOW, configuration, json, small, small_with};
use crate::support::cli::Cli;

#[test]
fn head_is_success() {
    let cli = Cli::new();
    cli.write("service-ping.toml", &configuration(""));
    let mut child = cli
        .command(&["dump", "sql"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut first = String::new();
    // Dropped with the first line: far more is written than a pipe holds.
    BufReader::with_capacity(16, child.stdout.take().expect("a pipe"))
        .read_line(&mut first)
        .expect("a line");
    assert!(first.contains(": SELECT "), "{first}");
    let mut said = String::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut said)
        .expect("UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{said}");
    // No database is configured, which is said before anything is written; nothing is said of the pipe.
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("tables of [database.main] are taken to have an id"),
        "{said}"
    );
}

#[test]
fn a_closed_stderr_or_stdout_ends_no_run() {
    for format in ["text", "json"] {
        let cli = small();
        cli.write("metrics/bad.yml", "key_path: [\n");
        let arguments = ["run", "--skip-invalid", "--now", NOW, "--log-format", format];
        let mut child = cli
            .command(&arguments)
            .env("SERVICE_PING_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        drop(child.stdout.take());
        drop(child.stderr.take());
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{arguments:?}");
        assert_eq!(
            json(&cli.run(&["preview", "--last", "--skip-invalid"]).expect_code(0).stdout)["counts"]["users"],
            3
        );
    }
}

#[test]
fn stdout_holds_the_result_alone() {
    let cli = small_with("[versions]\nurl = \"http://127.0.0.1:1\"\nattempts = 1\n").env("SERVICE_PING_LOG", "debug");
    let machine: [(&[&str], i32); 8] = [
        (&["generate"], 0),
        (&["preview"], 0),
        (&["run", "--format", "json"], 4),
        (&["run", "--dry-run", "--format", "json"], 0),
        (&["dump", "sql", "--format", "json"], 0),
        (&["metric", "counts.users", "--format", "json"], 0),
        (&["doctor", "--format", "json"], 0),
        (&["validate", "--format", "json"], 0),
    ];
    for (arguments, code) in machine {
        let outcome = cli.run(arguments).expect_code(code);
        json(&outcome.stdout);
    }
    for arguments in [
        &["validate"][..],
        &["init", "new"],
        &["run", "--only", "no"],
        &["--config", "no", "run"],
    ] {
        assert_eq!(cli.run(arguments).stdout, "", "{arguments:?}");
    }
}

#[test]
fn log_lines_are_json_where_that_is_asked_for() {
    let cli = small().env("SERVICE_PING_LOG", "debug");
    cli.write("bad.toml", "[reporting]\nenabeld = true\n");
    cli.write("metrics/bad.yml", "key_path: [\n");
    let cases: [(&[&str], i32); 6] = [
        (&["run", "--skip-invalid"], 0),
        (&["generate"], 3),
        (&["validate"], 3),
        (&["--config", "bad.toml", "run"], 3),
        (&["preview", "--skip-invalid"], 0),
        (&["init", "new"], 0),
    ];
    for (arguments, code) in cases {
        let outcome = cli
            .run(&[arguments, &["--log-format", "json"]].concat())
            .expect_code(code);
        assert!(!outcome.stderr.is_empty(), "{arguments:?}");
        for line in outcome.stderr.lines() {
            assert!(json(line)["fields"]["message"].is_string(), "{arguments:?}: {line}");
        }
    }
    let quiet = small().run(&["run", "--log-format", "json"]).expect_code(0);
    assert!(
        quiet.stderr.lines().all(|line| json(line)["level"] == "INFO"),
        "{}",
        quiet.stderr
    );
}

#[test]
fn colours_are_for_those_who_ask() {
    let cli = small();
    cli.write("metrics/bad.yml", "key_path: [\n");
    let coloured = |arguments: &[&str], no_color: &str| {
        let mut command = cli.command(&[&["validate"], arguments].concat());
        command.env_remove("NO_COLOR");
        if !no_color.is_empty() {
            command.env("NO_COLOR", no_color);
        }
        let output = command.output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(3));
        output.stderr.contains(&0x1b)
    };
    assert!(!coloured(&[], ""), "a pipe is no terminal");
    assert!(coloured(&["--color", "always"], ""));
    assert!(coloured(&["--color", "always"], "1"), "the flag is more specific");
    assert!(!coloured(&["--color", "never"], ""));
    assert!(!coloured(&["--color", "auto"], "1"));
}

/// One place writes to stderr and one to stdout, so that neither can panic when its reader goes away.
#[test]
fn nothing_prints_by_a_macro_that_panics() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                let prints = ["println!", "print!(", "dbg!("].iter().any(|name| line.contains(name));
                assert!(!prints, "{}: {line}", path.display());
            }
        }
    }
}
