//! What `job exec` records: each job is a process of its own, and all of them have one usage log.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::PathBuf;

use crate::jobs::{collected, collector, files, lines, uuids};
use crate::support::cli::{Cli, Outcome};

fn configured(keys: &str) -> Cli {
    let cli = Cli::new();
    cli.write("job.json", r#"{"id": 5, "job_info": {"pipeline_id": 7}}"#);
    configure(&cli, "", keys);
    cli
}

/// Writes the configuration: keys of the log, and of its files.
fn configure(cli: &Cli, log: &str, logrotate: &str) {
    let text = format!(
        "[experimental.usage_logger]\nenabled = true\n{log}\n[experimental.usage_logger.logrotate]\nlog_dir = \
         \"usage\"\n{logrotate}\n"
    );
    cli.write("service-ping.toml", &text);
}

fn exec(cli: &Cli) -> Outcome {
    let command = ["job", "exec", "--payload", "job.json", "--", "sh", "-c", "exit 3"];
    cli.run(&command).expect_code(3)
}

fn written(cli: &Cli) -> Vec<PathBuf> {
    files(&cli.folder().join("usage"))
}

#[test]
fn jobs_one_after_the_other_have_one_file() {
    // A file a job would leave one job.
    let cli = configured("max_backup_files = 1");
    for _ in 0..5 {
        assert_eq!(exec(&cli).stderr, "");
    }
    let files = written(&cli);
    assert_eq!(files.len(), 1, "{files:?}");
    let uuids = uuids(&lines(&files));
    assert_eq!((uuids.len(), uuids.iter().collect::<BTreeSet<_>>().len()), (5, 5));
}

#[test]
fn a_job_begins_a_file_where_the_newest_is_old() {
    let cli = configured("max_rotation_age = 1\ngzip = true\nmax_backup_files = 100");
    for _ in 0..3 {
        assert_eq!(exec(&cli).stderr, "");
    }
    let names: Vec<String> = written(&cli).iter().map(|path| path.display().to_string()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(
        names[0].ends_with(".json.gz") && names[1].ends_with(".json.gz"),
        "{names:?}"
    );
}

#[test]
fn a_line_that_a_killed_process_tore_is_ended_before_the_next() {
    let cli = configured("");
    exec(&cli);
    let file = written(&cli).remove(0);
    let whole = std::fs::read_to_string(&file).expect("a record");
    std::fs::write(&file, format!("{whole}{{\"uuid\":")).expect("the folder is writable");
    exec(&cli);
    let text = std::fs::read_to_string(&file).expect("two records");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[1]), (3, "{\"uuid\":"), "{text}");
    assert!(serde_json::from_str::<serde_json::Value>(lines[2]).is_ok(), "{text}");
}

#[test]
fn a_log_that_another_holds_is_said_once_and_changes_nothing() {
    let cli = configured("");
    exec(&cli);
    let lock = std::fs::File::open(cli.folder().join("usage/usage-log.lock")).expect("the lock's file");
    lock.try_lock().expect("nobody has it");
    let said = exec(&cli).stderr;
    let about: Vec<&str> = said.lines().filter(|line| line.contains("logrotate")).collect();
    assert_eq!(about.len(), 1, "{said}");
    drop(lock);
    assert_eq!(exec(&cli).stderr, "");
    assert_eq!(lines(&written(&cli)).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_billed_also_those_that_ended_while_the_collector_was_away() {
    let cli = configured("");
    let bill = |url: &str| {
        let log = format!(
            "writers = [\"logrotate\", \"snowplow_billing\"]\n[experimental.usage_logger.snowplow_billing]\n\
             collector_uri = \"{url}\""
        );
        configure(&cli, &log, "");
    };
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let away = nobody.local_addr().expect("an address");
    drop(nobody);
    bill(&format!("http://{away}"));
    for _ in 0..3 {
        exec(&cli);
    }
    let collector = collector().await;
    bill(&collector.url());
    // A job's end is not held up, unless it is asked for.
    let command = [
        "job",
        "exec",
        "--wait",
        "60s",
        "--payload",
        "job.json",
        "--",
        "sh",
        "-c",
        "exit 3",
    ];
    tokio::task::block_in_place(|| cli.run(&command)).expect_code(3);
    let ids = collected(collector.kept());
    let uuids = uuids(&lines(&written(&cli)));
    assert_eq!((ids.len(), uuids.len()), (4, 4));
    assert_eq!(ids.iter().collect::<BTreeSet<_>>(), uuids.iter().collect());
}
