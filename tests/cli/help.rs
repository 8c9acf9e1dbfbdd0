//! What `--help` says, at 80 columns.

use crate::support::cli::Cli;
use crate::support::golden::assert_golden;

/// Every verb, also those within verbs.
pub const VERBS: [&[&str]; 67] = [
    &["demo"],
    &["init"],
    &["run"],
    &["generate"],
    &["dump"],
    &["dump", "sql"],
    &["dump", "non-sql"],
    &["metric"],
    &["explain"],
    &["console"],
    &["events"],
    &["events", "track"],
    &["events", "increment"],
    &["events", "unique"],
    &["events", "list"],
    &["events", "copy"],
    &["validate"],
    &["test"],
    &["dictionary"],
    &["new"],
    &["new", "metric"],
    &["new", "event"],
    &["new", "aggregate"],
    &["preview"],
    &["history"],
    &["diff"],
    &["submit"],
    &["snowplow"],
    &["snowplow", "track"],
    &["snowplow", "billing"],
    &["snowplow", "drain"],
    &["snowplow", "spool"],
    &["snowplow", "dead-letters"],
    &["snowplow", "dead-letters", "list"],
    &["snowplow", "dead-letters", "replay"],
    &["snowplow", "collector"],
    &["job"],
    &["job", "exec"],
    &["usage-log"],
    &["usage-log", "check"],
    &["serve"],
    &["token"],
    &["token", "add"],
    &["token", "list"],
    &["token", "revoke"],
    &["geo"],
    &["geo", "update"],
    &["geo", "status"],
    &["consent"],
    &["consent", "show"],
    &["consent", "diff"],
    &["consent", "accept"],
    &["consent", "revoke"],
    &["bundle"],
    &["bundle", "export"],
    &["bundle", "verify"],
    &["bundle", "import"],
    &["bundle", "receipt"],
    &["versions"],
    &["versions", "export"],
    &["versions", "token"],
    &["versions", "token", "add"],
    &["versions", "token", "list"],
    &["versions", "token", "revoke"],
    &["doctor"],
    &["completions"],
    &["man"],
];

fn cli() -> Cli {
    Cli::new().env("COLUMNS", "80")
}

#[test]
fn of_the_program() {
    let help = cli().run(&["--help"]).expect_code(0);
    assert_eq!(help.stderr, "");
    assert_golden("cli/help/service-ping.txt", &help.stdout);
}

#[test]
fn of_each_verb() {
    let cli = cli();
    for verb in VERBS {
        let help = cli.run(&[verb, &["--help"]].concat()).expect_code(0);
        assert_eq!(help.stderr, "");
        assert_golden(&format!("cli/help/{}.txt", verb.join("-")), &help.stdout);
    }
}

#[test]
fn every_verb_is_seen() {
    let help = cli().run(&["--help"]).expect_code(0).stdout;
    let listed = help
        .split("Commands:")
        .nth(1)
        .and_then(|rest| rest.split("Options:").next());
    let listed = listed
        .expect("a list of verbs")
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let listed: Vec<&str> = listed
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    let known: Vec<&str> = VERBS
        .iter()
        .filter(|verb| verb.len() == 1)
        .map(|verb| verb[0])
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn no_line_is_wider_than_the_terminal_and_every_default_is_said() {
    let cli = cli();
    for verb in VERBS {
        let help = cli.run(&[verb, &["-h"]].concat()).expect_code(0).stdout;
        let wide: Vec<&str> = help.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{verb:?}: {wide:#?}");
        for option in options(&help) {
            let one_value = option.contains('<') && !option.contains("several times") && !option.contains("Also write");
            let required = ["An option of the class", "The store that", "The job's payload"]
                .iter()
                .any(|text| option.contains(text));
            assert!(
                !one_value || required || option.contains("default"),
                "{verb:?}: {option}"
            );
        }
    }
}

/// The text of each option, on one line.
fn options(help: &str) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    for line in help.lines().skip_while(|line| !line.starts_with("Options:")) {
        if line.trim_start().starts_with('-') {
            options.push(String::new());
        }
        if let Some(option) = options.last_mut() {
            option.push_str(line.trim());
            option.push(' ');
        }
    }
    options
}
