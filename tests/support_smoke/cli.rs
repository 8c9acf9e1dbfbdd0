use std::process::Stdio;

use crate::support::cli::Cli;

#[test]
fn the_binary_runs_in_its_own_folder_and_environment() {
    let cli = Cli::new().env("SERVICE_PING__DEFINITIONS", "defs");
    assert_eq!(
        cli.write("defs/a.yml", "x").parent().and_then(|folder| folder.parent()),
        Some(cli.folder())
    );
    assert_eq!(cli.read("defs/a.yml"), "x");
    let command = cli.command(&["--version"]);
    let variables: Vec<_> = command.get_envs().filter_map(|(name, _)| name.to_str()).collect();
    assert!(
        variables.contains(&"SERVICE_PING__DEFINITIONS") && variables.contains(&"HOME"),
        "{variables:?}"
    );
    assert!(!variables.contains(&"CARGO_MANIFEST_DIR"), "{variables:?}");
    assert_eq!(command.get_current_dir(), Some(cli.folder()));
    let outcome = cli.run(&["--version"]);
    assert!(outcome.code.is_some(), "{outcome:?}");
    assert!(!outcome.stderr.contains("panicked"), "{outcome:?}");
}

#[test]
fn a_running_command_is_heard_signalled_and_waited_for() {
    let cli = Cli::new();
    let mut shell = std::process::Command::new("sh");
    shell.args([
        "-c",
        "trap 'echo bye; exit 3' TERM; echo one >&2; echo two; read -r _ || :",
    ]);
    let child = shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell starts");
    let mut running = cli.attach(child);
    assert_eq!(running.line_with("two"), "two");
    running.signal("TERM");
    let (code, lines) = running.wait();
    assert_eq!(code, Some(3));
    assert!(
        lines.contains(&"bye".to_owned()) && lines.contains(&"one".to_owned()),
        "{lines:?}"
    );
}
