//! `demo`: everything in one folder, wherever it is started.

use crate::instance::{NOW, json, shipped};
use crate::support::cli::{Cli, Outcome};

fn demo(cli: &Cli, arguments: &[&str]) -> Outcome {
    cli.run(&[&["demo", "--scale", "0.01", "--now", NOW], arguments].concat())
}

#[test]
fn works_twice_and_outside_the_repository() {
    let cli = Cli::new();
    for _ in 0..2 {
        let outcome = demo(&cli, &[]).expect_code(0);
        assert!(
            outcome.stdout.contains("fell back    0 metrics\n"),
            "{}",
            outcome.stdout
        );
        assert!(
            outcome
                .stdout
                .contains("the receiver holds 1 payload and 1 document of metadata\n"),
            "{}",
            outcome.stdout
        );
        assert!(
            outcome
                .stderr
                .contains("--config demo/service-ping.toml metric counts.issues"),
            "{}",
            outcome.stderr
        );
        assert!(
            outcome
                .stderr
                .contains("left out 2 metrics of Prometheus, which the demo has not: "),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stdout.lines().count() < 24, "{}", outcome.stdout);
    }
    let shown = cli
        .run(&["--config", "demo/service-ping.toml", "metric", "counts.issues"])
        .expect_code(0);
    assert!(shown.stdout.contains("counts.issues => "), "{}", shown.stdout);
    let config = cli.read("demo/service-ping.toml");
    assert!(
        config.contains("disabled_metrics = [\"topology\",\"settings.gitaly_apdex\"]\n"),
        "{config}"
    );
    cli.run(&["--config", "demo/service-ping.toml", "validate"])
        .expect_code(0);
    cli.run(&["--config", "demo/service-ping.toml", "doctor"])
        .expect_code(0);
}

#[test]
fn measures_the_same_with_the_definitions_of_the_repository() {
    let (embedded, beside) = (Cli::new(), Cli::new());
    demo(&embedded, &[]).expect_code(0);
    demo(&beside, &["--definitions", &shipped().display().to_string()]).expect_code(0);
    assert!(!beside.folder().join("demo/metrics").exists());
    let payload = |cli: &Cli| {
        let shown = cli
            .run(&["--config", "demo/service-ping.toml", "--now", NOW, "preview"])
            .expect_code(0);
        let mut payload = json(&shown.stdout);
        payload.as_object_mut().expect("an object").remove("uuid");
        payload
    };
    assert_eq!(payload(&embedded), payload(&beside));
}

#[test]
fn keeps_definitions_that_its_reader_changed() {
    let cli = Cli::new();
    demo(&cli, &[]).expect_code(0);
    let own = "key_path: counts.own\ndescription: My own.\nvalue_type: number\nstatus: active\ntime_frame: all\n\
               data_source: database\ninstrumentation_class: DatabaseMetric\n\
               options: {operation: count, relation: issues}\n";
    cli.write("demo/metrics/own.yml", own);
    demo(&cli, &[]).expect_code(0);
    let payload = json(
        &cli.run(&["--config", "demo/service-ping.toml", "preview", "--last"])
            .expect_code(0)
            .stdout,
    );
    assert_eq!(payload["counts"]["own"], payload["counts"]["issues"]);
}

#[test]
fn touches_nothing_that_it_did_not_make() {
    let cli = Cli::new();
    cli.run(&["init", "demo"]).expect_code(0);
    let config = cli.read("demo/service-ping.toml");
    let refused = demo(&cli, &[]).expect_code(2);
    assert!(refused.stderr.contains("choose another folder"), "{}", refused.stderr);
    assert_eq!(cli.read("demo/service-ping.toml"), config);
    cli.write("data/state.db", "mine");
    demo(&cli, &["data"]).expect_code(2);
    assert_eq!(cli.read("data/state.db"), "mine");
    let folder = Cli::new();
    folder.write("demo", "a file");
    assert!(demo(&folder, &[]).expect_code(1).stderr.starts_with("error: demo "));
}

#[test]
fn is_not_pointed_elsewhere_by_the_environment_of_the_real_instance() {
    let cli = Cli::new()
        .env("SERVICE_PING__VERSIONS__URL", "http://127.0.0.1:1")
        .env("SERVICE_PING__DATABASE__MAIN__URL", "postgres://me@127.0.0.1:1/product")
        .env("SERVICE_PING_CONFIG", "nowhere.toml")
        .env("DO_NOT_TRACK", "1");
    let outcome = demo(&cli, &["a $HOME?b%20#c"]).expect_code(0);
    assert!(
        outcome.stdout.contains("the receiver holds 1 payload"),
        "{}",
        outcome.stdout
    );
}
