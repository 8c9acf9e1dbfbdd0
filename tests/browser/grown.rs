//! A sample instance that has grown over eight weeks, with a run of each: one metric has failed ever since, others in one
//! week only, and the payload of the last week waits to be sent.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use service_ping::schedule::Schedule;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::cli::{Cli, Running};

pub const CONFIG: &str = "demo/service-ping.toml";
/// The metric whose table is not there.
pub const ABSENT: &str = "counts.parcels";
/// What there was of the sample's rows, week by week.
const SHARES: [f64; 8] = [0.38, 0.44, 0.57, 0.61, 0.72, 0.83, 0.88, 1.0];
const GROWING: [&str; 6] = ["issues", "notes", "merge_requests", "projects", "users", "events"];
/// The week in which a table was away, and the table.
const AWAY: (usize, &str) = (4, "milestones");

/// The instance in a folder of its own.
pub fn grown() -> Cli {
    let cli = Cli::new().env("SERVICE_PING__INSTANCE__UUID", &quiet_uuid());
    cli.run(&["demo", "--scale", "0.02"]).expect_code(0);
    let demo = cli.folder().join("demo");
    // The history begins with the first week, not with what the demo itself ran.
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(demo.join(name));
    }
    std::fs::copy(demo.join("instance.db"), demo.join("whole.db")).expect("the sample is a file");
    cli.write(
        "demo/metrics/counts_all/parcels.yml",
        &format!(
            "key_path: {ABSENT}\ndescription: Parcels that were sent\nvalue_type: number\nstatus: active\n\
             time_frame: all\ndata_source: database\ndata_category: operational\n\
             instrumentation_class: DatabaseMetric\noptions:\n  operation: count\n  relation: parcels\n"
        ),
    );
    let (receiver, url) = receiver(&cli);
    let cli = cli
        .env("SERVICE_PING__VERSIONS__URL", &url)
        .env("SERVICE_PING__VERSIONS__ATTEMPTS", "1");
    let now = Utc::now().trunc_subsecs(0);
    let (last, before) = SHARES.split_last().expect("weeks");
    for (week, share) in before.iter().enumerate() {
        let ago = TimeDelta::weeks((SHARES.len() - 1 - week) as i64);
        run(&cli, week, *share, now - ago, 0);
    }
    drop(receiver);
    run(&cli, before.len(), *last, now, 4);
    cli
}

/// An instance whose weekly job is due in no less than a day: none begins while a test looks on.
fn quiet_uuid() -> String {
    let day = TimeDelta::days(1);
    let is_quiet = |uuid: &String| {
        let schedule = Schedule::new(uuid, Duration::ZERO, Vec::new());
        let now = Utc::now();
        schedule.slot_before(now) < now - day && schedule.slot_after(now) > now + day
    };
    let mut uuids = (0..100_u128).map(|number| uuid::Uuid::from_u128(number << 64 | 0x4000_8000).to_string());
    uuids.find(is_quiet).expect("one of a hundred")
}

fn receiver(cli: &Cli) -> (Running, String) {
    let mut running = cli.start(&["versions", "--listen", "127.0.0.1:0", "--store", "versions.db"]);
    let line = running.line_with("listening on ");
    let url = line.split_whitespace().find(|word| word.starts_with("http://"));
    let url = url.expect("the line says where").trim_end_matches(',').to_owned();
    (running, url)
}

/// The job of one week, with what there was of the instance then.
fn run(cli: &Cli, week: usize, share: f64, at: DateTime<Utc>, code: i32) {
    let demo = cli.folder().join("demo");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime
        .block_on(shrink(&demo, week, share))
        .expect("the sample is ours to change");
    let now = at.to_rfc3339();
    cli.run(&["--config", CONFIG, "--now", &now, "run"]).expect_code(code);
}

async fn shrink(demo: &Path, week: usize, share: f64) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(demo.join("instance.db"))
        .foreign_keys(false);
    let mut database = SqliteConnection::connect_with(&options).await?;
    let whole = demo.join("whole.db").display().to_string();
    sqlx::query("ATTACH ? AS whole")
        .bind(whole)
        .execute(&mut database)
        .await?;
    for table in GROWING {
        let text = format!(
            "DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM whole.{table} \
             WHERE id <= {share} * (SELECT MAX(id) FROM whole.{table})"
        );
        database.execute(sqlx::AssertSqlSafe(text)).await?;
    }
    let (away, table) = AWAY;
    if week == away {
        rename(&mut database, table, "elsewhere").await?;
    } else if week == away + 1 {
        rename(&mut database, "elsewhere", table).await?;
    }
    database.close().await
}

async fn rename(database: &mut SqliteConnection, from: &str, to: &str) -> Result<(), sqlx::Error> {
    let text = format!("ALTER TABLE {from} RENAME TO {to}");
    database.execute(sqlx::AssertSqlSafe(text)).await?;
    Ok(())
}
