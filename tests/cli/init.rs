//! `init`: a folder that works as it stands.

use crate::instance::{json, names};
use crate::support::cli::Cli;
use crate::support::golden::assert_golden;

#[test]
fn makes_a_folder_that_passes_validation() {
    let cli = Cli::new();
    let made = cli.run(&["init", "ping"]).expect_code(0);
    assert_eq!(made.stdout, "");
    assert_golden("cli/init.txt", &made.stderr);
    let here = Cli::new();
    here.run(&["init"]).expect_code(0);
    let checked = here.run(&["validate", "--deny-warnings"]).expect_code(0);
    assert_eq!(checked.stdout, "");
    assert!(
        checked
            .stderr
            .contains("3 metrics and 1 declared class: 0 errors, 0 warnings"),
        "{}",
        checked.stderr
    );
    let payload = here.run(&["preview"]).expect_code(0).stdout;
    assert_eq!(json(&payload)["counts"]["users"], -1, "no database is configured yet");
}

#[test]
fn refuses_to_write_over_anything() {
    let cli = Cli::new();
    cli.write("ping/service-ping.toml", "# mine\n");
    let refused = cli.run(&["init", "ping"]).expect_code(2);
    assert!(
        refused
            .stderr
            .contains("ping/service-ping.toml is there already; --force writes over it"),
        "{}",
        refused.stderr
    );
    assert_eq!(cli.read("ping/service-ping.toml"), "# mine\n");
    assert_eq!(
        names(&cli.folder().join("ping")).len(),
        1,
        "nothing else was written either"
    );
    cli.run(&["init", "ping", "--force"]).expect_code(0);
    assert_ne!(cli.read("ping/service-ping.toml"), "# mine\n");
}

#[test]
fn says_why_it_cannot_write() {
    let cli = Cli::new();
    cli.write("file", "");
    let refused = cli.run(&["init", "file/ping"]).expect_code(1);
    assert!(
        refused.stderr.starts_with("error: file/ping") && refused.stderr.contains("because: "),
        "{}",
        refused.stderr
    );
}
