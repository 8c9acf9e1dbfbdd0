//! Completions that shells accept.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::cli::Cli;

const VERBS: [&str; 11] = [
    "demo",
    "init",
    "run",
    "generate",
    "dump",
    "metric",
    "validate",
    "preview",
    "versions",
    "doctor",
    "completions",
];

#[test]
fn name_every_verb_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Cli::new().run(&["completions", shell]).expect_code(0);
        assert_eq!(script.stderr, "");
        for verb in VERBS {
            assert!(script.stdout.contains(verb), "{shell}: {verb}");
        }
    }
}

#[test]
fn bash_parses_them_and_completes_a_verb() {
    let script = Cli::new().run(&["completions", "bash"]).expect_code(0).stdout;
    let (accepted, says) = bash(&["-n"], &script);
    assert!(accepted, "{says}");
    let probe = "\nCOMP_WORDS=(service-ping pre); COMP_CWORD=1; COMPREPLY=()\n\
                 _service__ping service-ping pre service-ping; printf '%s\\n' \"${COMPREPLY[@]}\"\n";
    let (accepted, says) = bash(&[], &(script + probe));
    assert!(accepted && says.contains("preview"), "{says}");
}

/// Whether bash took the script, and what it printed.
fn bash(arguments: &[&str], script: &str) -> (bool, String) {
    let mut command = Command::new("bash");
    command
        .arg("--norc")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("bash is there");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(script.as_bytes()).expect("bash reads");
    drop(stdin);
    let output = child.wait_with_output().expect("bash ends");
    let says = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), says)
}
