//! Every exit code that is documented, driven out of the binary; and the places that document them.

use std::fmt::Write;
use std::time::Duration;

use service_ping::cli::exit;
use service_ping::state::{LeaseAnswer, StateStore};

use crate::delivery::closed_address;
use crate::instance::{NOW, block_on, definition, small, small_with};
use crate::support::cli::Cli;
use crate::support::golden::assert_golden;

type Arguments = &'static [&'static str];

/// An instance, what is wrong with it, and what is asked of it there.
struct Situation {
    name: &'static str,
    cli: Cli,
    asked: &'static [Arguments],
}

const READERS: &[Arguments] = &[
    &["run", "--now", NOW],
    &["generate"],
    &["dump", "sql"],
    &["dump", "non-sql"],
    &["metric", "counts.users"],
    &["explain", "counts.users"],
    &["console", "-e", "count(users)"],
    &["validate"],
    &["test"],
    &["dictionary"],
    &["preview"],
    &["consent", "show"],
    &["doctor"],
];
const KEEPERS: &[Arguments] = &[
    &["run", "--now", NOW],
    &["submit"],
    &["history"],
    &["diff", "last", "last"],
    &["preview", "--last"],
    &["consent", "show"],
    &["bundle", "export"],
    &["serve", "--listen", "127.0.0.1:0"],
    &["doctor"],
];

fn situations() -> Vec<Situation> {
    let situation = |name, cli, asked| Situation { name, cli, asked };
    let invalid = small();
    definition(&invalid, "counts.wrong", "sometimes", "all", "DatabaseMetric", "");
    let no_store = small();
    no_store.write("service-ping.db", &"no database\n".repeat(1000));
    vec![
        situation("in order", small(), READERS),
        situation(
            "a run was kept",
            after_run(small()),
            &[
                &["submit"],
                &["history"],
                &["history", "last"],
                &["diff", "last", "last"],
                &["preview", "--last"],
            ],
        ),
        situation(
            "wrong command line",
            small(),
            &[
                &["run", "--frob"],
                &["submit", "--frob"],
                &["run", "--only", "zzz.*"],
                &["metric", "counts.nothing"],
                &["history", "zzz"],
                &["serve", "--listen", "none"],
                &["demo", "--scale", "-1"],
            ],
        ),
        situation("invalid definition", invalid, READERS),
        situation("invalid configuration", small_with("[state]\nfrob = 1\n"), KEEPERS),
        situation("the store is no store", no_store, KEEPERS),
        situation(
            "nobody listens",
            pointing_at_nobody(),
            &[&["run", "--now", NOW], &["submit"]],
        ),
        situation(
            "reporting is off",
            small_with("[reporting]\nenabled = false\n"),
            &[&["run"], &["submit"], &["bundle", "export"]],
        ),
        situation(
            "DO_NOT_TRACK",
            small().env("DO_NOT_TRACK", "1"),
            &[&["run"], &["submit"], &["bundle", "export"]],
        ),
        situation(
            "nothing was accepted",
            small_with("[reporting]\nconsent = \"explicit\"\n"),
            &[&["run"], &["run", "--dry-run"]],
        ),
        situation(
            "no place to write",
            small(),
            &[
                &["run", "--output", "nowhere/payload.json"],
                &["generate", "--metadata", "nowhere/metadata.json"],
                &["versions", "--listen", "127.0.0.1:0", "--store", "nowhere/versions.db"],
            ],
        ),
        situation(
            "no event store",
            small(),
            &[&["events", "list"], &["events", "track", "x", "1"]],
        ),
    ]
}

fn after_run(cli: Cli) -> Cli {
    cli.run(&["run", "--now", NOW]).expect_code(0);
    cli
}

fn pointing_at_nobody() -> Cli {
    small()
        .env("SERVICE_PING__VERSIONS__URL", &format!("http://{}", closed_address()))
        .env("SERVICE_PING__VERSIONS__ATTEMPTS", "1")
}

#[test]
fn each_verb_ends_with_the_code_that_is_documented() {
    let mut table = String::new();
    let mut seen = Vec::new();
    let mut row = |situation: &str, arguments: &[&str], code: Option<i32>| {
        let code = code.unwrap_or_else(|| panic!("a signal ended {arguments:?}"));
        let arguments = arguments.join(" ").replace(&format!(" --now {NOW}"), "");
        writeln!(table, "{code}  {situation}: {arguments}").expect("a text can be written");
        seen.push(code);
    };
    for situation in situations() {
        for arguments in situation.asked {
            row(situation.name, arguments, situation.cli.run(arguments).code);
        }
    }
    let (held, code) = under_a_lease();
    row("another run holds the lease", held, code);
    assert_golden("cli/exit_codes.txt", &table);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
}

/// This process holds the lease of the job, as another run would.
fn under_a_lease() -> (Arguments, Option<i32>) {
    const RUN: Arguments = &["run"];
    let cli = small();
    let url = format!("sqlite://{}", cli.folder().join("service-ping.db").display());
    let code = block_on(async {
        let store = StateStore::open(&url).await.expect("the store opens");
        let answer = store
            .take_run_lease(Duration::from_secs(300))
            .await
            .expect("the store answers");
        assert!(matches!(answer, LeaseAnswer::Taken(_)));
        cli.run(RUN).code
    });
    (RUN, code)
}

#[test]
fn readme_help_and_manual_say_what_the_codes_mean() {
    let cli = Cli::new().env("COLUMNS", "80");
    let help = cli.run(&["--help"]).expect_code(0).stdout;
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README is there");
    let manual = cli.run(&["man"]).expect_code(0).stdout;
    let table: Vec<&str> = readme
        .lines()
        .skip_while(|line| *line != "## Exit codes")
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .collect();
    let expected: Vec<String> = exit::MEANINGS
        .iter()
        .map(|(code, meaning)| format!("| {code} | {meaning} |"))
        .collect();
    assert_eq!(table, expected);
    for (code, meaning) in exit::MEANINGS {
        assert!(help.contains(&format!("\n  {code:>3}  {meaning}\n")), "{code}: {help}");
        assert!(manual.contains(meaning), "{code}: {manual}");
    }
}

/// No constant of the table of codes is missing from what documents them.
#[test]
fn every_constant_is_documented() {
    let source = include_str!("../../src/cli/exit.rs");
    let codes = source.lines().filter_map(|line| {
        let (_, code) = line.strip_prefix("pub const ")?.split_once(": u8 = ")?;
        code.trim_end_matches(';').parse::<u8>().ok()
    });
    let mut codes: Vec<u8> = codes.collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, exit::MEANINGS.map(|(code, _)| code));
}
