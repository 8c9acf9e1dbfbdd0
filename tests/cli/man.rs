//! The manual pages: one for each verb, and nothing in them that a typesetter complains of.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::help::VERBS;
use crate::instance::names;
use crate::support::cli::Cli;
use crate::support::golden::assert_golden;

fn written() -> Cli {
    let cli = Cli::new();
    cli.run(&["man", "--output", "man"]).expect_code(0);
    cli
}

fn pages() -> impl Iterator<Item = String> {
    let verbs = VERBS.iter().map(|verb| format!("service-ping-{}.1", verb.join("-")));
    std::iter::once("service-ping.1".to_owned()).chain(verbs)
}

/// The page as a terminal of 80 columns shows it, and what groff warns of.
fn rendered(page: &Path) -> (String, String) {
    let groff = Command::new("groff")
        .args(["-man", "-ww", "-Tutf8", "-P-cbou", "-rLL=80n"])
        .arg(page)
        .output();
    let groff = groff.unwrap_or_else(|error| panic!("groff: {error}; install the package groff-base"));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(groff.stdout), text(groff.stderr))
}

#[test]
fn of_each_verb() {
    let cli = written();
    let folder = cli.folder().join("man");
    let found: BTreeSet<_> = names(&folder).into_iter().collect();
    assert_eq!(found, pages().map(Into::into).collect());
    for page in pages() {
        assert_golden(&format!("cli/man/{page}"), &cli.read(&format!("man/{page}")));
    }
    let program = cli.run(&["man"]).expect_code(0);
    assert_eq!(program.stdout, cli.read("man/service-ping.1"));
}

#[test]
fn are_set_without_a_warning_at_80_columns() {
    let cli = written();
    for page in pages() {
        let (text, warnings) = rendered(&cli.folder().join("man").join(&page));
        assert_eq!(warnings, "", "{page}");
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{page}: {wide:#?}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS"] {
            assert!(text.lines().any(|line| line == section), "{page}: {section}");
        }
    }
}

#[test]
fn say_what_help_says_of_every_option() {
    let cli = written();
    for verb in VERBS {
        let page = format!("man/service-ping-{}.1", verb.join("-"));
        let (text, _) = rendered(&cli.folder().join(page));
        let help = cli.run(&[verb, &["--help"]].concat()).expect_code(0).stdout;
        let lines = help.lines().map(str::trim_start);
        let options = lines.filter_map(|line| {
            line.split_whitespace()
                .find(|word| line.starts_with('-') && word.starts_with("--"))
        });
        for option in options {
            let name = option.split(['=', '[', ',']).next().expect("a name");
            assert!(text.contains(name), "{verb:?}: {name}");
        }
    }
}

#[test]
fn a_page_that_is_wrong_is_found() {
    let cli = Cli::new();
    let page = cli.write("wrong.1", ".TH x 1\n.SH NAME\nx \\- caf\u{e9} \\*(zz\n");
    assert_ne!(rendered(&page).1, "");
}
