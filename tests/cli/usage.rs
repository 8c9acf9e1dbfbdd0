//! Command lines that cannot be understood, and values at the edge of sense.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::instance::{NOW, shipped, small};
use crate::support::cli::Cli;

#[test]
fn a_wrong_command_line_ends_2_and_says_what_is_wrong() {
    let cli = small();
    let cases: [(&[&str], &str); 14] = [
        (&["frobnicate"], "unrecognized subcommand 'frobnicate'"),
        (&["validat"], "similar subcommand exists: 'validate'"),
        (&["run", "--frob"], "unexpected argument '--frob'"),
        (&["run", "--dry-rnu"], "'--dry-run'"),
        (&["metric"], "<KEY_OR_CLASS>"),
        (&["metric", "counts.user"], "did you mean \"counts.users\""),
        (&["metric", "counts.users", "--option", "x"], "key=value"),
        (&["dump"], "Usage: service-ping dump"),
        (&["run", "--format", "yaml"], "possible values: human, json"),
        (&["run", "--only", "["], "--only"),
        (&["run", "--only", "zzz.*"], "--only zzz.* matches no metric"),
        (&["--now", "yesterday", "run"], "--now"),
        (&["versions", "--listen", "127.0.0.1:99999"], "--listen"),
        (&["completions", "tcsh"], "possible values: bash"),
    ];
    for (arguments, says) in cases {
        let outcome = cli.run(arguments).expect_code(2);
        assert_eq!(outcome.stdout, "", "{arguments:?}");
        assert!(outcome.stderr.contains(says), "{arguments:?}: {}", outcome.stderr);
    }
    assert!(!cli.folder().join("service-ping.db").exists(), "nothing was begun");
}

#[test]
fn no_verb_shows_the_help_and_ends_2() {
    let outcome = Cli::new().run(&[]).expect_code(2);
    assert!(outcome.stderr.contains("Usage: service-ping"), "{}", outcome.stderr);
}

#[test]
fn a_scale_that_makes_no_sample_ends_2_and_leaves_no_sample() {
    let definitions = shipped().display().to_string();
    for scale in ["-1", "0", "1e9", "1001", "nan", "inf", "-inf", "1e999"] {
        let cli = Cli::new();
        let scale = format!("--scale={scale}");
        let outcome = cli.run(&["demo", "--definitions", &definitions, &scale]).expect_code(2);
        assert!(
            outcome.stderr.contains("a number above 0 and up to 1000"),
            "{scale}: {}",
            outcome.stderr
        );
        assert!(!cli.folder().join("demo/instance.db").exists());
    }
    let outcome = Cli::new().run(&["demo", "--scale", "-1"]).expect_code(2);
    assert!(outcome.stderr.contains("a scale of -1"), "{}", outcome.stderr);
}

#[test]
fn an_instant_out_of_reach_ends_2() {
    let cli = small();
    for now in [
        "+262142-12-31T23:59:59Z",
        "-262143-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
    ] {
        let outcome = cli.run(&[&format!("--now={now}"), "dump", "sql"]).expect_code(2);
        assert_eq!(outcome.stdout, "", "{now}");
    }
    for now in ["1970-01-01T00:00:00Z", "9000-12-31T23:59:59.999+14:00"] {
        cli.run(&["--now", now, "generate"]).expect_code(0);
    }
}

/// Arguments that are hostile, in each place of each verb: never a panic, never a code that no contract names.
#[test]
fn no_argument_makes_it_panic() {
    let verbs: [&[&str]; 11] = [
        &["demo", "--scale"],
        &["init"],
        &["run", "--dry-run", "--definitions"],
        &["run", "--dry-run", "--only"],
        &["generate", "--metadata"],
        &["dump", "sql", "--only"],
        &["metric"],
        &["metric", "counts.users", "--option"],
        &["validate", "--definitions"],
        &["preview", "--config"],
        &["versions", "--listen"],
    ];
    let values = [
        "",
        " ",
        "-",
        "--",
        "..",
        "\u{202e}ping",
        "a\nb",
        "*{",
        "=",
        "\u{1F9EA}",
        "99999999999999999999",
    ];
    for verb in verbs {
        for value in values {
            let cli = small();
            let outcome = cli.run(&[verb, &[value]].concat());
            assert!(matches!(outcome.code, Some(0..=4)), "{verb:?} {value:?}: {outcome:?}");
            assert!(
                !outcome.stderr.contains("panicked"),
                "{verb:?} {value:?}: {}",
                outcome.stderr
            );
        }
    }
}

#[test]
fn arguments_need_not_be_utf_8() {
    let cli = small();
    let invalid = || OsString::from_vec(vec![b'x', 0xff]);
    let run = |arguments: Vec<OsString>| {
        let output = cli
            .command(&["--now", NOW])
            .args(arguments)
            .output()
            .expect("the binary runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    for verb in [
        vec!["metric"],
        vec!["dump", "sql", "--only"],
        vec!["demo", "--scale"],
        vec![],
    ] {
        let arguments: Vec<OsString> = verb.iter().map(OsString::from).chain([invalid()]).collect();
        let (code, says) = run(arguments);
        assert_eq!(code, Some(2), "{verb:?}: {says}");
    }
    for verb in [vec!["demo"], vec!["versions", "--store"]] {
        let arguments: Vec<OsString> = verb.iter().map(OsString::from).chain([invalid()]).collect();
        let (code, says) = run(arguments);
        assert_eq!(code, Some(2), "{verb:?}: {says}");
        assert!(says.contains("is not UTF-8"), "{verb:?}: {says}");
    }
    // A path that no URL is made of may be anything.
    let (code, says) = run(vec!["init".into(), invalid()]);
    assert_eq!(code, Some(0), "{says}");
    let (code, says) = run(vec!["validate".into(), "--definitions".into(), invalid()]);
    assert_eq!(code, Some(0), "{says}");
}
